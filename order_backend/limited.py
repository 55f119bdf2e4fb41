"""The shop's own limits for a device, kept at the intent as well: a device of a release before them, or one
that they have not reached, does not keep them itself.

Counted as a device counts: by when an order was signed, and not when it came. What was signed before the
limits were is not held against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, select

from agent.committing import jws
from agent.committing.shop_policy import Before, Limits
from agent.committing.shop_rules import ShopRule
from order_backend.checks import CheckedIntent, PricedLine, Refusal
from order_backend.database import Database
from order_backend.order_ends import CANCELLED
from order_backend.policies import policy_claims
from order_backend.tables import orders

DAY_S = 24 * 3600
CODE = "device_limit"

_PLACED = (
    select(
        orders.c.total_minor,
        func.coalesce(func.nullif(orders.c.open_checkout, ""), orders.c.closed_checkout),
    )
    .where(orders.c.device_id == bindparam("device_id"), orders.c.person == bindparam("person"))
    # None is placed before it was signed.
    .where(orders.c.placed_at > bindparam("since_s"), ~CANCELLED)
)


class Limited(NamedTuple):
    """What a device may order; since when (Unix seconds) each limit that there is holds, by its name, and
    what it was `before`; `rules` ask for more, each since when."""

    limits: Limits
    since_s: Mapping[str, int]
    rules: tuple[tuple[ShopRule, int], ...] = ()
    before: Mapping[str, Before] = MappingProxyType({})


class Claimed(NamedTuple):
    """What is judged of an order: its lines, what confirmed it, and by when that was agreed."""

    lines: tuple[PricedLine, ...]
    catalogue_version: int
    amr: tuple[str, ...]
    agreed_s: int

    @property
    def total_minor(self) -> int:
        """What it costs."""
        return sum(line.unit_price * line.quantity for line in self.lines)

    @staticmethod
    def by(intent: CheckedIntent) -> Claimed:
        """What an intent claims of itself, at the shop's own prices."""
        return Claimed(intent.lines, intent.catalogue_version, intent.checkout.amr, intent.agreed_s)


class _Signed(msgspec.Struct, frozen=True):
    iat: int


def limited_by(event: bytes) -> Limited:
    """What `event` holds a device to."""
    claims = policy_claims(event)
    rules = tuple((rule, claims.rule_from_s(rule)) for rule in claims.rules)
    since_s = {
        name: claims.limit_from_s(name)
        for name, most in msgspec.structs.asdict(claims.limits).items()
        if most is not None
    }
    return Limited(claims.limits, since_s, rules, claims.limits_before)


def check_limits(limited: Limited | None, order: Claimed) -> None:
    """By the order alone. Raises Refusal device_limit."""
    if (limits := _holding(limited, order.agreed_s)) is None:
        return
    if limits.most_lines is not None and len(order.lines) > limits.most_lines:
        raise Refusal(CODE, f"{len(order.lines)} different things, at most {limits.most_lines} at a time")
    most = limits.largest_quantity
    if most is not None and any(line.quantity > most for line in order.lines):
        raise Refusal(CODE, f"more than {most} of one thing")
    order_max = limits.voice_order_max_minor if _by_voice(order.amr) else limits.factor_order_max_minor
    if order_max is not None and order.total_minor > order_max:
        raise Refusal(CODE, f"it costs {order.total_minor}, at most {order_max} may it (minor units)")


def check_day(database: Database, limited: Limited | None, device_id: str, intent: CheckedIntent) -> None:
    """With what the person has ordered within a day, cancelled orders aside; inside the transaction that has
    locked the account. Raises Refusal device_limit."""
    if (limits := _holding(limited, intent.agreed_s)) is None:
        return
    by_voice = _by_voice(intent.checkout.amr)
    day_max = limits.voice_day_max_minor if by_voice else limits.factor_day_max_minor
    if day_max is None:
        return
    spent = _spent(database, device_id, intent) + intent.total_minor
    if spent > day_max:
        raise Refusal(CODE, f"{spent} in a day, at most {day_max} may it be (minor units)")


def _holding(limited: Limited | None, agreed_s: int) -> Limits | None:
    """Those that held then."""
    if limited is None:
        return None
    younger = [name for name, since_s in limited.since_s.items() if since_s > agreed_s]
    then = {name: _most(limited.before.get(name), agreed_s) for name in younger}
    return msgspec.structs.replace(limited.limits, **then)


def _most(before: Before | None, agreed_s: int) -> int | None:
    return before.most if before is not None and before.since <= agreed_s else None


def _by_voice(amr: tuple[str, ...]) -> bool:
    return set(amr) == {"voice"}


def _spent(database: Database, device_id: str, intent: CheckedIntent) -> int:
    until_s = intent.checkout.iat
    values = {"device_id": device_id, "person": intent.checkout.sub, "since_s": until_s - DAY_S}
    return sum(
        total
        for total, mandate in database.execute(_PLACED, values)
        if until_s - DAY_S < _signed_at(mandate) <= until_s
    )


def _signed_at(mandate: str) -> int:
    return msgspec.json.decode(jws.unverified(mandate), type=_Signed).iat
