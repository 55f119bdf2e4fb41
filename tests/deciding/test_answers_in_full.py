"""What is said and written, all of it, when somebody answers whether another is wanted, which of two it was,
or speaks on while the shop is asked."""

from __future__ import annotations

from typing import Literal

import pytest

from agent.deciding.asking import MOST_TRIES
from agent.deciding.choice import CHOICE, Alternatives
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    Choosing,
    Commit,
    Committing,
    Confirming,
    Confused,
    Helped,
    Idle,
    OrderHeard,
    Record,
    Repeated,
    Say,
    Silent,
    State,
    WentOn,
)
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.offered import AwaitingOffer
from agent.deciding.policy import Circumstances
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE, TEA

ANNA, BERT = Verdict("p-anna"), Verdict("p-bert")
CALM = Surroundings(Policy(), Circumstances(Money(0, "PLN")))
TWO = Alternatives(COFFEE, TEA)


def answered(kind: str, speaker: Verdict = BERT) -> Answered:
    return Answered(Answer(kind), speaker)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("why", "kind", "key", "code"),
    [
        ("another", "denial", "left_as_it_is", "declined_another"),
        ("another", "later", "left_as_it_is", "postponed"),
        ("much", "denial", "cancelled", "declined_much"),
        ("much", "later", "cancelled", "postponed"),
    ],
)
def test_whether_it_is_really_meant_is_denied_by_anybody_and_noted_as_of_who_ordered(
    why: Literal["another", "much"], kind: str, key: str, code: str
) -> None:
    state, effects = step(AskingAnother(COFFEE, ANNA, why=why), answered(kind), CALM)
    assert state == Idle()
    assert effects == (Say(key), Record(code, COFFEE, "p-anna"))


@pytest.mark.parametrize("kind", ["denial", "later"])
def test_neither_of_two(kind: str) -> None:
    state, effects = step(Choosing(TWO, ANNA), answered(kind), CALM)
    assert state == Idle()
    assert effects == (Say("which_neither"), Record("chose_neither", person="p-anna"))


@pytest.mark.parametrize("event", [answered("consent"), answered("bare"), Confused(), Silent()])
def test_what_does_not_say_which_ends_it(event: Answered | Confused | Silent) -> None:
    state, effects = step(Choosing(TWO, ANNA), event, CALM)
    assert state == Idle()
    assert effects == (Say("which_unclear"), Record("gave_up", person="p-anna"))


@pytest.mark.parametrize(
    ("kind", "code"), [("denial", "cancelled"), ("later", "postponed"), ("consent", ""), ("bare", "")]
)
def test_who_speaks_on_before_the_offer_takes_it_back_or_says_nothing(kind: str, code: str) -> None:
    asked = AwaitingOffer(COFFEE, ANNA)
    state, effects = step(asked, answered(kind), CALM)
    assert state == (Idle() if code else asked)
    assert effects == ((Say(code), Record(code, COFFEE, "p-bert")) if code else ())


@pytest.mark.parametrize(("kind", "code"), [("denial", "cancelled"), ("later", "postponed")])
def test_a_denial_of_what_was_read_back_is_noted_as_of_whoever_said_it(kind: str, code: str) -> None:
    state, effects = step(Confirming(COFFEE, ANNA, said=COFFEE.digest), answered(kind), CALM)
    assert state == Idle()
    assert effects == (Say(code), Record(code, COFFEE, "p-bert"))


@pytest.mark.parametrize(("room", "key"), [("", "not_understood"), ("too_loud", "too_loud")])
def test_what_is_no_order_is_told_with_what_may_be_the_reason(
    room: Literal["", "too_loud"], key: str
) -> None:
    state, effects = step(Idle(), Confused(room), CALM)
    assert state == Idle(1)
    assert effects == (Say(key), Record("not_understood"))


@pytest.mark.parametrize(
    ("state", "help_", "again"),
    [
        (Choosing(TWO, ANNA), "help_which", "which"),
        (Choosing(TWO, ANNA, "which_again"), "which_again", "which_again"),
        (AwaitingFactor(COFFEE, ANNA), "read_back_factor", "read_back_factor"),
        (AwaitingFactor(COFFEE, ANNA, wants="phone"), "read_back_phone", "read_back_phone"),
        (AskingAnother(COFFEE, ANNA), "help_another", "another"),
        (AskingAnother(COFFEE, ANNA, why="much"), "help_much", "much"),
        (Confirming(COFFEE, ANNA), "help_confirming", "read_back"),
        (Confirming(COFFEE, TYPED), "help_confirming", "read_back_typed"),
    ],
)
def test_help_and_repetition_are_about_what_is_asked(state: State, help_: str, again: str) -> None:
    for event, key in ((Helped(), help_), (Repeated(), again)):
        _, effects = step(state, event, CALM)
        if isinstance(state, Choosing):
            assert effects == (Say(key, CHOICE, COFFEE, TEA),)
        else:
            assert effects == (Say(key, "consent", COFFEE),)


