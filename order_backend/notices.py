"""Who is told of a device's orders, and the mails that wait for it: the outbox beside the orders.

A notice holds no address. It is looked up when the mail is sent, so a corrected address reaches what still
waits, and a removed one is gone from the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from order_backend.transactions import transaction

Language = Literal["en", "pl"]
LONGEST_WAIT_S = 3600
"""Between two attempts at one notice."""


class Owner(msgspec.Struct, frozen=True):
    """The address to which a device's orders are told."""

    device_id: str
    email: str
    language: Language


class Notice(msgspec.Struct, frozen=True):
    """An order that its owner is to be told of. `amr` and `lines` are JSON; times are Unix seconds."""

    number: int
    order_id: str
    device_id: str
    amr: str
    attempts: int
    email: str
    language: Language
    lines: str
    total_minor: int
    currency: str
    delivery_date: str
    placed_at: int


class Unsent(msgspec.Struct, frozen=True):
    """A notice that waits or has failed, as an operator sees it; `reason` is why the last attempt went
    wrong."""

    order_id: str
    device_id: str
    state: Literal["due", "failed"]
    attempts: int
    reason: str


class Notices:
    """On the connection of a `Shop`; each method but `note` is one transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database

    def set_owner(self, owner: Owner, *, now_s: int) -> int:
        """From now on; what had failed for this device is due again. Returns how many those are.

        Raises sqlite3.IntegrityError where there is no such device.
        """
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO owners VALUES (?, ?, ?) ON CONFLICT (device_id) DO UPDATE SET"
                " email = excluded.email, language = excluded.language",
                (owner.device_id, owner.email, owner.language),
            )
            cursor = self._db.execute(
                "UPDATE notices SET state = 'due', attempts = 0, due_at = ?, reason = ''"
                " WHERE device_id = ? AND state = 'failed'",
                (now_s, owner.device_id),
            )
        return cursor.rowcount

    def remove_owner(self, device_id: str) -> int | None:
        """Nobody is told any more, not even of what waits: that is dropped. Returns how many those are, None
        where nobody was told."""
        with transaction(self._db):
            if self._db.execute("DELETE FROM owners WHERE device_id = ?", (device_id,)).rowcount == 0:
                return None
            cursor = self._db.execute(
                "UPDATE notices SET state = 'dropped', reason = 'owner_removed'"
                " WHERE device_id = ? AND state IN ('due', 'failed')",
                (device_id,),
            )
        return cursor.rowcount

    def owners(self) -> list[Owner]:
        """All of them, by device."""
        query = "SELECT device_id, email, language FROM owners ORDER BY device_id"
        return [Owner(*row) for row in self._db.execute(query)]

    def note(self, order_id: str, device_id: str, amr: Iterable[str], *, now_s: int) -> None:
        """Inside the transaction that places the order: due at once where the device has an owner, else
        nothing."""
        self._db.execute(
            "INSERT INTO notices (order_id, device_id, amr, due_at)"
            " SELECT ?, device_id, ?, ? FROM owners WHERE device_id = ?",
            (order_id, msgspec.json.encode(list(dict.fromkeys(amr))).decode(), now_s, device_id),
        )

    def due(self, now_s: int, limit: int = -1) -> list[Notice]:
        """What may be tried now, longest due first.

        That includes what would be due much later than any attempt can have put it: the clock was wrong then.
        """
        columns = ", ".join(Notice.__struct_fields__[1:])
        rows = self._db.execute(
            f"SELECT notices.number, {columns} FROM notices JOIN orders USING (order_id, device_id)"  # noqa: S608
            " JOIN owners USING (device_id) WHERE notices.state = 'due'"
            " AND due_at NOT BETWEEN ? AND ? ORDER BY due_at, notices.number LIMIT ?",
            (now_s + 1, now_s + 2 * LONGEST_WAIT_S, limit),
        )
        return [Notice(*row) for row in rows]

    def attempt(self, next_due_at: Mapping[int, int], reason: str = "") -> bool:
        """Counts an attempt for each number and says when the next one is; False where none is due any more.

        Written before the mail is sent: whatever then happens to the process, it is not tried again at once.
        """
        with transaction(self._db):
            tried = self._db.executemany(
                "UPDATE notices SET attempts = attempts + 1, due_at = ?, reason = ?"
                " WHERE number = ? AND state = 'due'",
                [(due_at, reason, number) for number, due_at in next_due_at.items()],
            )
        return tried.rowcount > 0

    def waits(self, number: int, reason: str) -> None:
        """Why the attempt went wrong that was counted last."""
        self._db.execute("UPDATE notices SET reason = ? WHERE number = ?", (reason, number))

    def settle(self, number: int, state: Literal["sent", "failed"], reason: str = "") -> None:
        """The mail was taken, or never will be."""
        self._db.execute(
            "UPDATE notices SET state = ?, reason = ? WHERE number = ? AND (state = 'due' OR ? = 'sent')",
            (state, reason, number, state),
        )

    def counts(self, device_id: str) -> dict[str, int]:
        """How many notices of a device are in each state: due, sent, failed, dropped."""
        query = "SELECT state, count(*) FROM notices WHERE device_id = ? GROUP BY state"
        found = dict(self._db.execute(query, (device_id,)).fetchall())
        return {state: found.get(state, 0) for state in ("sent", "due", "failed", "dropped")}

    def unsent(self, device_id: str, limit: int = 20) -> list[Unsent]:
        """The newest of a device that failed, or that wait after an attempt."""
        columns = ", ".join(Unsent.__struct_fields__)
        rows = self._db.execute(
            f"SELECT {columns} FROM notices WHERE device_id = ? AND"  # noqa: S608
            " (state = 'failed' OR state = 'due' AND attempts > 0) ORDER BY number DESC LIMIT ?",
            (device_id, limit),
        )
        return [Unsent(*row) for row in rows]
