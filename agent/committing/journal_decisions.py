"""How conversations were decided, beside the orders that came of them."""

from __future__ import annotations

import sqlite3

from agent.committing.journal_file import JournalFile
from agent.committing.journal_rows import DecisionRow

MOST_DECISIONS = 10_000


class JournalDecisions(JournalFile):
    """The journal's table of decisions."""

    def record_decision(self, *, conversation: str, code: str, title: str, person: str, at_s: int) -> None:
        """Keeps how a conversation was decided; nothing that was said. The newest MOST_DECISIONS stay:
        whoever talks or types on and on must not fill the disk that orders are written to."""

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM decisions WHERE number <= (SELECT max(number) FROM decisions) - ?",
                (MOST_DECISIONS,),
            )
            db.execute(
                "INSERT INTO decisions (at_s, conversation, code, title, person) VALUES (?, ?, ?, ?, ?)",
                (at_s, conversation, code, title, person),
            )

        self._write(insert)

    def decisions(self, limit: int = 20) -> list[DecisionRow]:
        """The newest decisions first."""
        with self._errors():
            rows = self._db.execute(
                "SELECT at_s, conversation, code, title, person FROM decisions ORDER BY number DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [DecisionRow(*row) for row in rows]

    def approved_by_another(self, conversation: str) -> bool:
        """Whether a second person agreed in it: that is no factor of whoever ordered, so no order says so."""
        with self._errors():
            found = self._db.execute(
                "SELECT 1 FROM decisions WHERE conversation = ? AND code GLOB 'approved_by_*' LIMIT 1",
                (conversation,),
            ).fetchone()
        return found is not None
