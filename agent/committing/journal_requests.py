"""The journal's requests: what somebody wants of a person at the shop (a ticket, a return, a quote), signed,
kept and sent until the shop has answered.

A release that does not know this table sends none of them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Literal

import msgspec

from agent.committing.journal_file import JournalFile
from agent.plumbing.errors import JournalError

MOST_OPEN_REQUESTS = 20
KEPT_S = 90 * 24 * 3600

RequestOutcome = Literal["", "answered", "refused", "expired", "damaged"]
"""'' while the shop has not answered. expired: it has not in time; damaged: storage has altered the signed
bytes."""


class RequestRow(msgspec.Struct, frozen=True):
    """`payload` is the event as first signed, sent until `exp` (Unix seconds); `answer` is the shop's number,
    or the code of why it has none; `title` names it for people."""

    ask_id: str
    kind: str
    title: str
    payload: bytes
    sha256: str
    attempts: int
    outcome: RequestOutcome
    answer: str
    exp: int

    @property
    def is_whole(self) -> bool:
        """Whether storage has kept the bytes."""
        return hashlib.sha256(self.payload).hexdigest() == self.sha256


_SELECT = "SELECT ask_id, kind, title, payload, sha256, attempts, outcome, answer, exp FROM requests"


class RequestRows(JournalFile):
    """Used from one thread."""

    def queue_request(
        self, ask_id: str, kind: str, title: str, payload: bytes, *, exp: int, now_s: int
    ) -> None:
        """Keeps a signed request; on disk when this returns. Raises JournalError queue_full where too many
        wait already, and what `_write` raises."""

        def insert(db: sqlite3.Connection) -> None:
            [waiting] = db.execute("SELECT count(*) FROM requests WHERE outcome = ''").fetchone()
            if waiting >= MOST_OPEN_REQUESTS:
                raise JournalError(
                    "queue_full", f"{waiting} requests wait for the shop", "find out why it does not answer"
                )
            db.execute("DELETE FROM requests WHERE settled_at_s < ?", (now_s - KEPT_S,))
            db.execute(
                "INSERT INTO requests (ask_id, kind, title, payload, sha256, exp, queued_at_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (ask_id, kind, title, payload, hashlib.sha256(payload).hexdigest(), exp, now_s),
            )

        self._write(insert)

    def request(self, ask_id: str) -> RequestRow | None:
        """One, whatever became of it."""
        return next(iter(self._requests(f"{_SELECT} WHERE ask_id = ?", ask_id)), None)

    def open_requests(self) -> list[RequestRow]:
        """Those without an answer, oldest first."""
        return self._requests(f"{_SELECT} WHERE outcome = '' ORDER BY number")

    def request_attempted(self, ask_ids: Iterable[str]) -> None:
        """Notes that these are about to be handed to the uplink."""

        def note(db: sqlite3.Connection) -> None:
            for ask_id in ask_ids:
                db.execute("UPDATE requests SET attempts = attempts + 1 WHERE ask_id = ?", (ask_id,))

        self._write(note, promised=True)

    def settle_request(self, ask_id: str, outcome: RequestOutcome, answer: str = "", *, now_s: int) -> None:
        """It leaves no more."""

        def settle(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE requests SET outcome = ?, answer = ?, settled_at_s = ? WHERE ask_id = ?",
                (outcome, answer, now_s, ask_id),
            )

        self._write(settle, promised=True)

    def _requests(self, query: str, *values: object) -> list[RequestRow]:
        with self._errors():
            rows = self._db.execute(query, values).fetchall()
        return [RequestRow(*row) for row in rows]
