"""What becomes of a proposal that a sensor made: when it is said, said again, or only shown. Pure values.

A sensor can make the device ask, and no more: once, once more if nobody answered, then not until it was
refilled; and however it flaps, never twice within `rest_seconds`.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from agent.deciding.basket import Basket
from agent.plumbing.operator import ProposalState
from agent.plumbing.settings import Proposals, Sensor

MOST_UNANSWERED = 2
"""A proposal that nobody answers is said this often; then it is only shown."""

DECLINED = frozenset({"proposal_declined", "cancelled", "declined_another"})
"""Decisions (codes in the journal) by which somebody did not want what a sensor proposed."""

POSTPONED = frozenset({"proposal_postponed", "postponed"})
"""Those by which somebody wanted to be asked again."""

_DAY_S = 24 * 3600


class Standing(msgspec.Struct, frozen=True):
    """Where the proposal of one sensor stands; kept in the journal, so that no restart makes it news.

    `wanted`: it has run low and was not refilled since. `unanswered` counts the times it was said since the
    last answer. Times are Unix seconds; `said_at_s` is that of the newest saying, also of an earlier time.
    """

    wanted: bool = False
    level: float = 1.0
    unanswered: int = 0
    said_at_s: int | None = None
    rest_until_s: int = 0
    declined: bool = False

    @property
    def awaits_answer(self) -> bool:
        """Whether it was said and can be agreed to or declined."""
        return self.wanted and not self.declined and self.unanswered > 0


class Low(NamedTuple):
    """Something that has run low, as people are shown it: `place` is what the sensor watches."""

    place: str
    level: float
    basket: Basket
    state: ProposalState


def reported(before: Standing, level: float, *, wanted: bool) -> Standing:
    """After the sensor's rule said so. Running low anew, after a refill, is another proposal."""
    if wanted == before.wanted:
        return msgspec.structs.replace(before, level=level)
    return Standing(wanted=wanted, level=level, said_at_s=before.said_at_s)


def is_due(standing: Standing, now_s: int, limits: Proposals) -> bool:
    """Whether it may be said, as far as what was said and answered before is concerned."""
    rested = standing.said_at_s is None or now_s >= standing.said_at_s + limits.rest_seconds
    heard = standing.unanswered < MOST_UNANSWERED
    return standing.wanted and heard and rested and now_s >= standing.rest_until_s


def said(before: Standing, now_s: int) -> Standing:
    """After it was said aloud."""
    return msgspec.structs.replace(
        before, said_at_s=now_s, unanswered=before.unanswered + 1, declined=False, rest_until_s=0
    )


def answered(before: Standing, code: str, now_s: int, limits: Proposals) -> Standing:
    """After a decision about it. Whatever neither declines nor postpones leaves it as it is: consent ends it
    by the order that then stands in the journal."""
    if code in DECLINED:
        until = now_s + limits.declined_rest_seconds
        return msgspec.structs.replace(before, declined=True, unanswered=0, rest_until_s=until)
    if code in POSTPONED:
        # One saying stays counted, so that it can still be agreed to meanwhile.
        return msgspec.structs.replace(before, unanswered=1, rest_until_s=now_s + limits.rest_seconds)
    return before


def agreed(before: Standing) -> Standing:
    """After it became an order. Should that come to nothing, it may be said again."""
    return msgspec.structs.replace(before, unanswered=0, declined=False)


def shown_as(standing: Standing, *, on_its_way: bool) -> ProposalState:
    """How a standing that is wanted is put in a list."""
    if on_its_way:
        return "on_its_way"
    if standing.declined:
        return "declined"
    return "asked" if standing.awaits_answer else "not_asked_yet"


@dataclass(frozen=True)
class PastOrder:
    """What the journal says of an order: `is_open` while it has no end, `delivery` is an ISO date or ''."""

    skus: frozenset[str]
    is_open: bool
    settled_at_s: int
    delivery: str


def on_its_way(
    orders: Iterable[PastOrder], sku: str, now_s: int, today: datetime.date, limits: Proposals
) -> bool:
    """Whether an order of `sku` is queued, or was taken by the shop and is not delivered yet. The day of
    delivery counts in; where the shop named none, `delivery_days` from when it took the order."""
    return any(
        sku in order.skus and (order.is_open or _comes(order, now_s, today, limits)) for order in orders
    )


def _comes(order: PastOrder, now_s: int, today: datetime.date, limits: Proposals) -> bool:
    try:
        return datetime.date.fromisoformat(order.delivery) >= today
    except ValueError:
        return now_s < order.settled_at_s + limits.delivery_days * _DAY_S


def packs_to_order(sensor: Sensor, level: float, most: int) -> int:
    """How many whole packs fit in now, at least one and at most `most`."""
    room = sensor.full_amount * (1.0 - level)
    return max(1, min(most, math.floor(room / sensor.pack_amount + 1e-9)))


def is_quiet(time_of_day: str, limits: Proposals) -> bool:
    """Whether nothing is to be proposed aloud at "HH:MM" local time; the hours may span midnight."""
    start, end = limits.quiet_from, limits.quiet_until
    if start <= end:
        return start <= time_of_day < end
    return time_of_day >= start or time_of_day < end
