"""What a rule comes to in each tier: refused, with what is missing, or asked for; and what is wanted next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.deciding.basket import Factor
from agent.deciding.money import Money
from agent.deciding.permitting import permit, wanted
from agent.deciding.policy import Circumstances, Decision, Tier
from agent.deciding.rules import House, Person, Requirement, Rule
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import Verdict, typed_by
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE

ANNA, NONE = Verdict("p-anna"), Circumstances(Money(0, "PLN"))
PIN, PHONE, OTHERS = (
    replace(NONE, factor_ready=True),
    replace(NONE, phone_ready=True),
    replace(NONE, second_ready=True),
)
ALL = replace(PIN, phone_ready=True, second_ready=True)


def around(ready: Circumstances, *require: Requirement) -> Surroundings:
    rules = tuple(Rule(f"r{at}", need) for at, need in enumerate(require))
    return Surroundings(Policy(), ready, house=House(rules, Person("Anna")))


@pytest.mark.parametrize(
    ("require", "ready", "by_voice", "by_factor"),
    [
        ("deny", ALL, "rule_denied", "rule_denied"),
        ("factor", NONE, "rule_factor", "rule_factor"),
        ("factor", OTHERS, "rule_factor", "rule_factor"),
        ("factor", PIN, "rule_asks", ""),
        ("factor", PHONE, "rule_asks", ""),
        ("phone", NONE, "rule_phone", "rule_phone"),
        ("phone", PIN, "rule_phone", "rule_phone"),
        ("phone", PHONE, "rule_asks", ""),
        ("second", PIN, "rule_second", "rule_second"),
        ("second", PHONE, "rule_second", "rule_second"),
        ("second", OTHERS, "rule_asks", ""),
    ],
)
def test_a_rule_refuses_or_asks_for_what_is_there(
    require: Requirement, ready: Circumstances, by_voice: str, by_factor: str
) -> None:
    tiers: tuple[tuple[Tier, str], ...] = (("voice", by_voice), ("factor", by_factor))
    for tier, code in tiers:
        assert permit(COFFEE, around(ready, require), tier) == Decision(code), tier
    assert permit(COFFEE, around(ready, require)) == Decision(by_voice)


def test_without_rules_a_voice_is_enough() -> None:
    assert permit(COFFEE, around(NONE)) == permit(COFFEE, around(NONE), "factor") == Decision()


def test_a_limit_is_told_before_a_rule() -> None:
    dear = replace(around(ALL, "deny"), policy=Policy(voice_order_max_minor=1))
    assert permit(COFFEE, dear) == Decision("order_over_limit", 1)


def test_a_rule_that_asks_for_a_factor_is_bounded_by_what_a_factor_may_order() -> None:
    poor = replace(around(PIN, "factor"), policy=Policy(factor_order_max_minor=1))
    assert permit(COFFEE, poor) == Decision("order_over_limit", 1)


@pytest.mark.parametrize(
    ("require", "ready", "given", "second", "wants"),
    [
        ((), ALL, (), "", ""),
        (("factor",), ALL, (), "", "factor"),
        (("factor",), PHONE, (), "", "phone"),
        (("factor",), ALL, ("pin",), "", ""),
        (("factor",), ALL, ("phone",), "", ""),
        (("phone",), ALL, (), "", "phone"),
        (("phone",), ALL, ("pin",), "", "phone"),
        (("phone",), ALL, ("phone",), "", ""),
        (("second",), ALL, (), "", "second"),
        (("second",), ALL, (), "p-bert", ""),
        (("second", "factor"), ALL, (), "", "factor"),
        (("second", "factor"), ALL, ("badge",), "", "second"),
        (("second", "factor"), ALL, ("badge",), "p-bert", ""),
        (("second", "phone"), ALL, (), "p-bert", "phone"),
    ],
)
def test_what_is_wanted_next(
    require: tuple[Requirement, ...],
    ready: Circumstances,
    given: tuple[Factor, ...],
    second: str,
    wants: str,
) -> None:
    assert wanted(COFFEE, ANNA, around(ready, *require), given, second) == wants
    if not given and not second:
        assert wanted(COFFEE, ANNA, around(ready, *require)) == wants


def test_what_was_typed_wants_the_pin_or_phone_of_who_typed_it_and_nothing_else() -> None:
    typist = typed_by("p-anna")
    without_pin, with_pin = around(ALL), around(replace(ALL, pin_ready=True))
    assert wanted(COFFEE, typist, without_pin) == "phone"
    assert wanted(COFFEE, typist, with_pin) == "factor"
    proofs: tuple[Factor, ...] = ("pin", "phone")
    for given in proofs:
        assert wanted(COFFEE, typist, with_pin, (given,)) == ""
    assert wanted(COFFEE, typist, around(replace(ALL, pin_ready=True), "phone"), ("pin",)) == "phone"
