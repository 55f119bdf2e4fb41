"""The shopping list of a device: what still stands on it, and when it is spoken of. Values in, values out.

A list is no order, and nothing of it becomes one without a read-back and a consent. What has been ordered
since it was put there, by anybody and in any way, is off the list; what the shop has refused stands there
again. So there is nothing to strike out in the moment of an order, which a power cut could separate from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from agent.deciding.basket import counts_of, parts_of
from agent.deciding.list_words import TOMORROW

AT = time(9)
"""A day is named, and no hour: from then on, local time, it is one to be reminded of the list."""

ANSWERED_WITHIN_S = 12 * 3600
"""So long after it was reminded of a list may be consented to as to something that was proposed."""


class Entry(NamedTuple):
    """`person` put it there ('' where nobody knows who), as `title` for people. `after_order` is the number
    of the newest order of the device at that moment."""

    number: int
    person: str
    sku: str
    quantity: int
    title: str
    after_order: int


class NumberedOrder(NamedTuple):
    """An order that was not refused; the number of a later one is higher. `key` is its `basket_key`."""

    number: int
    key: str


def wanted(entries: Iterable[Entry], orders: Iterable[NumberedOrder]) -> list[Entry]:
    """What still stands on the list, in its order."""
    newest: dict[str, int] = {}
    for order in orders:
        for sku in skus_of(order.key):
            newest[sku] = max(order.number, newest.get(sku, 0))
    return [entry for entry in entries if newest.get(entry.sku, 0) <= entry.after_order]


def skus_of(key: str) -> frozenset[str]:
    """Of a `basket_key`; none where it is none."""
    try:
        return frozenset(counts_of(key))
    except ValueError:
        return frozenset()


def counted(entries: Iterable[Entry]) -> dict[str, int]:
    """How many of each sku are wanted, whoever wants them."""
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.sku] = counts.get(entry.sku, 0) + entry.quantity
    return counts


def meant(entries: Sequence[Entry], sku: str) -> list[Entry]:
    """Which of the list `sku` names: that very thing; else, where its product stands there in one way only,
    that. It goes as a whole, however many were named."""
    same = [entry for entry in entries if entry.sku == sku]
    product = parts_of(sku)[0]
    of_product = [entry for entry in entries if parts_of(entry.sku)[0] == product]
    return same or (of_product if len({entry.sku for entry in of_product}) == 1 else [])


def reminded_at(day: int, now: datetime) -> datetime:
    """The next Monday (0) to Sunday (6), or tomorrow (7), at `AT`; today where that is still to come."""
    days = 1 if day == TOMORROW else (day - now.weekday()) % 7
    at = datetime.combine(now.date() + timedelta(days=days), AT)
    return at if at > now else at + timedelta(days=7)
