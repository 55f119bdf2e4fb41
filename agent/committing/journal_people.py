"""What the journal says of one person, and how it forgets one: the orders stay, without the person."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from agent.committing.journal_file import JournalFile
from agent.committing.journal_rows import CHECKED, OPEN_STATES, checksum
from agent.committing.jws import from_base64url
from agent.plumbing import durable
from agent.plumbing.errors import JournalError

GIVEN_BACK_FOR_S = 48 * 3600
"""So long after its end the signed bytes of an order stay, though they name who is forgotten: a shop that
came back from a copy takes a receipt back only with them (docs/adr/0054). Two nights: longer than a nightly
copy is old."""

_TOKEN_PART = re.compile(rb"[A-Za-z0-9_-]{16,}")
_ENDED = f"NOT {OPEN_STATES}"
_OF_SOMEBODY = (
    "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c"
    " WHERE m.type = 'table' AND c.name = 'person'"
)
"""Asked of the file, so that a table of a later step is not forgotten when a person is."""
_ANSWERED = "(outcome != '' OR orders.state IN ('refused', 'expired'))"


class Left(NamedTuple):
    """What the journal still holds of people who are forgotten: orders and requests without an end, and ended
    ones (or cancellations without an answer) whose signed bytes stay, the last of them until `until_s` (Unix
    seconds, 0 where none does)."""

    open_orders: int = 0
    signed: int = 0
    until_s: int = 0

    def __bool__(self) -> bool:
        return bool(self.open_orders or self.signed)


class PeopleRows(JournalFile):
    """Used from one thread."""

    def forget_people(
        self, people: Collection[str], *, now_s: int, at_once: bool = False
    ) -> tuple[Left, bool]:
        """Takes these pseudonyms out of all that has ended, and the signed bytes that name them once no
        restored shop needs them (with `at_once`, now); what is left of them, and whether anything was
        changed. In one transaction. Raises JournalError as `_write`."""

        def forget(db: sqlite3.Connection) -> tuple[Left, bool]:
            before = db.total_changes
            for person in people:
                _forget_rows(db, person)
                _drop_requests(db, person)
            _drop_signed_bytes(db, now_s if at_once else now_s - GIVEN_BACK_FOR_S)
            return _left(db, people), db.total_changes > before

        return self._write(forget, promised=True)

    def scrub(self) -> None:
        """Leaves nothing of what was overwritten or deleted in the file, in its log, or in a damaged copy
        that was kept when the journal was mended. Raises JournalError."""
        with self._errors():
            self._db.execute("VACUUM")
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise JournalError("journal_unusable", f"{self._path}: somebody else reads it", "close it there")
        try:
            for copy in self._copies():
                copy.unlink()
            durable.flush(self._path.parent)
        except OSError as error:
            raise JournalError(
                "journal_unusable", f"cannot remove {error.filename}: {error.strerror}", "earmark doctor"
            ) from error

    def _copies(self) -> list[Path]:
        """What mending has left beside the journal, or begun."""
        ends = ("-damaged*", "-mending*")
        return [file for end in ends for file in self._path.parent.glob(f"{self._path.name}{end}")]

    def orders_of(self, person: str) -> list[dict[str, Any]]:
        """Each order of `person`, oldest first, by the names of its columns; nothing that was signed."""
        return self._dicts(
            "SELECT intent_id, title, total_minor, currency, charged_minor, state, reason, order_id,"
            " delivery_date, factors, queued_at_s, settled_at_s FROM orders WHERE person = ? ORDER BY number",
            person,
        )

    def decisions_of(self, person: str) -> list[dict[str, Any]]:
        """Each decision about `person`, oldest first, by the names of its columns."""
        return self._dicts("SELECT at_s, code, title FROM decisions WHERE person = ? ORDER BY number", person)

    def _dicts(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self._errors(), contextlib.closing(self._db.execute(query, values)) as found:
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]


def _forget_rows(db: sqlite3.Connection, person: str) -> None:
    """In every table that says whose a row is; of orders, in those that have ended. What the person put on a
    list goes with the person."""
    for table in ("list_entries", "list_reminders"):
        db.execute(f"DELETE FROM {table} WHERE person = ?", (person,))  # noqa: S608
    for [table] in db.execute(_OF_SOMEBODY).fetchall():
        if table != "orders":
            db.execute(f"UPDATE {table} SET person = '' WHERE person = ?", (person,))  # noqa: S608
    ended = db.execute(
        f"SELECT number, checksum, {', '.join(CHECKED)} FROM orders WHERE person = ? AND {_ENDED}",  # noqa: S608
        (person,),
    ).fetchall()
    for number, before, *values in ended:
        row = dict(zip(CHECKED, values, strict=True))
        after = checksum(row | {"person": ""}) if before == checksum(row) else ""
        db.execute("UPDATE orders SET person = '', checksum = ? WHERE number = ?", (after, number))


def _drop_signed_bytes(db: sqlite3.Connection, ended_by_s: int) -> None:
    """Of orders without a person: those that no shop has answered at once, the others that ended by then."""
    unanswered = "(receipt IS NULL OR state = 'expired')"
    db.execute(
        f"UPDATE orders SET payload = x'' WHERE person = '' AND {_ENDED} AND length(payload) > 0"  # noqa: S608
        f" AND ({unanswered} OR coalesce(settled_at_s, 0) <= ?)",
        (ended_by_s,),
    )
    db.execute(
        "UPDATE cancels SET payload = x'' WHERE length(payload) > 0 AND intent_id IN (SELECT orders.intent_id"  # noqa: S608
        f" FROM orders JOIN cancels USING (intent_id) WHERE person = '' AND {_ENDED} AND {_ANSWERED})"
    )


def _drop_requests(db: sqlite3.Connection, person: str) -> None:
    """Of what else was signed in that person's name, and has its answer."""
    for number, payload in db.execute("SELECT number, payload FROM requests WHERE outcome != ''").fetchall():
        if _names(payload, person):
            db.execute("UPDATE requests SET payload = x'' WHERE number = ?", (number,))


def _names(payload: bytes, person: str) -> bool:
    """Whether signed bytes name that pseudonym, in a part of a token."""
    name = person.encode()
    if name in payload:
        return True
    for part in _TOKEN_PART.findall(payload):
        with contextlib.suppress(ValueError):
            if name in from_base64url(part.decode()):
                return True
    return False


def _left(db: sqlite3.Connection, people: Collection[str]) -> Left:
    open_orders = sum(
        db.execute(f"SELECT count(*) FROM orders WHERE person = ? AND {OPEN_STATES}", (person,)).fetchone()[0]  # noqa: S608
        for person in people
    )
    waiting = db.execute("SELECT payload FROM requests WHERE outcome = ''").fetchall()
    open_orders += sum(any(_names(row[0], person) for person in people) for row in waiting)
    signed, last = db.execute(
        "SELECT count(*), coalesce(max(settled_at_s), 0) FROM orders"
        " WHERE person = '' AND length(payload) > 0"
    ).fetchone()
    [cancels] = db.execute(
        "SELECT count(*) FROM cancels JOIN orders USING (intent_id)"
        " WHERE person = '' AND length(cancels.payload) > 0"
    ).fetchone()
    return Left(open_orders, signed + cancels, last + GIVEN_BACK_FOR_S if signed else 0)
