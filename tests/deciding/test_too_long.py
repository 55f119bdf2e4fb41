"""What is too long to be said aloud: a question is put whole, shown by a phone, or not put."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.choice import CHOICE, Alternatives
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    Choosing,
    Commit,
    Committing,
    Confirming,
    FactorGiven,
    FactorRefused,
    Idle,
    OrderHeard,
    Outcome,
    Record,
    Repeated,
    Say,
    State,
)
from agent.deciding.dialogue import step
from agent.deciding.inquired import Inquired, Tell
from agent.deciding.offered import AwaitingOffer, OfferArrived
from agent.deciding.placed import Committed
from agent.deciding.policy import Circumstances
from agent.deciding.replies import REPLIES
from agent.deciding.rules import House, Person, Requirement, Rule
from agent.deciding.surroundings import Surroundings
from agent.deciding.too_long import AND_SO_ON, or_too_long, shortened
from agent.deciding.understanding import Answer
from agent.plumbing.messages import LONGEST_SAID
from agent.plumbing.settings import Policy
from scripts.dialogue_values import ANNA, BOTH, COFFEE, OFFER, ZERO

NAMES_ALL = frozenset(
    key for key, text in REPLIES["en"].items() if "{items}" in text.lower() or "{one}" in text
)
SHOWN = Say("shown_on_phone", "consent", BOTH, limit=2)
CHANCE = bytes(16)


def around(*require: Requirement, **circumstances: Any) -> Surroundings:
    """Whatever names a basket is too long to be said."""
    house = House(tuple(Rule(f"r-{each}", each) for each in require), Person("Anna"))
    return Surroundings(
        Policy(),
        Circumstances(ZERO, **circumstances),
        house=house,
        chance=CHANCE,
        ways=("chat", "person"),
        too_long=lambda say, _: say.key in NAMES_ALL,
    )


def ordered(where: Surroundings) -> Outcome:
    return step(Idle(), OrderHeard(BOTH, ANNA), where)


REFUSED = (
    Idle(),
    (Say("too_long", ways=("chat",)), Record("too_long", BOTH, ANNA.person)),
)


@pytest.mark.parametrize(
    ("require", "ready"),
    [
        ((), {}),
        (("challenge",), {}),
        (("factor",), {"factor_ready": True}),
        (("second",), {"second_ready": True}),
        (("second",), {"second_ready": True, "phone_ready": True}),
        (("phone", "second"), {"second_ready": True, "phone_ready": True}),
    ],
)
def test_what_cannot_be_read_out_is_refused_where_no_phone_shows_all_that_is_needed(
    require: tuple[Requirement, ...], ready: dict[str, bool]
) -> None:
    assert ordered(around(*require, **ready)) == REFUSED


def test_a_phone_is_no_way_above_what_it_may_confirm() -> None:
    where = replace(around(phone_ready=True), policy=Policy(factor_order_max_minor=BOTH.total.minor - 1))
    state = Confirming(BOTH, ANNA, said=BOTH.digest)
    after, effects = step(state, Repeated(), where)
    assert (after, effects) == REFUSED


@pytest.mark.parametrize("require", [(), ("challenge",), ("factor",), ("phone",)])
def test_a_phone_shows_what_cannot_be_read_out(require: tuple[Requirement, ...]) -> None:
    after, effects = ordered(around(*require, phone_ready=True, factor_ready=True))
    assert after == AwaitingFactor(BOTH, ANNA, wants="phone")
    assert effects == (SHOWN, Record("asked_phone", BOTH, ANNA.person))


def test_its_approval_is_the_consent_and_its_prices_are_those_of_the_offer() -> None:
    where = around(phone_ready=True)
    offer = msgspec.structs.replace(OFFER, heard=BOTH)
    waiting, _ = step(AwaitingOffer(BOTH, ANNA), OfferArrived(BOTH, offer), where)
    after, effects = step(waiting, FactorGiven(ANNA.person, "phone"), where)
    assert after == Committing(BOTH, ANNA, offer)
    assert [effect for effect in effects if isinstance(effect, Commit)] == [
        Commit(BOTH, ANNA, ("voice", "phone"), offer, BOTH.digest)
    ]


@pytest.mark.parametrize("factor", ["badge", "pin"])
def test_nothing_else_confirms_what_nobody_has_heard(factor: Any) -> None:
    where = around(phone_ready=True, factor_ready=True)
    waiting, _ = ordered(where)
    after, effects = step(waiting, FactorGiven(ANNA.person, factor), where)
    assert (after, effects) == (once_more(waiting), (SHOWN,))
    answered, effects = step(waiting, Answered(Answer("consent"), ANNA, True), where)
    assert (answered, effects) == (once_more(waiting), (SHOWN,))


def once_more(state: State) -> State:
    """With one try more."""
    assert isinstance(state, AwaitingFactor)
    return replace(state, tries=state.tries + 1)


def test_what_was_read_out_whole_and_waits_for_a_phone_is_confirmed_by_a_badge_as_before() -> None:
    """As where somebody was heard badly twice: nothing but a factor is asked for there."""
    waiting = AwaitingFactor(BOTH, ANNA, wants="phone", said=BOTH.digest)
    after, _ = step(waiting, FactorGiven(ANNA.person, "badge"), around(phone_ready=True, factor_ready=True))
    assert after == Committing(BOTH, ANNA)


def test_asked_about_once_more_it_is_the_same_and_what_came_before_the_question_is_said() -> None:
    where = around(phone_ready=True)
    waiting, _ = ordered(where)
    assert step(waiting, Repeated(), where) == (waiting, (SHOWN,))
    assert step(waiting, Inquired("It is in stock."), where) == (waiting, (Tell("It is in stock."), SHOWN))
    after, effects = step(waiting, FactorRefused("factor_wrong"), where)
    assert (after, effects) == (once_more(waiting), (SHOWN,))


def test_a_choice_of_two_and_a_doubt_that_cannot_be_said_are_refused() -> None:
    where = around(phone_ready=True)
    after, effects = step(Idle(), OrderHeard(BOTH, ANNA, COFFEE), where)
    assert (after, effects) == REFUSED
    after, effects = step(Choosing(Alternatives(BOTH, COFFEE), ANNA), Repeated(), where)
    assert (after, effects) == REFUSED
    queued = around(phone_ready=True, queued_same=True)
    assert ordered(queued) == REFUSED
    assert isinstance(
        step(Idle(), OrderHeard(BOTH, ANNA), replace(queued, too_long=lambda *_: False))[0], AskingAnother
    )


def test_what_only_tells_is_nobodys_to_refuse() -> None:
    state = Committing(BOTH, ANNA)
    assert step(state, Committed(online=False), around()) == (Idle(), (Say("queued", basket=BOTH),))
    assert Say("which", CHOICE).listen


@given(st.text(st.sampled_from("ab ,.ż"), max_size=3 * LONGEST_SAID), st.sampled_from(sorted(AND_SO_ON)))
def test_what_is_shortened_can_be_said_and_is_a_beginning_of_it(text: str, language: str) -> None:
    said = shortened(text, language)
    assert len(said) <= LONGEST_SAID
    if len(text) <= LONGEST_SAID:
        assert said == text
    else:
        kept = said.removesuffix(f", {AND_SO_ON[language]}")
        assert kept != said and text.startswith(kept)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 970 + " tail;:, " + "y" * 100, "x" * 970 + " tail"),
        ("x" * 970 + "X, " + "y" * 100, "x" * 970 + "X"),
        ("x" * 988 + " " + "y" * 100, "x" * 988),
        ("x" * 989 + " y", "x" * 988),
        ("two bags. " * 200, "two bags. " * 98 + "two"),
    ],
)
def test_it_ends_after_a_word_and_without_a_stop(text: str, kept: str) -> None:
    assert shortened(text + " " * LONGEST_SAID, "en") == f"{kept}, and so on."


def test_what_may_be_said_to_its_end_is() -> None:
    exactly = "word " * 199 + "whole"
    assert len(exactly) == LONGEST_SAID and shortened(exactly, "en") == exactly


def test_it_is_asked_about_what_would_be_said_with_the_state_after_it() -> None:
    asked: list[tuple[Say, State]] = []

    def too_long(say: Say, state: State) -> bool:
        asked.append((say, state))
        return False

    after, effects = step(Idle(), OrderHeard(BOTH, ANNA), replace(around(), too_long=too_long))
    assert isinstance(after, Confirming)
    assert asked == [(effects[0], replace(after, said=""))], "before it is said"


def test_where_nothing_is_asked_nothing_is_too_long() -> None:
    nothing: Outcome = (Idle(), (Say("help", "consent"),))
    assert or_too_long(nothing, replace(around(), too_long=lambda *_: True)) == nothing


def test_what_only_a_factor_may_confirm_is_shown_by_a_phone_as_well() -> None:
    where = replace(around(phone_ready=True), policy=Policy(voice_order_max_minor=BOTH.total.minor - 1))
    assert ordered(where)[1] == (SHOWN, Record("asked_phone", BOTH, ANNA.person))
