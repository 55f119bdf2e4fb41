"""What somebody has ordered before, as the rules of a house may look at it."""

from __future__ import annotations

from typing import NamedTuple

from agent.committing.journal_file import JournalFile

MOST_ORDERS = 1_000
"""So many are looked at, the newest: more would hardly say anything else, and it is asked at every step."""

_QUERY = (
    "SELECT basket_key, max(total_minor, coalesce(charged_minor, 0)), iat FROM orders"
    " WHERE person = ? AND iat >= ? AND iat <= ? AND currency = ?"
    " AND (factors != '' OR (state = 'ordered' AND settled_at_s <= ?))"
    " AND state NOT IN ('refused', 'expired') ORDER BY iat DESC LIMIT ?"
)


class OrderedBefore(NamedTuple):
    """`basket_key` and total of one order, and when it was signed (Unix seconds)."""

    key: str
    minor: int
    iat: int


class PastRows(JournalFile):
    """Used from one thread."""

    def ordered_before(
        self, person: str, now_s: int, currency: str, *, back_s: int, by_voice_s: int
    ) -> list[OrderedBefore]:
        """What `person` (a pseudonym; nothing for '') has ordered and was not refused, newest first: not
        longer than `back_s` ago; where a voice alone confirmed it, the shop has had it for `by_voice_s`, as
        it is the shop that tells the owner."""
        if not person:
            return []
        values = (person, now_s - back_s, now_s, currency, now_s - by_voice_s, MOST_ORDERS)
        with self._errors():
            return [OrderedBefore(*row) for row in self._db.execute(_QUERY, values)]
