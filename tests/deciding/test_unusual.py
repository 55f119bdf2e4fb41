"""What is unusual for who orders, and that a history only ever makes orders easier."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.commands.policy_words import about, verdict
from agent.deciding.basket import Basket
from agent.deciding.details import Facts
from agent.deciding.lexicon import LEXICONS
from agent.deciding.permitting import unusual_in
from agent.deciding.policy import Circumstances
from agent.deciding.policy_file import parse_policy
from agent.deciding.replies_unusual import why_unusual
from agent.deciding.rules import House, Judgement, Moment, Person, Rule, judge
from agent.deciding.surroundings import Surroundings
from agent.deciding.unusual import NO_PAST, Past, Unusual, unusual
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Policy
from tests.deciding.test_rules import (
    ANNA,
    AROUND,
    BASKETS,
    BOOKS,
    CALM,
    LIMITS,
    MOMENTS,
    PEOPLE,
    TOLD,
    _basket,
)

NOON = Moment(1, 12 * 60 + 30)
PASTS = st.builds(
    Past,
    st.frozensets(st.sampled_from(["wine", "sweets", "thinner", "screws", "tea", "x"])),
    st.sampled_from([0, 10_00, 60_00]),
    st.frozensets(st.integers(0, 23), max_size=4),
)


def _judged(rule: Rule, basket: Basket, past: Past = NO_PAST, at: Moment = NOON) -> Judgement:
    return judge(House((rule,), ANNA, at, past=past), basket, CALM, Policy())


def _found(asked: tuple[Unusual, ...], basket: Basket, past: Past, minute: int = 12 * 60) -> object:
    found, lines = unusual(asked, basket.lines, basket.total.minor, minute, past)
    return found, [line.product_id for line in lines]


KNOWN = Past(frozenset({"tea", "milk"}), 20_00, frozenset({12}))


def test_goods_are_new_until_they_were_ordered_and_only_these_are_meant() -> None:
    assert _found(("goods",), _basket(("tea", 1), ("wine", 1)), KNOWN) == (("goods",), ["wine"])
    assert _found(("goods",), _basket(("tea", 9), ("milk", 1)), KNOWN) == ((), [])
    assert _found(("goods",), _basket(("tea", 1)), NO_PAST) == (("goods",), ["tea"])


def test_an_amount_is_unusual_above_twice_the_dearest_order() -> None:
    assert _found(("amount",), _basket(("tea", 4)), KNOWN) == ((), [])
    assert _found(("amount",), _basket(("tea", 5)), KNOWN) == (("amount",), ["tea"])
    assert _found(("goods", "amount"), _basket(("tea", 4), ("wine", 1)), KNOWN) == (
        ("goods", "amount"),
        ["tea", "wine"],
    ), "where it is the amount, all of it counts"


@pytest.mark.parametrize(
    ("hour", "hours", "is_unusual"),
    [
        (12, {12}, False),
        (11, {12}, False),
        (13, {12}, False),
        (13, {13}, False),
        (14, {12}, True),
        (10, {12}, True),
        (0, {23}, False),
        (23, {0}, False),
        (22, {0}, True),
        (12, set[int](), True),
    ],
)
def test_an_hour_is_usual_beside_one_that_was_used_also_around_midnight(
    hour: int, hours: set[int], is_unusual: bool
) -> None:
    past = Past(hours=frozenset(hours))
    asked: tuple[Unusual, ...] = ("hour",)
    for minute in (0, 59):
        found, lines = unusual(asked, _basket(("tea", 1)).lines, 10_00, hour * 60 + minute, past)
        assert found == (asked if is_unusual else ())
        assert bool(lines) is is_unusual


def test_a_first_small_order_is_easy_and_a_dear_one_is_asked_for_more() -> None:
    rule = Rule("r", "challenge", unusual=("goods", "amount", "hour"), over_minor=30_00)
    small, dear = _basket(("milk", 3)), _basket(("milk", 3), ("wine", 1))
    assert not _judged(rule, small).needs
    assert _judged(rule, dear).needs == {"challenge"}
    as_usual = Past(frozenset({"milk", "wine"}), 20_00, frozenset({12}))
    judged = _judged(rule, dear, as_usual)
    assert not judged.needs and [step.standing for step in judged.trace] == ["as_usual"]
    assert judged.unusual == ""


def test_of_new_goods_amounts_and_packs_are_those_of_the_new_ones() -> None:
    rule = Rule("r", "factor", unusual=("goods",), over_packs=2)
    assert not _judged(rule, _basket(("tea", 5), ("wine", 2)), KNOWN).needs
    judged = _judged(rule, _basket(("tea", 5), ("wine", 3)), KNOWN)
    assert judged.needs == {"factor"} and judged.unusual == "goods"
    assert judged.trace[0].unusual == ("goods",)


def test_it_narrows_a_rule_like_any_other_condition() -> None:
    rule = Rule("r", "factor", products=("tea",), unusual=("goods",))
    assert not _judged(rule, _basket(("wine", 1)), KNOWN).needs, "the new goods are not those of the rule"
    assert not _judged(rule, _basket(("tea", 1), ("wine", 1)), KNOWN).needs
    assert _judged(rule, _basket(("tea", 1), ("wine", 1))).needs == {"factor"}


@given(LIMITS, BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS, TOLD, PASTS, PASTS)
def test_a_longer_history_never_asks_for_more(
    limits: Policy,
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    facts: Mapping[str, Facts],
    past: Past,
    more: Past,
) -> None:
    longer = Past(
        past.products | more.products,
        max(past.dearest_minor, more.dearest_minor),
        past.hours | more.hours,
    )
    house = House(rules, person, moment, facts, past=past)
    before = judge(house, basket, around, limits)
    after = judge(msgspec.structs.replace(house, past=longer), basket, around, limits)
    assert before.code or after.needs <= before.needs
    assert after.passes or not before.passes


@given(LIMITS, BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS, PASTS)
def test_a_rule_that_looks_back_asks_for_no_more_than_it_did_without(
    limits: Policy,
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    past: Past,
) -> None:
    """So a release that does not know `unusual`, and drops it, is never less strict."""
    of_any = tuple(msgspec.structs.replace(rule, unusual=()) for rule in rules)
    looked = judge(House(rules, person, moment, past=past), basket, around, limits)
    dropped = judge(House(of_any, person, moment, past=past), basket, around, limits)
    assert dropped.code or looked.needs <= dropped.needs
    assert looked.passes or not dropped.passes


@given(BOOKS, BASKETS, PEOPLE, MOMENTS, TOLD, PASTS)
def test_why_is_said_where_a_rule_asks_on_account_of_it_and_nowhere_else(
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    moment: Moment,
    facts: Mapping[str, Facts],
    past: Past,
) -> None:
    house = House(rules, person, moment, facts, past=past)
    judged = judge(house, basket, CALM, Policy())
    said = unusual_in(basket, Surroundings(Policy(), CALM, house=house))
    asking = [step for step in judged.trace if step.asks and step.unusual]
    assert bool(said) == bool(asking) and (not asking or said in asking[0].unusual)
    for step in judged.trace:
        assert set(step.unusual) <= set(step.rule.unusual)
        assert not (step.standing.startswith("applies") and step.rule.unusual and not step.unusual)


@pytest.mark.parametrize("language", LEXICONS)
def test_each_reason_has_a_sentence_of_its_own_in_every_language(language: str) -> None:
    said = {why_unusual(why, lines, language) for why in ("goods", "amount", "hour") for lines in (1, 2)}
    assert len(said) == 4 and all(each.startswith(" ") and each.endswith(".") for each in said)
    assert why_unusual("", 1, language) == ""


def test_it_is_explained_in_words() -> None:
    rule = Rule("new-and-dear", "challenge", unusual=("goods", "hour"), over_minor=30_00)
    judged = _judged(rule, _basket(("wine", 4)), KNOWN)
    assert verdict(judged, _basket(("wine", 4))) == (
        "Yes, with words that are said after the device, because the rule new-and-dear asks for words to be"
        " said after the device, or more: a PIN or badge for goods that this person has not ordered before"
        " above 30.00 PLN."
    )
    [as_usual] = _judged(rule, _basket(("tea", 4)), KNOWN).trace
    assert about(as_usual, "PLN") == (
        "is about goods that this person has not ordered before or an hour at which this person has not"
        " ordered before"
    )


RULE = '[[rule]]\nid = "r"\nrequire = "factor"\nunusual = ["goods"]\n'


def test_a_file_says_that_an_earlier_release_does_not_know_it() -> None:
    assert parse_policy(f"schema_version = 3\n{RULE}").rules[0].unusual == ("goods",)
    for head in ("", "schema_version = 1\n", "schema_version = 2\n"):
        with pytest.raises(ConfigurationError) as caught:
            parse_policy(head + RULE)
        assert "schema_version = 3" in caught.value.detail
    with pytest.raises(ConfigurationError, match="unusual"):
        parse_policy('schema_version = 3\n[[rule]]\nid = "r"\nrequire = "deny"\nunusual = ["smell"]\n')


def test_a_later_file_may_name_what_this_release_does_not_know_and_is_stricter() -> None:
    [rule] = parse_policy(f'schema_version = 4\n{RULE}smell = "odd"\n').rules
    assert (rule.unusual, rule.require) == (("goods",), "factor")
    [rule] = parse_policy(f"schema_version = 4\n{RULE}".replace('"goods"', '"goods", "mood"')).rules
    assert rule.unusual == (), "about any order, and not about fewer"
