"""The journal's cancellations: what was signed to take an order back, kept beside the orders.

A release that does not know this table goes on with the order as if nobody had asked.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Literal

import msgspec

from agent.committing.journal_file import JournalFile

Outcome = Literal["", "too_late", "damaged"]
"""'' while the shop has not answered. too_late: the order stands. damaged: storage has altered the signed
bytes, so they leave no more, and the order stands. One that succeeded is told by its order's row."""


class CancelRow(msgspec.Struct, frozen=True):
    """One signed cancellation. `payload` is the event as first signed, sent until the shop answers."""

    intent_id: str
    payload: bytes
    sha256: str
    attempts: int
    outcome: Outcome

    @property
    def is_whole(self) -> bool:
        """Whether storage has kept the bytes."""
        return hashlib.sha256(self.payload).hexdigest() == self.sha256


_SELECT = "SELECT intent_id, cancels.payload, cancels.sha256, cancels.attempts, outcome FROM cancels"


class CancelRows(JournalFile):
    """Used from one thread."""

    def queue_cancel(self, intent_id: str, payload: bytes, *, now_s: int) -> None:
        """Keeps a signed cancellation; on disk when this returns. Raises JournalError journal_duplicate where
        there is one for that order, and what `_write` raises."""

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO cancels (intent_id, payload, sha256, queued_at_s) VALUES (?, ?, ?, ?)",
                (intent_id, payload, hashlib.sha256(payload).hexdigest(), now_s),
            )

        self._write(insert)

    def cancel(self, intent_id: str) -> CancelRow | None:
        """The one of that order, whatever became of it."""
        return next(iter(self._cancels(f"{_SELECT} WHERE intent_id = ?", intent_id)), None)

    def order_meant(self, name: str) -> str | None:
        """The intent id of the order with that intent id or shop's number."""
        query = "SELECT intent_id FROM orders WHERE intent_id = ? OR (order_id = ? AND order_id != '')"
        with self._errors():
            found = self._db.execute(query, (name, name)).fetchone()
        return found[0] if found else None

    def last_order(self, person: str) -> str | None:
        """The intent id of the newest order of `person`, whatever became of it."""
        query = "SELECT intent_id FROM orders WHERE person = ? ORDER BY number DESC LIMIT 1"
        with self._errors():
            found = self._db.execute(query, (person,)).fetchone()
        return found[0] if found else None

    def open_cancels(self) -> list[CancelRow]:
        """Those without an answer, oldest first. An order that is refused or expired needs none any more."""
        return self._cancels(
            f"{_SELECT} JOIN orders USING (intent_id)"
            " WHERE outcome = '' AND state NOT IN ('refused', 'expired') ORDER BY cancels.number"
        )

    def cancel_attempted(self, intent_ids: Iterable[str]) -> None:
        """Notes that these are about to be handed to the uplink."""

        def note(db: sqlite3.Connection) -> None:
            for intent_id in intent_ids:
                db.execute("UPDATE cancels SET attempts = attempts + 1 WHERE intent_id = ?", (intent_id,))

        self._write(note, promised=True)

    def settle_cancel(self, intent_id: str, outcome: Outcome, *, now_s: int) -> None:
        """The order stands."""

        def settle(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE cancels SET outcome = ?, settled_at_s = ? WHERE intent_id = ?",
                (outcome, now_s, intent_id),
            )

        self._write(settle, promised=True)

    def untold_cancels(self, since_s: int) -> list[str]:
        """The intent ids of orders that somebody wanted to take back and that stand, as was found since then
        and not said to anybody, oldest first."""
        with self._errors():
            rows = self._db.execute(
                "SELECT intent_id FROM cancels WHERE outcome != '' AND told_at_s IS NULL"
                " AND settled_at_s >= ? ORDER BY settled_at_s, number",
                (since_s,),
            ).fetchall()
        return [row[0] for row in rows]

    def told_cancel(self, intent_id: str, *, now_s: int) -> None:
        """That this order stands was said to its end."""

        def note(db: sqlite3.Connection) -> None:
            db.execute("UPDATE cancels SET told_at_s = ? WHERE intent_id = ?", (now_s, intent_id))

        self._write(note, promised=True)

    def _cancels(self, query: str, *values: object) -> list[CancelRow]:
        with self._errors():
            rows = self._db.execute(query, values).fetchall()
        return [CancelRow(*row) for row in rows]
