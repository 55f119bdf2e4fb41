"""What was ordered before: what is usual, what was ordered last, and what a day, a week or a month came to.

Pure over rows of the journal. Whose rows those are is the caller's to say: nobody's history but one's own
becomes an order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Literal, NamedTuple, get_args

from agent.deciding.basket import counts_of, parts_of
from agent.deciding.money import Money

USUAL_DAYS = 90
"""So far back it is looked for what is usual."""

USUAL_TIMES = 3
"""What was ordered less often in that time is no habit."""

CLEARLY_MORE = 2
"""So much oftener than the next it has to have been ordered, to be meant without a question."""

MUCH_TIMES = 3
"""So many times what one usually orders of a thing is asked about once."""

Period = Literal["today", "yesterday", "this_week", "last_week", "this_month", "last_month"]
PERIODS: tuple[Period, ...] = get_args(Period)


class PastOrder(NamedTuple):
    """An order that was not refused. `at` is when, in local time; `key` its `basket_key`; `title` as it was
    read back; `open`: the shop has not answered yet."""

    at: datetime
    person: str
    key: str
    total: Money
    title: str = ""
    open: bool = False


def usual(orders: Iterable[PastOrder], now: datetime) -> tuple[str, ...]:
    """The key of the basket that is ordered most; two where it is not clear which, none where nothing was
    ordered `USUAL_TIMES` in `USUAL_DAYS`. Of what was ordered as often, the newer comes first."""
    since = now - timedelta(days=USUAL_DAYS)
    recent = sorted((order for order in orders if since <= order.at <= now), key=lambda order: order.at)
    counts = Counter(order.key for order in reversed(recent))
    if not counts or (most := counts.most_common(2))[0][1] < USUAL_TIMES:
        return ()
    first, *others = most
    clear = not others or first[1] - others[0][1] >= CLEARLY_MORE
    return (first[0],) if clear else (first[0], others[0][0])


def last(orders: Iterable[PastOrder]) -> tuple[str, ...]:
    """The key of what was ordered last; none where nothing was."""
    newest = max(orders, key=lambda order: order.at, default=None)
    return (newest.key,) if newest else ()


def of_last_week(orders: Iterable[PastOrder], now: datetime) -> tuple[str, ...]:
    """The keys of the two newest different baskets of last week, or fewer."""
    newest = sorted(in_period(orders, "last_week", now), key=lambda order: order.at, reverse=True)
    return tuple(dict.fromkeys(order.key for order in newest))[:2]


def much_of(orders: Iterable[PastOrder], now: datetime) -> Mapping[str, int]:
    """By product, the count above which it is unusually many for who ordered so: `MUCH_TIMES` the median of
    what was ordered at least `USUAL_TIMES` in `USUAL_DAYS`."""
    since = now - timedelta(days=USUAL_DAYS)
    counts: dict[str, list[int]] = {}
    for order in orders:
        if since <= order.at <= now:
            of_product: Counter[str] = Counter()
            for sku, count in counts_of(order.key).items():
                of_product[parts_of(sku)[0]] += count
            for product, count in of_product.items():
                counts.setdefault(product, []).append(count)
    return {
        product: int(MUCH_TIMES * median(each))
        for product, each in counts.items()
        if len(each) >= USUAL_TIMES
    }


def begin_and_end(period: Period, now: datetime) -> tuple[datetime, datetime]:
    """Of the period in which, or before which, `now` is; weeks begin on Monday. All local time."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = timedelta(days=1)
    monday = today - today.weekday() * day
    first = today.replace(day=1)
    match period:
        case "today":
            return today, today + day
        case "yesterday":
            return today - day, today
        case "this_week":
            return monday, monday + 7 * day
        case "last_week":
            return monday - 7 * day, monday
        case "this_month":
            return first, (first + 31 * day).replace(day=1)
        case "last_month":
            return (first - day).replace(day=1), first


def in_period(orders: Iterable[PastOrder], period: Period, now: datetime) -> list[PastOrder]:
    """Those of the period, in the order in which they came."""
    begin, end = begin_and_end(period, now)
    return [order for order in orders if begin <= order.at < end]


def totals(sums: Iterable[Money]) -> list[Money]:
    """What they come to, in each currency."""
    found: dict[str, Money] = {}
    for money in sums:
        currency = money.currency
        found[currency] = found[currency] + money if currency in found else money
    return list(found.values())
