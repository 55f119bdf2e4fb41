"""How far the order journal grows: what waits is bounded, and what has long been settled goes."""

from __future__ import annotations

import sqlite3

from agent.committing.journal_rows import OPEN_STATES
from agent.plumbing.errors import JournalError

MOST_OPEN = 200
"""Orders without an end. Whoever reaches that has no shop; more promises would not be kept either."""

KEPT_SETTLED = 10_000
KEPT_S = 90 * 24 * 3600
"""A settled order goes when it is older than this and not among the newest KEPT_SETTLED. That must be longer
than any limit looks back (a day) and any delivery may take (60 days)."""

_AT_ONCE = 100


def make_room(db: sqlite3.Connection, now_s: int) -> None:
    """Before a new order, in its transaction. Raises JournalError queue_full, sqlite3.Error."""
    [open_] = db.execute(f"SELECT count(*) FROM orders WHERE {OPEN_STATES}").fetchone()  # noqa: S608
    if open_ >= MOST_OPEN:
        raise JournalError(
            "queue_full", f"{open_} orders wait for the shop already", "find out why it does not answer"
        )
    old = db.execute(
        "SELECT number, intent_id FROM orders WHERE settled_at_s < ? AND number <="
        " (SELECT max(number) FROM orders) - ? ORDER BY number LIMIT ?",
        (now_s - KEPT_S, KEPT_SETTLED, _AT_ONCE),
    ).fetchall()
    for number, intent_id in old:
        db.execute("DELETE FROM events WHERE intent_id = ?", (intent_id,))
        db.execute("DELETE FROM cancels WHERE intent_id = ?", (intent_id,))
        db.execute("DELETE FROM orders WHERE number = ?", (number,))
