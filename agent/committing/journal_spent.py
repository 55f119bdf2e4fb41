"""What was spent, as far as the journal knows: the sums that limits are held against."""

from __future__ import annotations

from agent.committing.journal_file import JournalFile


class SpentRows(JournalFile):
    """Used from one thread."""

    def spent_since(self, person: str, since_s: int, currency: str) -> int:
        """Minor units that `person` has ordered or may yet have ordered since then, by the receipt where that
        charges more than was agreed."""
        return self._spent("person = ? AND iat >= ? AND currency = ?", (person, since_s, currency))

    def spent_by_voice_since(self, since_s: int, currency: str) -> int:
        """The same of everybody together, also of those who were forgotten, but only what no PIN, badge or
        phone confirmed."""
        return self._spent("factors = '' AND iat >= ? AND currency = ?", (since_s, currency))

    def _spent(self, condition: str, values: tuple[object, ...]) -> int:
        spent = "coalesce(sum(max(total_minor, coalesce(charged_minor, 0))), 0)"
        query = f"SELECT {spent} FROM orders WHERE {condition} AND state NOT IN ('refused', 'expired')"  # noqa: S608
        with self._errors():
            total: int = self._db.execute(query, values).fetchone()[0]
        return total
