"""A judgement in plain words: what `earmark policy explain` prints, from the trace of `judge` itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from agent.deciding.basket import Basket
from agent.deciding.rules import DAYS, NEEDS, SHOP_WHO, Day, Judgement, Need, Requirement, Rule, Step
from agent.deciding.unusual import Unusual
from agent.plumbing.currencies import on_a_bill

_NEED: dict[Need, str] = {
    "challenge": "words to be said after the device, or more: a PIN or badge",
    "factor": "a PIN or badge",
    "phone": "the approval on the person's phone",
    "second": "the approval of a second person",
}
_SHOWN: dict[Need, str] = {
    "challenge": "a PIN or badge",
    "factor": "a PIN or badge",
    "phone": "the approval on the person's phone",
    "second": "the approval of a second person",
}
_REQUIREMENT: dict[Requirement, str] = {
    **{need: f"asks for {words}" for need, words in _NEED.items()},
    "trained": "asks for training with these goods",
    "deny": "refuses",
}
_UNUSUAL: dict[Unusual, str] = {
    "goods": "goods that this person has not ordered before",
    "amount": "an order much dearer than this person's before",
    "hour": "an hour at which this person has not ordered before",
}
_DAY: dict[Day, str] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def day_name(day: int) -> str:
    """0 is Monday."""
    return _DAY[DAYS[day]]


def verdict(judgement: Judgement, basket: Basket) -> str:
    """The answer in one sentence."""
    if judgement.code == "rule_denied":
        step = next(
            step for step in judgement.trace if step.rule.id == judgement.rule and step.asks == "deny"
        )
        why = f' It tells: "{step.rule.say}"' if step.rule.say else ""
        return f"No, because {_because(step, basket.total.currency)}.{why}"
    if judgement.code:
        return f"No, because {_of_tier(judgement.code, judgement.limit, basket)}."
    if not judgement.needs:
        return "Yes, by voice alone."
    if judgement.needs == {"challenge"}:
        why = "; ".join(_reasons(judgement, basket))
        return f"Yes, with words that are said after the device, because {why}."
    wanted = judgement.needs - ({"factor", "challenge"} if "phone" in judgement.needs else set())
    shown = " and ".join(dict.fromkeys(_SHOWN[need] for need in NEEDS if need in wanted))
    return f"Yes, with {shown}, because {'; '.join(_reasons(judgement, basket))}."


def about(step: Step, currency: str) -> str:
    """One line of the trace."""
    match step.standing:
        case "other_person":
            return "is about other people"
        case "other_goods":
            return "is about other goods"
        case "other_time":
            return "is about another time"
        case "as_usual":
            return f"is about {_one_of(step.rule.unusual)}"
        case "less":
            return f"is about more{_bounds(step.rule, currency)}"
        case "applies_unknown":
            return f"may apply: nothing is known of these goods, so it asks for {_NEED[_need(step)]}"
        case "applies" if not step.asks:
            return "applies, and the person is trained for these goods"
        case "applies":
            return f"applies, and {_REQUIREMENT[step.rule.require if step.asks != 'deny' else 'deny']}"


def _need(step: Step) -> Need:
    return next(need for need in NEEDS if need == step.asks)


def _reasons(judgement: Judgement, basket: Basket) -> Iterator[str]:
    if judgement.above_voice:
        yield _of_tier(judgement.above_voice, judgement.limit, basket)
    for step in judgement.trace:
        if step.asks:
            yield _because(step, basket.total.currency)


def _because(step: Step, currency: str) -> str:
    rule = step.rule
    if rule.id == SHOP_WHO and step.standing == "applies_unknown":
        return f"it is not known here which roles the shop lets order {rule.products[0]}"
    if rule.id == SHOP_WHO:
        return f"the shop lets only some roles order {rule.products[0]}, and this person has none of them"
    if step.standing == "applies_unknown":
        return f"the rule {rule.id} may be about these goods, of which nothing is known here"
    if step.asks == "deny" and rule.require == "trained":
        return f"the rule {rule.id} asks for training with these goods ({', '.join(rule.hazards)})"
    return (
        f"the rule {rule.id} {_REQUIREMENT[rule.require]}{''.join(_conditions(rule, currency, step.unusual))}"
    )


def in_a_sentence(rule: Rule) -> str:
    """What it asks for, and when: "shop-night asks for a PIN or badge from 22:00 to 06:00"; amounts in minor
    units, as nobody has said of which currency."""
    bounds = [f"{rule.over_packs} packs"] if rule.over_packs else []
    bounds += [f"{rule.over_minor} (minor units)"] if rule.over_minor else []
    of_any = msgspec.structs.replace(rule, over_packs=0, over_minor=0)
    above = f" above {' and '.join(bounds)}" if bounds else ""
    return f"{rule.id} {_REQUIREMENT[rule.require]}{''.join(_conditions(of_any, ''))}{above}"


def _one_of(unusual: Sequence[Unusual]) -> str:
    return " or ".join(_UNUSUAL[each] for each in unusual)


def _conditions(rule: Rule, currency: str, found: Sequence[Unusual] = ()) -> Iterator[str]:
    if rule.unusual:
        yield f" for {_one_of(found or rule.unusual)}"
    for names, what in (
        ((*rule.people, *rule.roles), "for"),
        (rule.cost_centres, "for cost centre"),
        ((*rule.products, *rule.categories, *rule.hazards), "of"),
    ):
        if names:
            yield f" {what} {', '.join(names)}"
    bounds = _bounds(rule, currency)
    if bounds:
        yield f" above{bounds.removeprefix(' than')}"
    if rule.from_ is not None:
        yield f" from {rule.from_} to {rule.until}"
    if rule.days:
        yield f" on {', '.join(_DAY[day] for day in rule.days)}"


def _bounds(rule: Rule, currency: str) -> str:
    bounds = [f"{rule.over_packs} packs"] if rule.over_packs else []
    bounds += [on_a_bill(rule.over_minor, currency)] if rule.over_minor else []
    return f" than {' and '.join(bounds)}" if bounds else ""


def _of_tier(code: str, limit: int, basket: Basket) -> str:
    bound = on_a_bill(limit, basket.total.currency)
    match code:
        case "too_many_lines":
            return f"one order holds at most {limit} different things (most_lines)"
        case "quantity_too_large":
            return f"one order holds at most {limit} of one thing (largest_quantity)"
        case "order_over_limit":
            return (
                f"{on_a_bill(basket.total.minor, basket.total.currency)} is more than {bound} for one order"
            )
        case "day_over_limit":
            return f"it would be more than {bound} in 24 hours"
        case "day_over_limit_together":
            return f"it would be more than {bound} in 24 hours for everybody together"
        case _:
            return f"of {code}"
