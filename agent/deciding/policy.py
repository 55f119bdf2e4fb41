"""What a voice alone may buy, and what with a PIN or badge: the limits of `[policy]`, in minor units and
counts. They only ever say no; the answer is a stable code and the bound that was exceeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.deciding.basket import Basket
from agent.deciding.money import Money
from agent.plumbing.settings import Policy

Tier = Literal["voice", "factor"]
"""What confirms: the voice alone, or with it a factor that does not pass through `voice`."""


@dataclass(frozen=True)
class Circumstances:
    """What the journal and the clock say at the moment of deciding. `spent` is this person's last 24 hours,
    with all that is queued; `queued_same` is whether the same basket already waits for the shop;
    `factor_ready` whether this person has a PIN or badge and there is something to read it, `phone_ready`
    whether a phone that can be asked, `second_ready` whether anybody else has either, `pin_ready` whether
    this person has a PIN and there is a keypad; `spent_by_voice`
    what everybody together has spent in these 24 hours by voice alone (None: this person only), and
    `most_by_voice_minor` the bound of that (None: that of one person)."""

    spent: Money
    queued_same: bool = False
    clock_trusted: bool = True
    factor_ready: bool = False
    spent_by_voice: Money | None = None
    most_by_voice_minor: int | None = None
    phone_ready: bool = False
    second_ready: bool = False
    pin_ready: bool = False


@dataclass(frozen=True)
class Decision:
    """`code` is '' where the order may go on; `limit` is the rule's bound, for the sentence that explains
    it."""

    code: str = ""
    limit: int = 0

    @property
    def allowed(self) -> bool:
        return not self.code


def decide(basket: Basket, circumstances: Circumstances, policy: Policy, *, tier: Tier = "voice") -> Decision:
    """By the limits of a tier, in the order in which a person would want to hear about them: too_many_lines,
    quantity_too_large, order_over_limit, day_over_limit, day_over_limit_together (by voice only),
    clock_untrusted; '' where none is exceeded."""
    order_max, day_max = (
        (policy.voice_order_max_minor, policy.voice_day_max_minor)
        if tier == "voice"
        else (policy.factor_order_max_minor, policy.factor_day_max_minor)
    )
    if len(basket.lines) > policy.most_lines:
        return Decision("too_many_lines", policy.most_lines)
    if any(line.quantity > policy.largest_quantity for line in basket.lines):
        return Decision("quantity_too_large", policy.largest_quantity)
    if basket.total.minor > order_max:
        return Decision("order_over_limit", order_max)
    if (circumstances.spent + basket.total).minor > day_max:
        return Decision("day_over_limit", day_max)
    by_voice = circumstances.spent_by_voice or circumstances.spent
    most = day_max if circumstances.most_by_voice_minor is None else circumstances.most_by_voice_minor
    if tier == "voice" and (by_voice + basket.total).minor > most:
        # Whoever forges one person's voice forges everybody's.
        return Decision("day_over_limit_together", most)
    if not circumstances.clock_trusted:
        return Decision("clock_untrusted")
    return Decision()
