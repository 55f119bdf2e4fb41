"""What was ordered before, as the journal has it, in local time."""

from __future__ import annotations

from datetime import datetime

from agent.committing.journal import Journal
from agent.committing.journal_rows import OPEN
from agent.deciding.basket import counts_of, parts_of
from agent.deciding.history import USUAL_DAYS, PastOrder
from agent.deciding.unusual import COUNTS_AFTER_S, DAYS_BACK, Past

_DAY_S = 24 * 3600


def past_orders(journal: Journal, person: str, now_s: int, days: int = USUAL_DAYS) -> list[PastOrder]:
    """Those of `person` (a pseudonym; '' for everybody) that were not refused, of as many days as count."""
    rows = journal.taken_since(person, now_s - days * _DAY_S)
    return [
        PastOrder(local(row.iat), row.person, row.basket_key, row.total, row.title, row.state in OPEN)
        for row in rows
    ]


def past_of(journal: Journal, person: str, now_s: int, currency: str) -> Past:
    """What the rules of the house may look back on of `person` (a pseudonym), who orders in that currency;
    nothing of nobody."""
    orders = journal.ordered_before(
        person, now_s, currency, back_s=DAYS_BACK * _DAY_S, by_voice_s=COUNTS_AFTER_S
    )
    keys = {order.key for order in orders}
    return Past(
        frozenset(parts_of(sku)[0] for key in keys for sku in counts_of(key)),
        max((order.minor for order in orders), default=0),
        frozenset(local(order.iat).hour for order in orders),
    )


def local(at_s: int) -> datetime:
    """Of Unix seconds, the local time."""
    return datetime.fromtimestamp(at_s)
