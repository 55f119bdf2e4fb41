"""The shopping list of the device, in the journal: what somebody put on it, and when to speak of it.

None of it is signed or sent, and none of it is an order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from agent.committing.journal_file import JournalFile
from agent.deciding.shopping_list import Entry, NumberedOrder, wanted
from agent.plumbing.errors import JournalError

MOST_ENTRIES = 100
MOST_OF_ONE = 999

_FORGOTTEN = "(person = '' AND of_somebody)"
"""A release that knows no lists has forgotten whoever put it there: it took the person out of every table,
and left the row."""
_SELECT = (
    "SELECT number, person, sku, quantity, title, after_order FROM list_entries"  # noqa: S608
    f" WHERE NOT {_FORGOTTEN} ORDER BY number"
)
_REMINDER = f"SELECT person, due_at_s, said_at_s FROM list_reminders WHERE NOT {_FORGOTTEN}"  # noqa: S608


class Reminder(NamedTuple):
    """`person` asked for it. From `due_at_s` on it is a time to say what is on the list; `said_at_s` is when
    that was said, None where it was not. Unix seconds."""

    person: str
    due_at_s: int
    said_at_s: int | None


class ListRows(JournalFile):
    """Used from one thread."""

    def on_list(self) -> list[Entry]:
        """What still stands there, oldest first."""
        with self._errors():
            return _wanted(self._db)

    def add_to_list(
        self,
        things: Iterable[tuple[str, int, str]],
        *,
        person: str,
        now_s: int,
        reminder: Reminder | None = None,
    ) -> None:
        """(sku, quantity, title) of each, and the reminder where there is one; on disk when this returns, all
        or nothing. What `person` has there already becomes more. Raises JournalError list_full, and what
        `_write` raises."""

        def add(db: sqlite3.Connection) -> None:
            _add(db, things, person, now_s)
            if reminder is not None:
                _remind(db, reminder)

        self._write(add)

    def drop_forgotten(self) -> bool:
        """What is left there of people whom a release without lists has forgotten; whether there was any.
        Raises JournalError as `_write`."""
        tables = ("list_entries", "list_reminders")
        with self._errors():
            if not any(
                self._db.execute(f"SELECT 1 FROM {table} WHERE {_FORGOTTEN}").fetchone()  # noqa: S608
                for table in tables
            ):
                return False

        def drop(db: sqlite3.Connection) -> None:
            for table in tables:
                db.execute(f"DELETE FROM {table} WHERE {_FORGOTTEN}")  # noqa: S608

        self._write(drop, promised=True)
        return True

    def list_of(self, person: str) -> list[Entry]:
        """All that `person` has put there and that is still kept, also what has been ordered since."""
        with self._errors():
            return [entry for entry in _entries(self._db) if entry.person == person]

    def take_off_list(self, numbers: Iterable[int]) -> None:
        """Raises JournalError as `_write`."""
        rows = [(number,) for number in numbers]
        self._write(lambda db: db.executemany("DELETE FROM list_entries WHERE number = ?", rows))

    def reminder(self) -> Reminder | None:
        """When the list is to be spoken of; None for never."""
        with self._errors():
            return _reminder(self._db)

    def remind(self, reminder: Reminder | None) -> None:
        """In place of the one before. Raises JournalError as `_write`."""
        self._write(lambda db: _remind(db, reminder))

    def undo_on_list(
        self,
        *,
        less: Iterable[tuple[int, int]],
        again: Iterable[Entry],
        reminded: tuple[Reminder | None, Reminder | None],
        now_s: int,
    ) -> None:
        """(number, quantity) of what is to become less, what stands there again, and where the reminder is
        the first of `reminded`, the second; all or nothing. What was changed otherwise stays. Raises
        JournalError list_full, and what `_write` raises."""

        def undo(db: sqlite3.Connection) -> None:
            for number, quantity in less:
                db.execute("DELETE FROM list_entries WHERE number = ? AND quantity <= ?", (number, quantity))
                db.execute(
                    "UPDATE list_entries SET quantity = quantity - ? WHERE number = ?", (quantity, number)
                )
            for entry in again:
                _add(db, [(entry.sku, entry.quantity, entry.title)], entry.person, now_s)
            was, becomes = reminded
            if was != becomes and _reminder(db) == was:
                _remind(db, becomes)

        self._write(undo)


def _add(db: sqlite3.Connection, things: Iterable[tuple[str, int, str]], person: str, now_s: int) -> None:
    there = {entry.sku: entry for entry in _wanted(db) if entry.person == person}
    for sku, quantity, title in things:
        before = there.get(sku)
        if quantity + (before.quantity if before else 0) > MOST_OF_ONE:
            raise _full(f"more than {MOST_OF_ONE} of one thing")
        if before is not None:
            db.execute(
                "UPDATE list_entries SET quantity = quantity + ? WHERE number = ?",
                (quantity, before.number),
            )
            continue
        _make_room(db)
        put_entry(db, person, sku, quantity, title, now_s)


def put_entry(
    db: sqlite3.Connection, person: str, sku: str, quantity: int, title: str, added_at_s: object
) -> None:
    """At the end of the list, after all orders of now; inside a transaction. Raises sqlite3.Error."""
    db.execute(
        "INSERT INTO list_entries (person, sku, quantity, title, after_order, added_at_s, of_somebody)"
        " VALUES (?, ?, ?, ?, (SELECT coalesce(max(number), 0) FROM orders), ?, ?)",
        (person, sku, quantity, title, added_at_s, person != ""),
    )


def put_reminder(db: sqlite3.Connection, reminder: Reminder) -> None:
    """Beside any other; as `put_entry`."""
    db.execute(
        "INSERT INTO list_reminders (person, due_at_s, said_at_s, of_somebody) VALUES (?, ?, ?, ?)",
        (*reminder, reminder.person != ""),
    )


def is_kept(person: str, of_somebody: bool) -> bool:
    """Whether a row is of somebody who is still known, or of nobody from the beginning."""
    return bool(person) or not of_somebody


def _reminder(db: sqlite3.Connection) -> Reminder | None:
    row = db.execute(_REMINDER).fetchone()
    return Reminder(*row) if row else None


def _remind(db: sqlite3.Connection, reminder: Reminder | None) -> None:
    db.execute("DELETE FROM list_reminders")
    if reminder is not None:
        put_reminder(db, reminder)


def _wanted(db: sqlite3.Connection) -> list[Entry]:
    entries = _entries(db)
    since = min((entry.after_order for entry in entries), default=0)
    orders = db.execute(
        "SELECT number, basket_key FROM orders WHERE number > ? AND state NOT IN ('refused', 'expired')",
        (since,),
    )
    return wanted(entries, (NumberedOrder(*row) for row in orders)) if entries else []


def _entries(db: sqlite3.Connection) -> list[Entry]:
    return [Entry(*row) for row in db.execute(_SELECT)]


def _make_room(db: sqlite3.Connection) -> None:
    """For one more: where there is none, what is ordered already goes for good."""
    [count] = db.execute("SELECT count(*) FROM list_entries").fetchone()
    if count < MOST_ENTRIES:
        return
    still = [entry.number for entry in _wanted(db)]
    if len(still) >= MOST_ENTRIES:
        raise _full(f"{MOST_ENTRIES} entries")
    places = ", ".join("?" * len(still))
    db.execute(f"DELETE FROM list_entries WHERE number NOT IN ({places})", still)  # noqa: S608


def _full(what: str) -> JournalError:
    return JournalError("list_full", f"{what} stand on the list", "order it, or take something off it")
