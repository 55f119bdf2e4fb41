"""What a shop that came back from a copy does not know: whether an intent was placed after the copy was made.

Until an operator has closed the time that was lost, nothing of it is placed and nothing of it is said not to
have been. After that it is refused: what was delivered has been named by then, and whoever was told that an
order of that time had been refused cannot be surprised by it.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import delete, func, insert, select, update

from order_backend.database import Database
from order_backend.tables import doubts, restores

MOST_QUESTIONS = 1_000
"""Of one device that are remembered: nobody signs them."""
MOST_INTENTS = 1_000
"""Of one device, signed by it. None that is not remembered is answered either: it comes again until it is."""

Doubt = Literal["none", "open", "closed"]


class LostTime(msgspec.Struct, frozen=True):
    """From the copy's snapshot until nothing more can have been placed; Unix seconds."""

    lost_from_s: int
    until_s: int
    closed_at_s: int | None


class DoubtRow(msgspec.Struct, frozen=True):
    """An intent that nobody here knows. `payload` is empty where only a question came; `state` is 'open', or
    'silent' where it was delivered and cannot be said."""

    device_id: str
    intent_id: str
    first_at_s: int
    payload: bytes
    state: str


class Restores:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def begin(self, lost_from_s: int, until_s: int) -> None:
        """A restore, before the shop takes its first message."""
        self._db.execute(insert(restores).values(lost_from_s=lost_from_s, until_s=until_s, named_version=0))

    def name_version(self, version: int) -> None:
        """A device has signed that it has this version of the catalogue, which the shop does not know."""
        below = restores.c.named_version < version
        self._db.execute(update(restores).where(below).values(named_version=version))

    def forgotten_version(self, published_at: int) -> int | None:
        """None where all is known that was published: the newest was at `published_at`. Else the highest
        version that a device has named since the restore, 0 where none has."""
        query = select(func.max(restores.c.named_version)).where(restores.c.until_s >= published_at)
        found: int | None = self._db.execute(query).scalar_one()
        return found

    def close(self, now_s: int) -> None:
        """All that was delivered of the lost times is named; the rest was not placed and will not be."""
        self._db.execute(update(restores).where(restores.c.closed_at_s.is_(None)).values(closed_at_s=now_s))
        self._db.execute(delete(doubts).where(doubts.c.state == "open"))

    def all(self) -> list[LostTime]:
        columns = restores.c.lost_from_s, restores.c.until_s, restores.c.closed_at_s
        rows = self._db.execute(select(*columns).order_by(restores.c.number))
        return [LostTime(*row) for row in rows]

    def of_intent(self, iat: int, exp: int) -> Doubt:
        """Whether an intent with these times, of which nothing is known, may have been placed."""
        query = select(restores.c.closed_at_s).where(restores.c.until_s >= iat, restores.c.lost_from_s < exp)
        found = [row[0] for row in self._db.execute(query)]
        if not found:
            return "none"
        return "open" if None in found else "closed"

    def is_open(self) -> bool:
        """Whether there is a lost time that no operator has closed yet."""
        is_open = select(restores.c.number).where(restores.c.closed_at_s.is_(None)).limit(1)
        return self._db.execute(is_open).first() is not None

    def of_question(self, device_id: str, intent_id: str) -> bool:
        """Whether an intent of which nothing but its id is known may have been placed."""
        if self.is_open():
            return True
        query = select(doubts.c.state).where(doubts.c.device_id == device_id, doubts.c.intent_id == intent_id)
        return self._db.execute(query).first() is not None

    def note(self, device_id: str, intent_id: str, payload: bytes, *, now_s: int) -> None:
        """Remembers what an operator has to look for; `payload` as it came, b'' with a question."""
        if self._is_full(device_id, intent_id, payload):
            return
        statement = self._db.insert(doubts).values(
            device_id=device_id, intent_id=intent_id, payload=payload, first_at_s=now_s, state="open"
        )
        key = ["device_id", "intent_id"]
        if payload:
            self._db.execute(statement.on_conflict_do_update(index_elements=key, set_={"payload": payload}))
        else:
            self._db.execute(statement.on_conflict_do_nothing(index_elements=key))

    def _is_full(self, device_id: str, intent_id: str, payload: bytes) -> bool:
        others = select(func.count()).where(doubts.c.device_id == device_id, doubts.c.intent_id != intent_id)
        if not payload:
            return int(self._db.execute(others).scalar_one()) >= MOST_QUESTIONS
        signed = others.where(func.length(doubts.c.payload) > 0)
        return int(self._db.execute(signed).scalar_one()) >= MOST_INTENTS

    def doubts(self) -> list[DoubtRow]:
        """The oldest first."""
        columns = (doubts.c[name] for name in DoubtRow.__struct_fields__)
        rows = self._db.execute(select(*columns).order_by(doubts.c.first_at_s, doubts.c.intent_id))
        return [DoubtRow(row[0], row[1], row[2], bytes(row[3]), row[4]) for row in rows]

    def forget(self, device_id: str, intent_id: str) -> None:
        """Nothing is in doubt of it any more."""
        self._db.execute(
            delete(doubts).where(doubts.c.device_id == device_id, doubts.c.intent_id == intent_id)
        )

    def settle(self, row: DoubtRow) -> None:
        """It was placed again under its order's number; without its bytes it stays unanswered for good."""
        which = (doubts.c.device_id == row.device_id, doubts.c.intent_id == row.intent_id)
        if row.payload:
            self._db.execute(delete(doubts).where(*which))
        else:
            self._db.execute(update(doubts).where(*which).values(state="silent"))
