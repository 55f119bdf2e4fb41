"""What devices ask of a person at the shop, and stays open until somebody has closed it: tickets, returns and
quotes. Asked under one id, it is taken once."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import func, insert, select, update

from order_backend.database import Database
from order_backend.tables import requests

Kind = Literal["ticket", "return", "quote"]
MOST_OPEN = 50
"""Of one device."""


class Request(msgspec.Struct, frozen=True):
    """`about` is JSON: numbers of orders, goods, decisions of the device; `told` what it was answered, JSON
    too. `sha256` is that of what was asked. `order_id` is the order that goes back, else ''."""

    reference: str
    device_id: str
    ask_id: str
    kind: str
    person: str
    order_id: str
    about: str
    sha256: str
    told: str
    at: int
    state: str = "open"


_COLUMNS = tuple(requests.c[name] for name in Request.__struct_fields__)


class Requests:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, request: Request) -> None:
        """Inside a transaction that is alone with what its device asks."""
        self._db.execute(insert(requests).values(**msgspec.structs.asdict(request)))

    def asked(self, device_id: str, ask_id: str) -> Request | None:
        """What was taken under that id."""
        query = select(*_COLUMNS).where(requests.c.device_id == device_id, requests.c.ask_id == ask_id)
        row = self._db.execute(query).one_or_none()
        return Request(*row) if row is not None else None

    def return_of(self, order_id: str) -> str | None:
        """The number of the return of that order."""
        query = select(requests.c.reference).where(
            requests.c.kind == "return", requests.c.order_id == order_id
        )
        number: str | None = self._db.execute(query.limit(1)).scalar_one_or_none()
        return number

    def open_count(self, device_id: str) -> int:
        """How many of a device nobody has closed."""
        query = select(func.count()).where(requests.c.device_id == device_id, requests.c.state == "open")
        return int(self._db.execute(query).scalar_one())

    def of_kind(self, kind: Kind, *, closed: bool, limit: int) -> list[Request]:
        """The newest first; `closed`: those, too."""
        query = select(*_COLUMNS).where(requests.c.kind == kind)
        if not closed:
            query = query.where(requests.c.state == "open")
        rows = self._db.execute(query.order_by(requests.c.at.desc(), requests.c.reference).limit(limit))
        return [Request(*row) for row in rows]

    def close(self, kind: Kind, reference: str) -> bool:
        """False where there is none of that number."""
        which = (requests.c.kind == kind, requests.c.reference == reference)
        return self._db.execute(update(requests).where(*which).values(state="closed")).rowcount > 0
