"""What was ordered before, as the journal has it, in local time."""

from __future__ import annotations

from datetime import datetime

from agent.committing.journal import Journal
from agent.committing.journal_rows import OPEN
from agent.deciding.history import USUAL_DAYS, PastOrder

_DAY_S = 24 * 3600


def past_orders(journal: Journal, person: str, now_s: int, days: int = USUAL_DAYS) -> list[PastOrder]:
    """Those of `person` (a pseudonym; '' for everybody) that were not refused, of as many days as count."""
    rows = journal.taken_since(person, now_s - days * _DAY_S)
    return [
        PastOrder(local(row.iat), row.person, row.basket_key, row.total, row.title, row.state in OPEN)
        for row in rows
    ]


def local(at_s: int) -> datetime:
    """Of Unix seconds, the local time."""
    return datetime.fromtimestamp(at_s)
