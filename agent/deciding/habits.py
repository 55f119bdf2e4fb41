"""What somebody may have forgotten, out of that person's own orders: what is ordered in a rhythm and is due,
and what goes with what is in hand. Counts and dates, so that each can be explained in a sentence.

Whose orders those are, and whether the person agreed to it, is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from agent.deciding.history import PastOrder
from agent.deciding.shopping_list import skus_of

HABIT_DAYS = 180
"""So far back it is looked: what is ordered every two months is a habit, too."""

AT_LEAST = 3
"""What was ordered on fewer days, or together fewer times, is no habit."""

UNEVEN = 2
"""A gap so many times longer or shorter than the usual one makes it no rhythm."""

GIVEN_UP = 3
"""After so many of the usual gaps a habit is over."""

MOST = 3
"""Nobody remembers more of them."""


class Rhythm(NamedTuple):
    """`sku` is ordered every `every_days`, and the last time was `since_days` ago."""

    sku: str
    every_days: int
    since_days: int


class Company(NamedTuple):
    """Of the `of` orders that had `beside` in them, `times` had `sku`, too."""

    sku: str
    beside: str
    times: int
    of: int


def rhythms(orders: Iterable[PastOrder], now: datetime, without: Collection[str] = ()) -> list[Rhythm]:
    """What is due, the longest overdue first; nothing of `without`."""
    days: dict[str, set[date]] = {}
    for order in orders:
        for sku in skus_of(order.key):
            days.setdefault(sku, set()).add(order.at.date())
    found = [
        rhythm
        for sku, when in days.items()
        if sku not in without and (rhythm := _rhythm(sku, sorted(when), now.date())) is not None
    ]
    return sorted(found, key=lambda each: (-each.since_days / each.every_days, each.sku))[:MOST]


def _rhythm(sku: str, days: list[date], today: date) -> Rhythm | None:
    if len(days) < AT_LEAST:
        return None
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    usual, since = round(median(gaps)), (today - days[-1]).days
    even = all(usual <= gap * UNEVEN and gap <= usual * UNEVEN for gap in gaps)
    return Rhythm(sku, usual, since) if even and usual <= since <= usual * GIVEN_UP else None


def company(
    orders: Iterable[PastOrder], beside: Collection[str], without: Collection[str] = ()
) -> list[Company]:
    """What was ordered together with one of `beside`, `AT_LEAST` times and in more than half of the orders
    that had it, the surest first; nothing of `without`."""
    baskets = [skus_of(order.key) for order in orders]
    best: dict[str, Company] = {}
    for here in beside:
        with_it = [skus for skus in baskets if here in skus]
        for sku in frozenset[str]().union(*with_it) - frozenset(beside) - frozenset(without):
            times = sum(sku in skus for skus in with_it)
            found = Company(sku, here, times, len(with_it))
            if times >= AT_LEAST and times * 2 > len(with_it) and _sureness(found) > _sureness(best.get(sku)):
                best[sku] = found
    return sorted(best.values(), key=lambda each: (-_sureness(each), each.sku))[:MOST]


def _sureness(found: Company | None) -> float:
    return found.times / found.of if found else 0.0
