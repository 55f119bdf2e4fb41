"""What is on offer, in words, until its last day; told to whoever asks. What it costs is the catalogue's."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, or_, select

from order_backend.database import Database
from order_backend.tables import promotions

MOST_TOLD = 20
"""The newest; nobody reads more."""


class Promotion(msgspec.Struct, frozen=True):
    """`words` by language; `product` may be '', and so may `until`, its last day (ISO 8601)."""

    number: int
    product: str
    words: dict[str, str]
    until: str


class Promotions:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, product: str, words: dict[str, str], until: str) -> None:
        """One more."""
        told = msgspec.json.encode(words).decode()
        self._db.execute(insert(promotions).values(product=product, words=told, until=until))

    def remove(self, number: int) -> bool:
        """False where there is none."""
        return self._db.execute(delete(promotions).where(promotions.c.number == number)).rowcount > 0

    def on(self, today: str) -> list[Promotion]:
        """Those that hold on that day, the newest first, at most MOST_TOLD."""
        table = promotions.c
        holds = or_(table.until == "", table.until >= today)
        query = select(table.number, table.product, table.words, table.until).where(holds)
        rows = self._db.execute(query.order_by(table.number.desc()).limit(MOST_TOLD))
        return [Promotion(row[0], row[1], msgspec.json.decode(row[2]), row[3]) for row in rows]
