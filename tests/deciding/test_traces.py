"""What the judgement of an order tells of each rule, who may agree to it, and when a rule holds."""

from __future__ import annotations

import pytest

from agent.deciding.details import Facts
from agent.deciding.permitting import permit, wanted
from agent.deciding.policy import Tier
from agent.deciding.rules import (
    SHOP_WHO,
    House,
    Moment,
    Person,
    Rule,
    Standing,
    Step,
    is_then,
    judge,
    may_be_second,
)
from agent.deciding.unusual import Past
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE
from tests.deciding.test_permitting import ANNA, NONE, OTHERS, PIN, around


def test_where_words_to_repeat_are_asked_for_a_pin_stands_for_them_and_nothing_else_does() -> None:
    assert wanted(COFFEE, ANNA, around(PIN, "challenge")) == "factor"
    assert wanted(COFFEE, ANNA, around(PIN, "challenge"), ("pin",)) == ""
    tiers: tuple[Tier, ...] = ("voice", "factor")
    for tier in tiers:
        assert not permit(COFFEE, around(NONE, "challenge"), tier).allowed
        assert not permit(COFFEE, around(OTHERS, "challenge"), tier).allowed
    assert permit(COFFEE, around(PIN, "challenge"), "factor").allowed


def test_who_is_denied_something_agrees_to_nobodys_order_of_it() -> None:
    house = House((Rule("no", "deny", people=("Bert",)),), Person("Anna"))
    assert not may_be_second(house, COFFEE, Person("Bert"))
    assert may_be_second(house, COFFEE, Person("Carla"))
    assert may_be_second(House(house.rules, Person("Bert")), COFFEE, Person("Carla"))


def test_minutes_after_the_hour_count() -> None:
    rule = Rule("r", "factor", from_="08:30", until="09:45")
    held = [minute for minute in range(24 * 60) if is_then(rule, Moment(0, minute))]
    assert (held[0], held[-1], len(held)) == (8 * 60 + 30, 9 * 60 + 44, 75)
    for half in (Rule("r", "factor", from_="08:30"), Rule("r", "factor", until="09:45")):
        assert is_then(half, Moment(0, 0)), "hours without an end or a beginning are none"


def test_training_for_no_hazard_is_asked_of_nobody_whatever_is_known_of_the_goods() -> None:
    house = House((Rule("t", "trained"),), Person("Anna"))
    assert judge(house, COFFEE, NONE, Policy()).needs == frozenset()


def test_the_trace_tells_the_shops_own_rule_by_its_product() -> None:
    cooks = House((), Person("Anna"), facts={"coffee": Facts(who=("cook",))})
    judged = judge(cooks, COFFEE, NONE, Policy())
    shops = Rule(SHOP_WHO, "deny", products=("coffee",))
    assert judged.trace == (Step(shops, "applies", "deny"),)
    assert (judged.code, judged.rule) == ("rule_denied", SHOP_WHO)
    lost = judge(House((), Person("Anna"), lost=True), COFFEE, NONE, Policy())
    assert lost.trace == (Step(shops, "applies_unknown", "factor"),)
    assert judge(House((), Person("Anna")), COFFEE, NONE, Policy()).rule == ""


@pytest.mark.parametrize(
    ("rule", "standing", "asks"),
    [
        (Rule("r", "factor"), "applies", "factor"),
        (Rule("r", "factor", people=("Bert",)), "other_person", ""),
        (Rule("r", "factor", products=("tea",)), "other_goods", ""),
        (Rule("r", "factor", days=("tue",)), "other_time", ""),
        (Rule("r", "factor", unusual=("hour",)), "as_usual", ""),
        (Rule("r", "factor", over_packs=2), "less", ""),
        (Rule("r", "second", categories=("hot",)), "applies_unknown", "second"),
        (Rule("r", "deny", categories=("hot",)), "applies_unknown", "factor"),
    ],
)
def test_the_trace_tells_of_each_rule_why_it_is_about_an_order_or_not(
    rule: Rule, standing: Standing, asks: str
) -> None:
    used = Past(hours=frozenset({0}))
    judged = judge(House((rule,), Person("Anna"), past=used), COFFEE, NONE, Policy())
    assert judged.trace == (Step(rule, standing, asks),)  # type: ignore[arg-type]
