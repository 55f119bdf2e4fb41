"""Which of the journal's orders a restored shop may have forgotten, and which it was given back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from agent.committing.journal_file import JournalFile
from agent.committing.trusted_time import Lost

_SETTLED_EARLIER_S = 600
"""As far may the device's clock have been behind the shop's when it noted an answer."""


class ReturnedRows(JournalFile):
    """Used from one thread."""

    def to_return(self, lost: Sequence[Lost]) -> list[str]:
        """Intent ids of the orders whose receipt is here and was given in one of these times, and not given
        back for it yet; oldest first. Without the signed bytes, as of somebody long forgotten, nothing can
        be."""
        found: dict[str, None] = {}
        for one in lost:
            with self._errors():
                rows = self._db.execute(
                    "SELECT intent_id FROM orders WHERE receipt IS NOT NULL"
                    " AND state IN ('ordered', 'refused') AND settled_at_s >= ? AND iat <= ?"
                    " AND returned_until_s < ? AND length(payload) > 0 ORDER BY number",
                    (one.from_s - _SETTLED_EARLIER_S, one.until_s, one.until_s),
                ).fetchall()
            found |= dict.fromkeys(row[0] for row in rows)
        return list(found)

    def returned(self, intent_id: str, lost: Sequence[Lost]) -> None:
        """The shop that has lost these times has said that it knows the order again."""
        until_s = max(one.until_s for one in lost)

        def note(db: sqlite3.Connection) -> None:
            db.execute("UPDATE orders SET returned_until_s = ? WHERE intent_id = ?", (until_s, intent_id))

        self._write(note, promised=True)