@pytest.mark.parametrize(
    "state",
    [
        Confirming(COFFEE, ANNA),
        AskingAnother(COFFEE, ANNA),
        Choosing(TWO, ANNA),
        AwaitingFactor(COFFEE, ANNA),
        AwaitingOffer(COFFEE, ANNA),
    ],
)
def test_what_went_on_was_not_said_and_is_noted(state: State) -> None:
    assert step(state, WentOn(), CALM) == (Idle(), (Record("went_on", COFFEE, "p-anna"),))


READ_BACK = Confirming(COFFEE, ANNA, said=COFFEE.digest)


def test_a_consent_is_noted_and_what_was_read_back_is_signed() -> None:
    state, effects = step(READ_BACK, Answered(Answer("consent"), ANNA, True), CALM)
    assert state == Committing(COFFEE, ANNA)
    assert effects == (
        Record("consented", COFFEE, "p-anna"),
        Commit(COFFEE, ANNA, said=COFFEE.digest),
    )


def test_what_was_not_read_back_is_refused_with_all_that_it_is_about() -> None:
    asked = Confirming(COFFEE, ANNA, said=TEA.digest)
    state, effects = step(asked, Answered(Answer("consent"), ANNA, True), CALM)
    assert state == Idle()
    assert effects == (Say("not_read_back", basket=COFFEE), Record("not_read_back", COFFEE, "p-anna"))


def test_an_order_of_nobody_known_is_refused_as_of_nobody() -> None:
    state, effects = step(Idle(), OrderHeard(COFFEE, Verdict(reason="too_short")), CALM)
    assert state == Idle(1)
    assert effects == (Say("refused_too_short", basket=COFFEE), Record("refused_too_short", COFFEE))


@pytest.mark.parametrize("question", ["which", "which_again"])
def test_two_orders_are_asked_about_and_noted(question: Literal["which", "which_again"]) -> None:
    state, effects = step(Idle(), OrderHeard(COFFEE, ANNA, TEA, question), CALM)
    assert state == Choosing(TWO, ANNA, question)
    assert effects == (Say(question, CHOICE, COFFEE, TEA), Record("asked_which", COFFEE, "p-anna"))


def test_another_voice_is_refused_as_of_who_ordered() -> None:
    state, effects = step(READ_BACK, Answered(Answer("consent"), BERT, True), CALM)
    assert state == Idle()
    assert effects == (
        Say("refused_other_voice", basket=COFFEE),
        Record("refused_other_voice", COFFEE, "p-anna"),
    )


def test_a_typed_consent_is_told_who_may_and_stays_asked() -> None:
    state, effects = step(READ_BACK, answered("consent", TYPED), CALM)
    assert state == READ_BACK
    assert effects == (Say("typed_cannot_confirm", "consent", COFFEE), Record("refused_typed", COFFEE))


@pytest.mark.parametrize(
    ("answer", "speaker", "again", "last"),
    [
        (Answer("consent", 3, "bag"), ANNA, "read_back_differs", "say_how_to_order"),
        (Answer("consent"), Verdict(reason="too_short"), "again_too_short", "refused_too_short"),
        (Answer("consent"), Verdict(reason="too_noisy"), "again_too_noisy", "refused_too_noisy"),
        (Answer("bare"), ANNA, "say_sentence", "sentence_needed"),
    ],
)
def test_what_falls_short_of_a_consent_is_asked_again_and_at_last_told(
    answer: Answer, speaker: Verdict, again: str, last: str
) -> None:
    state, effects = step(READ_BACK, Answered(answer, speaker, True), CALM)
    assert isinstance(state, Confirming) and state.tries == 2
    assert effects == (Say(again, "consent", COFFEE),)
    at_last = Confirming(COFFEE, ANNA, MOST_TRIES, said=COFFEE.digest)
    state, effects = step(at_last, Answered(answer, speaker, True), CALM)
    if answer.kind != "bare":  # that is asked for as a sentence once, however often anything was asked
        assert state == Idle()
        assert effects == (Say(last, basket=COFFEE), Record("gave_up", COFFEE, "p-anna"))


@pytest.mark.parametrize(
    ("state", "key"),
    [
        (READ_BACK, "order_open"),
        (AskingAnother(COFFEE, ANNA), "order_open"),
        (AwaitingFactor(COFFEE, ANNA), "factor_needed"),
        (AwaitingFactor(COFFEE, ANNA, wants="second"), "second_needed"),
    ],
)
def test_somebody_elses_order_is_noted_and_the_open_question_put_again(state: State, key: str) -> None:
    _, effects = step(state, OrderHeard(TEA, BERT), CALM)
    assert effects == (Record("order_open", TEA, "p-bert"), Say(key, "consent", COFFEE))
