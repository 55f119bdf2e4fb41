"""What confirms an order above the voice: whose PIN, badge or phone, in which order, and how long it is
waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.deciding.asking import MOST_TRIES, MOST_TRIES_ELSEWHERE
from agent.deciding.basket import Factor, Offer
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Changed,
    ChangeUnclear,
    Commit,
    Committing,
    Confused,
    Effect,
    Event,
    FactorGiven,
    FactorRefused,
    Idle,
    OrderHeard,
    PhoneRefused,
    Record,
    Say,
    Silent,
    Wanted,
)
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.rules import House, Person, Rule
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import Verdict, typed_by
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE, TEA

ANNA, BERT = Verdict("p-anna"), "p-bert"
ANNA_RULED = Person("Anna")
ALL = Circumstances(Money(0, "PLN"), factor_ready=True, phone_ready=True, second_ready=True)
SECOND = Rule("two", "second")
APPRENTICES = Rule("two", "second", roles=("apprentice",))


def around(*rules: Rule, person: Person = ANNA_RULED, second: Person | None = None) -> Surroundings:
    return Surroundings(Policy(), ALL, house=House(rules, person), second=second)


def awaiting(wants: Wanted = "factor", *given: Factor, tries: int = 1) -> AwaitingFactor:
    return AwaitingFactor(COFFEE, ANNA, tries, wants=wants, given=given, said=COFFEE.digest)


def said(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.key for effect in effects if isinstance(effect, Say)]


def test_another_persons_badge_agrees_and_is_written_as_hers() -> None:
    bert = around(SECOND, second=Person("Bert"))
    state, effects = step(awaiting("second"), FactorGiven(BERT, "badge"), bert)
    assert state == Committing(COFFEE, ANNA)
    assert effects == (
        Record("approved_by_badge", COFFEE, BERT),
        Commit(COFFEE, ANNA, ("voice",), None, COFFEE.digest, by_another=True),
    )


def test_what_the_second_person_gives_is_none_of_the_factors_of_who_ordered() -> None:
    bert = around(SECOND, Rule("pin", "factor"), second=Person("Bert"))
    _, effects = step(awaiting("second", "pin"), FactorGiven(BERT, "phone"), bert)
    assert effects[-1] == Commit(COFFEE, ANNA, ("voice", "pin"), None, COFFEE.digest, by_another=True)


def test_nobody_is_the_second_person_of_their_own_order() -> None:
    state, effects = step(
        awaiting("second"), FactorGiven(ANNA.person, "pin"), around(SECOND, second=Person("Anna"))
    )
    assert state == awaiting("second", tries=2)
    assert said(effects) == ["second_not_this"]


@pytest.mark.parametrize(
    "surroundings",
    [
        around(APPRENTICES, person=Person("Anna", frozenset({"apprentice"}))),
        around(
            APPRENTICES,
            person=Person("Anna", frozenset({"apprentice"})),
            second=Person("Bert", frozenset({"apprentice"})),
        ),
    ],
)
def test_a_second_person_who_is_not_known_or_may_not_agree_is_told_so(surroundings: Surroundings) -> None:
    state, effects = step(awaiting("second"), FactorGiven(BERT, "badge"), surroundings)
    assert state == awaiting("second", tries=2)
    assert said(effects) == ["second_may_not"]


def test_first_the_factor_of_who_ordered_and_then_the_second_person() -> None:
    both = around(SECOND, Rule("pin", "factor"))
    state, effects = step(awaiting("factor", tries=2), FactorGiven(ANNA.person, "pin"), both)
    assert state == awaiting("second", "pin")
    assert effects == (
        Record("confirmed_by_pin", COFFEE, ANNA.person),
        Say("read_back_second", "consent", COFFEE),
        Record("asked_second", COFFEE, ANNA.person),
    )
    with_bert = around(SECOND, Rule("pin", "factor"), second=Person("Bert"))
    state, effects = step(state, FactorGiven(BERT, "pin"), with_bert)
    assert effects[-1] == Commit(COFFEE, ANNA, ("voice", "pin"), None, COFFEE.digest, by_another=True)


def test_a_badge_is_no_phone_and_both_are_kept_when_the_phone_comes() -> None:
    phone = around(Rule("p", "phone"))
    state, effects = step(awaiting("phone"), FactorGiven(ANNA.person, "badge"), phone)
    assert state == awaiting("phone", tries=2)
    assert said(effects) == ["phone_needed"]
    state, effects = step(state, FactorGiven(ANNA.person, "phone"), phone)
    assert state == Committing(COFFEE, ANNA)
    assert effects[-1] == Commit(COFFEE, ANNA, ("voice", "phone"), None, COFFEE.digest)


def test_what_was_typed_is_confirmed_by_the_phone_alone() -> None:
    typist = typed_by(ANNA.person)
    state, effects = step(Idle(), OrderHeard(COFFEE, typist), around())
    assert isinstance(state, AwaitingFactor) and state.wants == "phone"
    _, effects = step(state, FactorGiven(ANNA.person, "phone"), around())
    assert effects[-1] == Commit(COFFEE, typist, ("phone",), None, COFFEE.digest)


def test_somebody_elses_badge_is_no_factor() -> None:
    state, effects = step(awaiting(), FactorGiven(BERT, "badge"), around(second=Person("Bert")))
    assert state == awaiting(tries=2)
    assert said(effects) == ["factor_of_another"]


def test_a_limit_that_a_factor_does_not_lift_ends_it() -> None:
    poor = Surroundings(Policy(factor_order_max_minor=1), ALL)
    for event in (FactorGiven(ANNA.person, "pin"),):
        state, effects = step(awaiting(), event, poor)
        assert state == Idle()
        assert effects == (
            Say("order_over_limit", basket=COFFEE, limit=1),
            Record("order_over_limit", COFFEE, ANNA.person),
        )


@pytest.mark.parametrize(
    ("wants", "most", "last"),
    [
        ("factor", MOST_TRIES, "not_confirmed"),
        ("phone", MOST_TRIES_ELSEWHERE, "not_approved"),
        ("second", MOST_TRIES_ELSEWHERE, "not_approved"),
    ],
)
@pytest.mark.parametrize("event", [Silent(), Confused(), Answered(Answer("consent"), ANNA, True)])
def test_it_is_waited_for_so_long_and_longer_for_what_has_to_be_fetched(
    wants: Wanted, most: int, last: str, event: Event
) -> None:
    state: object = awaiting(wants)
    for tries in range(2, most + 1):
        state, effects = step(state, event, around())  # type: ignore[arg-type]
        assert state == awaiting(wants, tries=tries)
        assert effects == (Say(f"{wants}_needed", "consent", COFFEE),)
    state, effects = step(state, event, around())  # type: ignore[arg-type]
    assert state == Idle()
    assert effects == (Say(last, basket=COFFEE), Record("gave_up", COFFEE, ANNA.person))


@pytest.mark.parametrize(
    ("wants", "key"), [("factor", "factor_wrong"), ("phone", "phone_wrong"), ("second", "second_wrong")]
)
def test_a_wrong_number_is_told_as_what_was_awaited(wants: Wanted, key: str) -> None:
    state, effects = step(awaiting(wants), FactorRefused("factor_wrong"), around())
    assert state == awaiting(wants, tries=2)
    assert said(effects) == [key]


def test_what_else_is_wrong_with_a_number_is_told_by_its_code() -> None:
    _, effects = step(awaiting(), FactorRefused("factor_of_another"), around())
    assert said(effects) == ["factor_of_another"]


@pytest.mark.parametrize("wants", ["factor", "phone", "second"])
def test_too_many_wrong_ones_end_it(wants: Wanted) -> None:
    state, effects = step(awaiting(wants), FactorRefused("factor_locked"), around())
    assert state == Idle()
    assert effects == (
        Say("factor_locked", basket=COFFEE),
        Record("factor_locked", COFFEE, ANNA.person),
    )


def test_whoever_refuses_on_the_phone_is_the_one_who_is_written_down() -> None:
    state, effects = step(awaiting("second"), PhoneRefused(BERT), around())
    assert state == Idle()
    assert effects == (Say("phone_refused", basket=COFFEE), Record("phone_refused", COFFEE, BERT))


@pytest.mark.parametrize(("kind", "code"), [("denial", "cancelled"), ("later", "postponed")])
def test_anybody_ends_the_waiting_and_it_is_written_as_of_who_ordered(kind: str, code: str) -> None:
    answer = Answer(kind)  # type: ignore[arg-type]
    state, effects = step(awaiting("phone"), Answered(answer, Verdict(reason="unknown_voice")), around())
    assert state == Idle()
    assert effects == (Say(code, basket=COFFEE), Record(code, COFFEE, ANNA.person))


@pytest.mark.parametrize("wants", ["factor", "phone", "second"])
@pytest.mark.parametrize("event", [ChangeUnclear(), Changed(TEA, Verdict(BERT), True), Changed(TEA, ANNA)])
def test_a_change_that_is_none_leaves_what_is_awaited(wants: Wanted, event: Event) -> None:
    state, effects = step(awaiting(wants), event, around())
    assert state == awaiting(wants, tries=2)
    assert effects == (Say(f"{wants}_needed", "consent", COFFEE),)


def test_what_was_given_for_one_basket_is_not_given_for_another() -> None:
    state, _ = step(
        awaiting("second", "pin"), Changed(TEA, ANNA, True), around(SECOND, Rule("pin", "factor"))
    )
    assert state == AwaitingFactor(TEA, ANNA, wants="factor", said=TEA.digest)


def test_where_the_day_is_another_by_then_it_is_asked_for_anew_at_the_same_price() -> None:
    cheaper = COFFEE.at([Money(90, "PLN")])
    offer = Offer("token", "intent", 1, COFFEE)
    asked = AwaitingFactor(cheaper, ANNA, offer=offer, said=cheaper.digest)
    moved = replace(around(Rule("r", "factor")), delivery="2026-12-01", delivery_stands=False)
    basket = cheaper.coming("2026-12-01")
    state, effects = step(asked, FactorGiven(ANNA.person, "pin"), moved)
    assert state == AwaitingFactor(basket, ANNA, offer=offer, said=basket.digest)
    assert effects == (
        Say("read_back_factor", "consent", basket),
        Record("asked_factor", basket, ANNA.person),
    )
