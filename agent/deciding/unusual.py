"""What is unusual for who orders: goods, an amount or an hour that none of their own orders had.

A longer history only ever makes less unusual, and to somebody who has none, everything is. So a rule that
looks back says from which amount on it does, and small first orders stay easy.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from agent.deciding.basket import Line

Unusual = Literal["goods", "amount", "hour"]
"""A product that was not ordered before; an order that costs more than `TIMES_THE_DEAREST`; an hour of the
day in which, and in the one before and after it, nothing was ordered."""

TIMES_THE_DEAREST = 2
"""So many times what the dearest order cost, an order may cost and still be as usual."""

HOURS_AROUND = 1

DAYS_BACK = 365
"""So far back it is looked: who orders a thing once a year orders it as usual."""

COUNTS_AFTER_S = 24 * 3600
"""An order that a voice alone confirmed counts so long after the shop took it, when somebody could have heard
of it and taken it back: else a forged voice would order a thing once to order it often."""


class Past(msgspec.Struct, frozen=True):
    """What somebody's own orders had, as far as they count: products by their ids, the total of the dearest,
    and the hours of the day, by local time."""

    products: frozenset[str] = frozenset()
    dearest_minor: int = 0
    hours: frozenset[int] = frozenset()


NO_PAST = Past()


def unusual(
    asked: Collection[Unusual], lines: Sequence[Line], total_minor: int, minute: int, past: Past
) -> tuple[tuple[Unusual, ...], list[Line]]:
    """Which of `asked` holds for an order of that total with `lines` at that minute of the day, and of these
    lines those that it is about: where the amount or the hour is unusual all, else the new goods."""
    new = [line for line in lines if "goods" in asked and line.product_id not in past.products]
    found: list[Unusual] = ["goods"] if new else []
    if "amount" in asked and total_minor > TIMES_THE_DEAREST * past.dearest_minor:
        found.append("amount")
    if "hour" in asked and not any(_near(minute // 60, hour) for hour in past.hours):
        found.append("hour")
    return tuple(found), new if found == ["goods"] else list(lines) if found else []


def _near(hour: int, other: int) -> bool:
    apart = (hour - other) % 24
    return min(apart, 24 - apart) <= HOURS_AROUND
