"""What is told besides what is asked, all of it: an answer in the middle, what is unusual, what could be had
instead, and how often somebody has failed before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.deciding import conversation as talk
from agent.deciding.basket import Offer
from agent.deciding.challenged import Challenged
from agent.deciding.dialogue import step
from agent.deciding.inquired import Inquired, Tell
from agent.deciding.placed import ReceiptArrived
from agent.deciding.rules import House, Moment, Person, Rule, judge
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import Verdict
from scripts.dialogue_values import ANNA, CALM, CHANCE, COFFEE, POLICY, TEA, WORDS

AROUND = Surroundings(POLICY, CALM)
DRAWING = replace(AROUND, chance=CHANCE)
NEW_GOODS = Rule("new-goods", "factor", unusual=("goods",))
WITH_RULE = replace(AROUND, house=House((NEW_GOODS,), Person("Anna")))
WITH_PIN = replace(WITH_RULE, circumstances=replace(CALM, factor_ready=True, pin_ready=True))


def says(effects: tuple[talk.Effect, ...]) -> talk.Say:
    (say,) = (effect for effect in effects if isinstance(effect, talk.Say))
    return say


@pytest.mark.parametrize(
    "state", [talk.Idle(), talk.Committing(COFFEE, ANNA), talk.Confirming(COFFEE, ANNA, said=COFFEE.digest)]
)
def test_the_answer_to_a_question_in_the_middle_is_told_first(state: talk.State) -> None:
    after, effects = step(state, Inquired("There are six."), AROUND)
    assert effects[0] == Tell("There are six.")
    assert type(after) is type(state)


def test_a_question_between_words_that_are_to_be_said_again_is_answered_as_well() -> None:
    after, effects = step(Challenged(COFFEE, ANNA, WORDS, said=COFFEE.digest), Inquired("Yes."), DRAWING)
    assert effects[0] == Tell("Yes.")
    assert isinstance(after, Challenged)


def test_what_is_unusual_is_said_where_a_factor_is_asked_for_on_that_account() -> None:
    after, effects = step(talk.Idle(), talk.OrderHeard(TEA, ANNA), WITH_PIN)
    assert isinstance(after, talk.AwaitingFactor)
    assert (says(effects).key, says(effects).unusual) == ("read_back_factor", "goods")


def test_the_same_where_words_are_asked_for_and_once_only() -> None:
    rule = Rule("new-goods", "challenge", unusual=("goods",))
    around = replace(DRAWING, house=House((rule,), Person("Anna")))
    asked, effects = step(talk.Idle(), talk.OrderHeard(TEA, ANNA), around)
    assert isinstance(asked, Challenged)
    assert (says(effects).key, says(effects).unusual) == ("read_back_challenge", "goods")
    _, effects = step(asked, talk.Confused(), around)
    assert says(effects).unusual == ""


@pytest.mark.parametrize(
    "state", [talk.Idle(), talk.Committing(TEA, ANNA)], ids=["announced", "while it is waited for"]
)
def test_what_could_be_had_instead_is_said_with_the_refusal(state: talk.State) -> None:
    arrived = ReceiptArrived("two packs of tea", "unavailable", instead="There is green tea.")
    _, effects = step(state, arrived, AROUND)
    assert says(effects).instead == "There is green tea."


def test_a_trace_says_what_was_unusual_also_where_the_rule_asks_for_nothing() -> None:
    less = Rule("dear-new-goods", "factor", unusual=("goods",), over_minor=10_000_00)
    (trace,) = judge(House((less,), Person("Anna")), TEA, CALM, POLICY).trace
    assert (trace.standing, trace.unusual) == ("less", ("goods",))
    for require, asks in (("deny", "factor"), ("second", "second")):
        rule = Rule("unknown", require, unusual=("goods",), categories=("alcohol",))  # type: ignore[arg-type]
        (trace,) = judge(House((rule,), Person("Anna")), TEA, CALM, POLICY).trace
        assert (trace.standing, trace.asks, trace.unusual) == ("applies_unknown", asks, ("goods",))


def test_orders_that_fail_one_after_another_are_counted_and_anything_understood_ends_the_count() -> None:
    unknown = talk.OrderHeard(TEA, Verdict(reason="unknown_voice"))
    once, effects = step(talk.Idle(), unknown, AROUND)
    assert talk.Record("refused_unknown_voice", TEA) in effects
    twice, _ = step(once, unknown, AROUND)
    assert (once, twice) == (talk.Idle(1), talk.Idle(2))
    elsewhere, _ = step(talk.Confirming(TEA, ANNA), talk.Confused(), AROUND)
    assert not isinstance(elsewhere, talk.Idle)


def test_a_rule_of_a_night_that_began_on_sunday_holds_on_monday_morning() -> None:
    rule = Rule("sunday-night", "deny", days=("sun",), from_="22:00", until="06:00")
    assert judge(House((rule,), Person("Anna"), Moment(0, 60)), TEA, CALM, POLICY).code == "rule_denied"


def test_whoever_refuses_a_stranger_what_a_sensor_proposed_writes_nobody_down() -> None:
    around = replace(AROUND, proposed=TEA)
    _, effects = step(talk.Idle(), talk.Answered(Answer("consent"), Verdict(reason="unknown_voice")), around)
    assert talk.Record("refused_unknown_voice", TEA) in effects


def test_a_factor_asked_for_in_place_of_a_voice_is_for_the_shop_s_offer_as_well() -> None:
    offer = Offer("", "", 0, COFFEE)
    state = talk.Confirming(COFFEE, ANNA, 2, offer=offer, said=COFFEE.digest)
    after, _ = step(state, talk.Confused(), replace(AROUND, ways=("pin",)))
    assert isinstance(after, talk.AwaitingFactor)
    assert after.offer == offer
