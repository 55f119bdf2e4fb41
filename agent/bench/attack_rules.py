"""Attacks on what the shop itself holds a device to: above its limits and rules, by whoever has the device's
signing key and asks nobody. Each says what it saw.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.bench.attack_intents import both
from agent.bench.attack_lab import DEVICE, Lab
from agent.bench.attacks import Attack, Where, codes
from agent.committing.shop_policy import Limits
from agent.committing.shop_rules import ShopRule

_SERVICE: Where = "order service"
_EVERY_FACTOR = ("voice", "pin", "badge", "phone")
_NO_COFFEE = ShopRule("no-coffee", "deny", products=("coffee",))
_BY_FACTOR = ShopRule("by-factor", "factor", over_packs=1)


def _above(limits: Limits, *rules: ShopRule, amr: tuple[str, ...] = _EVERY_FACTOR) -> Callable[[Lab], str]:
    """Two coffees while the shop holds the device to these."""

    def make(lab: Lab) -> str:
        _hold_to(lab, limits, rules)
        try:
            with lab.connected(DEVICE) as client:
                return lab.sent(client, lab.edited(both(amr=amr)))
        finally:
            _hold_to(lab, Limits(), ())

    return make


def _hold_to(lab: Lab, limits: Limits, rules: tuple[ShopRule, ...]) -> None:
    with lab.shop.transaction("policy", DEVICE):
        lab.shop.policies.put(lab.folder, DEVICE, limits, now_s=int(time.time()), rules=rules)


RULES = (
    Attack(
        *("goods that the shop's rule denies, every factor claimed", _SERVICE, codes("device_rule")),
        _above(Limits(), _NO_COFFEE),
    ),
    Attack(
        *("by voice what the shop's rule asks a PIN for", _SERVICE, codes("device_rule_factor")),
        _above(Limits(), _BY_FACTOR, amr=("voice",)),
    ),
    Attack(
        *("above the shop's own limit, every factor claimed", _SERVICE, codes("device_limit")),
        _above(Limits(factor_order_max_minor=1)),
    ),
)
