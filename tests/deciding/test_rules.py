"""Rules of a house: each only ever asks for more, and says so."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.deciding.basket import Basket, Factor, Line
from agent.deciding.details import Facts
from agent.deciding.money import Money
from agent.deciding.permitting import permit, wanted
from agent.deciding.policy import Circumstances, decide
from agent.deciding.reading_back import by_voice_or_factor
from agent.deciding.reply_words import REPLIES
from agent.deciding.rules import (
    DAYS,
    NEEDS,
    House,
    Judgement,
    Moment,
    Need,
    Person,
    Rule,
    is_then,
    judge,
    may_be_second,
)
from agent.deciding.surroundings import Surroundings
from agent.deciding.unusual import NO_PAST, Past
from agent.deciding.verification import Reason, Verdict
from agent.plumbing.settings import Policy

TUESDAY_AT_TEN = Moment(1, 10 * 60)
FACTS = {
    "wine": Facts(categories=("alcohol",)),
    "sweets": Facts(categories=("sweets", "snacks")),
    "thinner": Facts(categories=("paint",), hazard=("GHS02", "GHS07")),
    "screws": Facts(who=("fitter",)),
    "tea": Facts(),
}
CALM = Circumstances(Money(0, "PLN"))
ANNA, TOM = Person("Anna", frozenset({"parent"})), Person("Tom", frozenset({"child"}))
MARIA = Person("Maria", frozenset({"fitter"}), frozenset({"4711"}), frozenset({"GHS02"}))


def _basket(*lines: tuple[str, int], price: int = 10_00) -> Basket:
    """Of (product, quantity)."""
    made = [
        Line(product, product, (), product, quantity, "piece", Money(price, "PLN"))
        for product, quantity in lines
    ]
    return Basket(tuple(made), 1)


def _judged(
    *rules: Rule,
    basket: Basket,
    person: Person = ANNA,
    at: Moment = TUESDAY_AT_TEN,
    facts: Mapping[str, Facts] = FACTS,
    lost: bool = False,
) -> Judgement:
    return judge(House(rules, person, at, facts, lost), basket, CALM, Policy())


def test_a_rule_is_about_all_that_it_names_and_of_each_list_one() -> None:
    rule = Rule("r", "deny", roles=("child", "guest"), categories=("alcohol", "tobacco"))
    assert _judged(rule, basket=_basket(("wine", 1)), person=TOM).rule == "r"
    assert _judged(rule, basket=_basket(("tea", 1), ("wine", 1)), person=TOM).code == "rule_denied"
    for basket, person, standing in (
        (_basket(("wine", 1)), ANNA, "other_person"),
        (_basket(("tea", 1)), TOM, "other_goods"),
    ):
        judged = _judged(rule, basket=basket, person=person)
        assert judged.passes and not judged.needs
        assert [step.standing for step in judged.trace] == [standing]


def test_people_are_named_in_any_case_of_letters_and_cost_centres_count() -> None:
    assert _judged(Rule("r", "factor", people=("anna",)), basket=_basket(("tea", 1))).needs == {"factor"}
    centre = Rule("r", "second", cost_centres=("4711",))
    assert _judged(centre, basket=_basket(("tea", 1)), person=MARIA).needs == {"second"}
    assert not _judged(centre, basket=_basket(("tea", 1))).needs


def test_amounts_and_packs_are_those_of_the_goods_that_the_rule_is_about() -> None:
    rule = Rule("r", "factor", categories=("sweets",), over_packs=2)
    assert not _judged(rule, basket=_basket(("sweets", 2), ("tea", 5))).needs
    assert _judged(rule, basket=_basket(("sweets", 3))).needs == {"factor"}
    rule = Rule("r", "phone", products=("tea",), over_minor=20_00)
    assert not _judged(rule, basket=_basket(("tea", 2), ("wine", 3))).needs
    assert _judged(rule, basket=_basket(("tea", 3))).needs == {"phone"}


@pytest.mark.parametrize(
    ("day", "minute", "held"),
    [
        (4, 23 * 60, True),
        (4, 22 * 60 + 59, False),
        (5, 0, True),  # Saturday, of the night that began on Friday
        (5, 6 * 60, False),
        (4, 3 * 60, False),  # Friday, of the night that began on Thursday
        (5, 23 * 60, False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(day: int, minute: int, held: bool) -> None:
    assert (
        is_then(Rule("r", "deny", days=("fri",), from_="23:00", until="06:00"), Moment(day, minute)) is held
    )


def test_hours_of_one_day_begin_at_their_first_minute_and_end_before_their_last() -> None:
    rule = Rule("r", "deny", from_="08:00", until="16:00")
    held = [minute for minute in range(24 * 60) if is_then(rule, Moment(0, minute))]
    assert (held[0], held[-1], len(held)) == (480, 959, 480)


def test_hours_that_end_when_they_begin_are_the_whole_day() -> None:
    rule = Rule("r", "deny", from_="08:00", until="08:00")
    assert all(is_then(rule, Moment(0, minute)) for minute in (0, 479, 480, 481, 1439))


@pytest.mark.parametrize("require", NEEDS)
def test_what_a_device_can_ask_for_passes_with_it(require: Need) -> None:
    judged = _judged(Rule("r", require), basket=_basket(("tea", 1)))
    assert (judged.passes, judged.needs, judged.code) == (True, {require}, "")


def test_who_is_trained_may_order_what_is_hazardous_and_nobody_else() -> None:
    rule = Rule("r", "trained", hazards=("GHS02", "GHS06"))
    basket = _basket(("thinner", 1))
    assert _judged(rule, basket=basket, person=MARIA).passes
    assert _judged(rule, basket=basket).code == "rule_denied"
    both = Rule("r", "trained", hazards=("GHS02", "GHS07"))
    assert _judged(both, basket=basket, person=MARIA).code == "rule_denied", "she is trained for one of them"


def test_what_is_not_known_of_goods_asks_for_a_factor_and_never_for_nothing() -> None:
    for require in ("deny", "trained"):
        rule = Rule("r", require, hazards=("GHS02",))  # type: ignore[arg-type]
        judged = _judged(rule, basket=_basket(("thinner", 1)), facts={})
        assert judged.passes and judged.needs == {"factor"}
    rule = Rule("r", "deny", categories=("alcohol",), over_packs=2)
    assert _judged(rule, basket=_basket(("wine", 3), ("x", 1))).code == "rule_denied"
    judged = _judged(rule, basket=_basket(("wine", 2), ("x", 1)))
    assert (judged.code, judged.needs) == ("", {"factor"}), "only with the unknown is it too much"
    rule = Rule("r", "second", categories=("alcohol",), over_packs=2)
    assert _judged(rule, basket=_basket(("wine", 2), ("x", 1))).needs == {"second"}
    assert not _judged(rule, basket=_basket(("wine", 1), ("x", 1))).needs


def test_training_for_the_known_goods_is_none_for_the_unknown_beside_them() -> None:
    rule = Rule("r", "trained", hazards=("GHS02", "GHS06"))
    for basket in (_basket(("x", 1)), _basket(("x", 1), ("thinner", 1))):
        judged = _judged(rule, basket=basket, person=MARIA)
        assert (judged.code, judged.needs) == ("", {"factor"})
        assert [step.standing for step in judged.trace] == ["applies_unknown"]
    assert _judged(rule, basket=_basket(("x", 1), ("thinner", 1))).code == "rule_denied"


@pytest.mark.parametrize("person", [ANNA, MARIA])
def test_where_the_shops_word_on_who_may_order_is_lost_a_factor_is_asked_for(person: Person) -> None:
    basket = _basket(("screws", 1))
    judged = _judged(basket=basket, person=person, facts={}, lost=True)
    assert (judged.passes, judged.needs) == (True, {"factor"})
    assert [(step.rule.id, step.standing) for step in judged.trace] == [("shop-who", "applies_unknown")]
    judged = _judged(basket=basket, person=person, facts={})
    assert judged.passes and not judged.needs, "where it never told, nothing is lost"


def test_the_shops_word_on_who_may_order_holds() -> None:
    assert _judged(basket=_basket(("screws", 1)), person=MARIA).passes
    judged = _judged(basket=_basket(("screws", 1)))
    assert (judged.code, judged.rule) == ("rule_denied", "shop-who")


def test_what_needs_a_pin_is_bounded_by_what_a_pin_may_order() -> None:
    own = Policy(factor_order_max_minor=50_00)
    house = House((Rule("r", "factor"),), ANNA, TUESDAY_AT_TEN, FACTS)
    judged = judge(house, _basket(("tea", 6)), CALM, own)
    assert (judged.code, judged.limit) == ("order_over_limit", 50_00)


_NAMES = st.lists(st.sampled_from(["Anna", "Tom", "Maria"]), max_size=2).map(tuple)
_HOURS = st.sampled_from([(None, None), ("08:00", "16:00"), ("22:00", "06:00")])
_RULES = st.builds(
    lambda hours, **given: Rule("r", from_=hours[0], until=hours[1], **given),
    _HOURS,
    require=st.sampled_from(["challenge", "factor", "phone", "second", "trained", "deny"]),
    people=_NAMES,
    roles=st.lists(st.sampled_from(["child", "parent", "fitter"]), max_size=1).map(tuple),
    cost_centres=st.lists(st.just("4711"), max_size=1).map(tuple),
    products=st.lists(st.sampled_from([*FACTS, "x"]), max_size=2).map(tuple),
    categories=st.lists(st.sampled_from(["alcohol", "sweets"]), max_size=2).map(tuple),
    hazards=st.lists(st.sampled_from(["GHS02", "GHS07"]), max_size=2).map(tuple),
    days=st.lists(st.sampled_from(DAYS), max_size=3).map(tuple),
    unusual=st.sampled_from([(), (), ("goods",), ("amount", "hour"), ("goods", "amount", "hour")]),
    over_minor=st.sampled_from([0, 50_00, 500_00]),
    over_packs=st.sampled_from([0, 1, 20]),
)
BOOKS = st.lists(_RULES, max_size=4).map(tuple)
BASKETS = st.builds(
    lambda lines, price: _basket(*lines, price=price),
    st.lists(st.tuples(st.sampled_from([*FACTS, "x"]), st.integers(1, 30)), min_size=1, max_size=6),
    st.integers(0, 200_00),
)
AROUND = st.builds(
    Circumstances,
    st.integers(0, 300_00).map(lambda minor: Money(minor, "PLN")),
    clock_trusted=st.booleans(),
    factor_ready=st.booleans(),
    phone_ready=st.booleans(),
    second_ready=st.booleans(),
    spent_by_voice=st.none() | st.integers(0, 300_00).map(lambda minor: Money(minor, "PLN")),
)
MOMENTS = st.builds(Moment, st.integers(0, 6), st.integers(0, 24 * 60 - 1))
PEOPLE = st.sampled_from([ANNA, TOM, MARIA])
LIMITS = st.builds(
    Policy,
    voice_order_max_minor=st.sampled_from([0, 50_00, 100_00]),
    factor_order_max_minor=st.sampled_from([50_00, 1_000_00]),
)
TOLD = st.sets(st.sampled_from(list(FACTS))).map(lambda ids: {id_: FACTS[id_] for id_ in ids})


@given(LIMITS, BOOKS, BOOKS, st.integers(0, 4), BASKETS, PEOPLE, AROUND, MOMENTS, TOLD)
def test_more_rules_never_make_an_order_easier(
    limits: Policy,
    own: tuple[Rule, ...],
    more: tuple[Rule, ...],
    at: int,
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    facts: Mapping[str, Facts],
) -> None:
    alone = judge(House(own, person, moment, facts), basket, around, limits)
    both = judge(House(own[:at] + more + own[at:], person, moment, facts), basket, around, limits)
    assert alone.passes or not both.passes
    assert not alone.code or both.code
    assert both.needs >= alone.needs


OF_GOODS = st.builds(
    Rule,
    st.just("r"),
    st.sampled_from(["trained", "deny", "second"]),
    categories=st.sampled_from([(), ("alcohol", "paint")]),
    hazards=st.sampled_from([("GHS02",), ("GHS02", "GHS06"), ("GHS07",)]),
    unusual=st.sampled_from([(), (), ("goods",), ("goods", "amount", "hour")]),
    over_minor=st.sampled_from([0, 0, 50_00]),
    over_packs=st.sampled_from([0, 0, 2]),
)
"""Rules that look at goods and at nothing else, so that few examples find where two lines meet."""
KNOWN = Past(frozenset({"wine"}), 20_00, frozenset({10}))
LINES = st.lists(
    st.tuples(st.sampled_from(["x", "thinner", "wine"]), st.integers(1, 3)), min_size=1, max_size=2
)


@settings(max_examples=500)
@example(Rule("r", "trained", hazards=("GHS02",)), [("x", 1)], [("thinner", 1)], MARIA, False, NO_PAST)
@given(
    *(OF_GOODS, LINES, LINES, st.sampled_from([ANNA, MARIA]), st.sampled_from([False, False, True])),
    st.sampled_from([NO_PAST, KNOWN]),
)
def test_more_lines_never_need_less(
    rule: Rule,
    fewer: list[tuple[str, int]],
    added: list[tuple[str, int]],
    person: Person,
    lost: bool,
    past: Past,
) -> None:
    house = House((rule,), person, TUESDAY_AT_TEN, FACTS, lost, past)
    alone = judge(house, _basket(*fewer), CALM, Policy())
    more = judge(house, _basket(*fewer, *added), CALM, Policy())
    assert alone.passes or not more.passes
    assert not alone.code or more.code
    assert more.code or more.needs >= alone.needs


@given(LIMITS, BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS)
def test_what_needs_more_than_a_voice_still_does_when_the_details_are_lost(
    limits: Policy,
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
) -> None:
    told = judge(House(rules, person, moment, FACTS), basket, around, limits)
    lost = judge(House(rules, person, moment, {}, lost=True), basket, around, limits)
    assert lost.needs or lost.code
    assert lost.needs - {"factor"} >= told.needs - {"factor"}


@given(LIMITS, BASKETS, PEOPLE, AROUND, MOMENTS)
def test_without_rules_it_is_the_limits_of_the_tiers(
    limits: Policy, basket: Basket, person: Person, around: Circumstances, moment: Moment
) -> None:
    judged = judge(House((), person, moment), basket, around, limits)
    by_voice = decide(basket, around, limits)
    by_factor = decide(basket, around, limits, tier="factor")
    assert judged.passes == (by_voice.allowed or by_factor.allowed)
    assert judged.needs == (set() if by_voice.allowed else {"factor"})
    assert judged.above_voice == by_voice.code
    if not judged.passes:
        assert (judged.code, judged.limit) == (by_factor.code, by_factor.limit)


@given(BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS, TOLD)
def test_what_is_asked_for_is_what_the_trace_tells(
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    facts: Mapping[str, Facts],
) -> None:
    judged = judge(House(rules, person, moment, facts), basket, around, Policy())
    asked = {step.asks for step in judged.trace}
    assert judged.needs == {need for need in NEEDS if need in asked} | (
        {"factor"} if judged.above_voice else set()
    )
    assert not ("deny" in asked and not judged.code)
    assert all(step.asks or step.standing != "applies_unknown" for step in judged.trace)


@given(LIMITS, BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS, TOLD)
def test_the_dialogue_is_told_what_was_judged(
    limits: Policy,
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    facts: Mapping[str, Facts],
) -> None:
    house = House(rules, person, moment, facts)
    judged = judge(house, basket, around, limits)
    surroundings = Surroundings(limits, around, house=house)
    by_voice, by_factor = permit(basket, surroundings), permit(basket, surroundings, "factor")
    assert by_voice.allowed == (judged.passes and not judged.needs)
    own = around.factor_ready or around.phone_ready
    ready = {"phone": around.phone_ready, "second": around.second_ready, "factor": own, "challenge": own}
    could = judged.passes and all(ready[need] for need in judged.needs)
    if not decide(basket, around, limits).allowed or judged.needs:
        assert by_factor.allowed == (could and decide(basket, around, limits, tier="factor").allowed)
    said = by_voice_or_factor(basket, surroundings)
    assert said.allowed == (by_voice.allowed or (could and by_factor.allowed))
    assert said.allowed or said.code in REPLIES["en"]
    assert by_factor.allowed or by_factor.code in REPLIES["en"]
    if judged.code:
        assert not by_voice.allowed and not by_factor.allowed


@given(LIMITS, BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS, st.sampled_from(["", "typed"]))
def test_what_is_wanted_one_after_another_is_all_that_is_needed(
    limits: Policy,
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    reason: Reason,
) -> None:
    house = House(rules, person, moment)
    surroundings, speaker = Surroundings(limits, around, house=house), Verdict("p-1", reason)
    needs = judge(house, basket, around, limits).needs
    given_: tuple[Factor, ...] = ()
    second, wants = "", wanted(basket, speaker, surroundings)
    for _ in range(4):
        match wants:
            case "factor":
                given_ = (*given_, "pin")
            case "phone":
                given_ = (*given_, "phone")
            case "second":
                second = "p-2"
        wants = wanted(basket, speaker, surroundings, given_, second)
    assert wants == ""
    assert "phone" in given_ or not ("phone" in needs or reason == "typed")
    assert given_ or not needs & {"factor", "challenge"}
    assert bool(second) == ("second" in needs)


@given(BOOKS, BASKETS, PEOPLE, PEOPLE, MOMENTS, TOLD)
def test_more_rules_never_let_another_person_agree(
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    second: Person,
    moment: Moment,
    facts: Mapping[str, Facts],
) -> None:
    house = House(rules, person, moment, facts)
    for fewer in (rules[1:], rules[:-1], ()):
        before = may_be_second(msgspec.structs.replace(house, rules=fewer), basket, second)
        assert before or not may_be_second(house, basket, second)


def test_every_part_of_a_rule_is_tried() -> None:
    """Or a new one would be forgotten above."""
    tried = {"id", "require", "people", "roles", "cost_centres", "products", "categories", "hazards", "days"}
    assert {field.name for field in msgspec.structs.fields(Rule)} == tried | {
        *("from_", "until", "unusual", "over_minor", "over_packs", "say")
    }
