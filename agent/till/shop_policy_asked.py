"""What operators are told about what the shop lets this device order."""

from __future__ import annotations

import msgspec

from agent.plumbing.operator_policy import ShopPolicyShown
from agent.till.desk import Desk
from agent.till.shop_rules import rules_of


def shop_policy_shown(desk: Desk) -> ShopPolicyShown:
    """The newest that came, also before a restart."""
    policy = desk.road.policy
    rules = msgspec.json.encode(rules_of(policy.rules)).decode()
    return ShopPolicyShown(policy.version, policy.since_s, msgspec.to_builtins(policy.limits), rules)
