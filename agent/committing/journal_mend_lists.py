"""What a damaged journal still holds of the shopping list. Nothing there is signed, so whatever looks like a
row counts, and at worst something stands on the list that was taken off it: nothing of it is ordered without
a consent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from agent.committing.journal_lists import (
    MOST_ENTRIES,
    MOST_OF_ONE,
    Reminder,
    is_kept,
    put_entry,
    put_reminder,
)
from agent.committing.journal_salvage import Value
from agent.deciding.shopping_list import Entry, NumberedOrder, wanted

_ENTRY = (str, str, int, str, int, int)
_REMINDER = (str, int, int | None)
_OF_SOMEBODY = (int,)
"""What later releases write at the end of either."""


class SalvagedLists:
    """The newest row of each number that turned up."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Value, ...]] = {}
        self._reminders: dict[int, tuple[Value, ...]] = {}

    def take(self, rowid: int, values: tuple[Value, ...]) -> bool:
        """Whether these are the columns of an entry or a reminder."""
        for rows, types in ((self._entries, _ENTRY), (self._reminders, _REMINDER)):
            for known in (types, types + _OF_SOMEBODY):
                if len(values) == 1 + len(known) and all(map(isinstance, values[1:], known)):
                    if is_kept(str(values[1]), len(known) > len(types) and bool(values[-1])):
                        rows[rowid] = values[1 : 1 + len(types)]
                    return True
        return False

    def write(self, db: sqlite3.Connection, orders: Iterable[NumberedOrder]) -> None:
        """What is not ordered yet, in its order; inside a transaction, after the orders, which have new
        numbers there: `orders` are those that were not refused, by the old ones. Raises sqlite3.Error."""
        added: dict[int, Value] = {number: values[-1] for number, values in self._entries.items()}
        entries = [Entry(number, *values[:-1]) for number, values in sorted(self._entries.items())]  # type: ignore[arg-type]
        for entry in wanted(entries, orders)[:MOST_ENTRIES]:
            if 0 < entry.quantity <= MOST_OF_ONE:
                put_entry(db, entry.person, entry.sku, entry.quantity, entry.title, added[entry.number])
        for _, values in sorted(self._reminders.items())[-1:]:
            put_reminder(db, Reminder(*values))  # type: ignore[arg-type]
