"""Whether an order may go on in a tier, by the limits and by the rules of the house, and what has to confirm
it next: what the dialogue asks at every step."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from agent.deciding.basket import Basket, Factor
from agent.deciding.conversation import Wanted
from agent.deciding.policy import Circumstances, Decision, Tier, decide
from agent.deciding.rules import Need, judge
from agent.deciding.surroundings import Surroundings
from agent.deciding.unusual import Unusual
from agent.deciding.verification import Verdict


def permit(basket: Basket, around: Surroundings, tier: Tier = "voice") -> Decision:
    """As `decide` by the limits; then `rule_denied`; `rule_challenge`, `rule_factor`, `rule_phone` and
    `rule_second` (it needs one, and there is none that could be asked for), and by voice alone `rule_asks`
    (it needs what is there).
    """
    by_limits = decide(basket, around.circumstances, around.policy, tier=tier)
    if not by_limits.allowed:
        return by_limits
    judgement = judge(around.house, basket, around.circumstances, around.policy)
    if not judgement.passes:
        return Decision(judgement.code, judgement.limit)
    missing = _not_there(judgement.needs, around.circumstances)
    if missing and not challenge_will_do(basket, around):
        return Decision(f"rule_{missing}")
    if tier == "voice" and judgement.needs:
        return Decision("rule_asks")
    return Decision()


def challenge_will_do(basket: Basket, around: Surroundings) -> bool:
    """Whether a voice needs nothing beside words that are said after the device, and they can be asked for.
    Beside anything else that is needed, a PIN, badge or phone stands for them."""
    judgement = judge(around.house, basket, around.circumstances, around.policy)
    return bool(around.chance) and judgement.passes and judgement.needs == {"challenge"}


def words_are_enough(basket: Basket, around: Surroundings) -> bool:
    """Whether a voice needs nothing beside the words that it has just said after the device. Whether others
    may be asked for now is no matter: the last ones that may be are as good as the first."""
    judgement = judge(around.house, basket, around.circumstances, around.policy)
    return judgement.passes and judgement.needs <= {"challenge"}


def unusual_in(basket: Basket, around: Surroundings) -> Unusual | Literal[""]:
    """What is unusual about it for who orders, where a rule asks for more on that account."""
    return judge(around.house, basket, around.circumstances, around.policy).unusual


def wanted(
    basket: Basket,
    speaker: Verdict,
    around: Surroundings,
    given: Collection[Factor] = (),
    second: str = "",
) -> Wanted | Literal[""]:
    """What has to confirm the order next, where `given` and the person `second` have; '' where nothing has.

    A phone shows who it is and what is bought, so it stands for a PIN or badge, which never stand for it.
    Nobody's voice is known by what is typed: a PIN that was typed for it, or a phone, says whose it is.
    """
    ready = around.circumstances
    needs = judge(around.house, basket, ready, around.policy).needs
    if "phone" in needs and "phone" not in given:
        return "phone"
    if speaker.reason == "typed" and not given:
        return "factor" if ready.pin_ready else "phone"
    if needs & {"factor", "challenge"} and not given:
        return "factor" if ready.factor_ready else "phone"
    return "second" if "second" in needs and not second else ""


def _not_there(needs: Collection[Need], around: Circumstances) -> Need | Literal[""]:
    """What of it nobody here could give."""
    if "phone" in needs and not around.phone_ready:
        return "phone"
    if ("factor" in needs or "challenge" in needs) and not (around.factor_ready or around.phone_ready):
        return "factor" if "factor" in needs else "challenge"
    return "second" if "second" in needs and not around.second_ready else ""
