"""Mails that wait in a table until they are sent: what every queue of them has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, Literal, Protocol, TypeVar

from sqlalchemy import ColumnElement, Table, and_, not_, or_, update

from order_backend.database import Database

Language = Literal["en", "pl"]
LONGEST_WAIT_S = 3600
"""Between two attempts at one mail."""


class Waiting(Protocol):
    """What the mailer has to know of one: its number in its queue, what it is about, how often it was tried,
    whom to send it to in which language, and how the log names it."""

    @property
    def number(self) -> int: ...
    @property
    def about(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def language(self) -> Language: ...
    @property
    def named(self) -> str: ...


W = TypeVar("W", bound=Waiting)


class MailQueue(ABC, Generic[W]):
    """On the connection of a `Shop`; each method is one transaction. The table has the columns number,
    device_id, about, state, attempts, due_at and reason."""

    def __init__(self, database: Database, table: Table) -> None:
        self._db, self._table = database, table

    @abstractmethod
    def due(self, now_s: int, limit: int | None = None) -> list[W]:
        """What may be tried now, longest due first."""

    def settle(self, one: W, state: Literal["sent", "failed"], reason: str = "") -> None:
        """The mail was taken, or never will be; unless there is something else to tell under its number
        since."""
        table = self._table
        statement = (
            update(table)
            .where(table.c.number == one.number, table.c.about == one.about)
            .values(state=state, reason=reason)
        )
        self._db.execute(statement if state == "sent" else statement.where(table.c.state == "due"))

    def attempt(self, next_due_at: Mapping[int, int], reason: str = "") -> bool:
        """Counts an attempt for each number and says when the next one is; False where none is due any more.

        Written before the mail is sent: whatever then happens to the process, it is not tried again at once.
        """
        table, tried = self._table, 0
        with self._db.transaction("mail"):
            for number, due_at in next_due_at.items():
                tried += self._db.execute(
                    update(table)
                    .where(table.c.number == number, table.c.state == "due")
                    .values(attempts=table.c.attempts + 1, due_at=due_at, reason=reason)
                ).rowcount
        return tried > 0

    def waits(self, number: int, reason: str) -> None:
        """Why the attempt went wrong that was counted last."""
        table = self._table
        self._db.execute(update(table).where(table.c.number == number).values(reason=reason))

    def _went_wrong(self, device_id: str) -> tuple[ColumnElement[bool], ...]:
        """Those of a device that failed, or that wait after an attempt."""
        table = self._table.c
        waits = and_(table.state == "due", table.attempts > 0)
        return table.device_id == device_id, or_(table.state == "failed", waits)

    def _may_be_tried(self, now_s: int) -> tuple[ColumnElement[bool], ...]:
        """Also what would be due much later than any attempt can have put it: the clock was wrong then."""
        due_at: ColumnElement[Any] = self._table.c.due_at
        later = due_at.between(now_s + 1, now_s + 2 * LONGEST_WAIT_S)
        return self._table.c.state == "due", not_(later)
