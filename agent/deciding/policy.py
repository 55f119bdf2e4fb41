"""What a voice alone may buy. Rules only ever say no; the answer carries a stable code and what would
help."""

from __future__ import annotations

from dataclasses import dataclass

from agent.deciding.basket import Basket
from agent.deciding.money import Money
from agent.plumbing.settings import Policy


@dataclass(frozen=True)
class Circumstances:
    """What the journal and the clock say at the moment of deciding. `spent` is this person's last 24 hours,
    with all that is queued; `queued_same` is whether the same basket already waits for the shop."""

    spent: Money
    queued_same: bool = False
    clock_trusted: bool = True


@dataclass(frozen=True)
class Decision:
    """`code` is '' where the order may go on; `limit` is the rule's bound, for the sentence that explains
    it."""

    code: str = ""
    limit: int = 0

    @property
    def allowed(self) -> bool:
        return not self.code


def decide(basket: Basket, circumstances: Circumstances, policy: Policy) -> Decision:
    """The voice tier's rules, in the order in which a person would want to hear about them."""
    if any(line.quantity > policy.largest_quantity for line in basket.lines):
        return Decision("quantity_too_large", policy.largest_quantity)
    if basket.total.minor > policy.voice_order_max_minor:
        return Decision("order_over_limit", policy.voice_order_max_minor)
    if (circumstances.spent + basket.total).minor > policy.voice_day_max_minor:
        return Decision("day_over_limit", policy.voice_day_max_minor)
    if not circumstances.clock_trusted:
        return Decision("clock_untrusted")
    return Decision()
