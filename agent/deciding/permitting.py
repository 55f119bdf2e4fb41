"""Whether an order may go on in a tier, by the limits and by the rules of the house: what the dialogue asks
at every step."""

from __future__ import annotations

from agent.deciding.basket import Basket
from agent.deciding.conversation import Surroundings
from agent.deciding.policy import Decision, Tier, decide
from agent.deciding.rules import judge


def permit(basket: Basket, around: Surroundings, tier: Tier = "voice") -> Decision:
    """As `decide` by the limits; then `rule_denied`, `rule_beyond` (it needs what this device cannot ask for)
    and, by voice alone, `rule_factor` (it needs a PIN or badge)."""
    by_limits = decide(basket, around.circumstances, around.policy, tier=tier)
    if not by_limits.allowed:
        return by_limits
    judgement = judge(around.house, basket, around.circumstances, around.policy)
    if not judgement.passes:
        return Decision(judgement.code or "rule_beyond", judgement.limit)
    if tier == "voice" and judgement.needs:
        return Decision("rule_factor")
    return Decision()
