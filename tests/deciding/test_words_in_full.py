"""What is said and written, all of it, while words are to be said again, and when somebody says that it went
wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.deciding.asking import MOST_SILENCES, MOST_TRIES
from agent.deciding.basket import Offer
from agent.deciding.challenge_words import CHALLENGE, drawn
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.choice import Alternatives
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    Choosing,
    Commit,
    Committing,
    Confirming,
    Confused,
    Event,
    Helped,
    Idle,
    OrderHeard,
    Record,
    Repeated,
    Say,
    Silent,
    State,
)
from agent.deciding.dialogue import step
from agent.deciding.feedback_given import WasWrong
from agent.deciding.money import Money
from agent.deciding.offered import AwaitingOffer, OfferArrived
from agent.deciding.policy import Circumstances
from agent.deciding.rules import House, Person, Rule
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import Verdict
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE, TEA

ANNA, BERT, SHORT = Verdict("p-anna"), Verdict("p-bert"), Verdict(reason="too_short")
CHANCE = bytes(range(16))
RULES = House((Rule("r", "challenge"),), Person("Anna"))
AROUND = Surroundings(Policy(), Circumstances(Money(0, "PLN")), house=RULES, chance=CHANCE)
CHEAPER = COFFEE.at([Money(90, "PLN")])
OFFER = Offer("token", "intent", 1, COFFEE)
WORDS, NEW = (1, 2, 3), drawn(CHANCE, CHEAPER.digest)
ASKED = Challenged(CHEAPER, ANNA, WORDS, offer=OFFER, said=CHEAPER.digest)
RIGHT = ChallengeAnswered(WORDS, ANNA, True)


def again(key: str, tries: int = 1, words: tuple[int, ...] = NEW) -> tuple[State, tuple[Say, ...]]:
    """The same question with other words."""
    state = replace(ASKED, words=words, tries=tries)
    return state, (Say(key, CHALLENGE, CHEAPER, challenge=words),)


def test_the_question_is_put_with_words_and_noted() -> None:
    words = drawn(CHANCE, COFFEE.digest)
    state, effects = step(Idle(), OrderHeard(COFFEE, ANNA), AROUND)
    assert state == Challenged(COFFEE, ANNA, words, said=COFFEE.digest)
    assert effects == (
        Say("read_back_challenge", CHALLENGE, COFFEE, challenge=words),
        Record("asked_challenge", COFFEE, "p-anna"),
    )


def test_at_the_price_of_an_offer_the_words_are_asked_for_that() -> None:
    state, effects = step(AwaitingOffer(COFFEE, ANNA), OfferArrived(CHEAPER, OFFER), AROUND)
    assert state == replace(ASKED, words=NEW)
    assert effects[0] == Say("read_back_challenge", CHALLENGE, CHEAPER, challenge=NEW)


def test_the_right_words_sign_just_that_at_the_price_of_the_offer() -> None:
    state, effects = step(ASKED, RIGHT, AROUND)
    assert state == Committing(CHEAPER, ANNA, OFFER)
    assert effects == (
        Record("confirmed_by_challenge", CHEAPER, "p-anna"),
        Commit(CHEAPER, ANNA, offer=OFFER, said=CHEAPER.digest),
    )


@pytest.mark.parametrize(
    ("event", "key", "code"),
    [
        (ChallengeAnswered((3, 2, 1), ANNA, True), "challenge_wrong", "challenge_wrong"),
        (ChallengeAnswered(WORDS, BERT, True), "refused_other_voice", "challenge_other_voice"),
        (ChallengeAnswered(WORDS, ANNA, False), "refused_other_voice", "challenge_other_voice"),
        (ChallengeAnswered(WORDS, Verdict(), True), "refused_other_voice", "challenge_other_voice"),
    ],
)
def test_what_ends_it_is_written_before_it_is_said(event: Event, key: str, code: str) -> None:
    state, effects = step(ASKED, event, AROUND)
    assert state == Idle()
    assert effects == (Record(code, CHEAPER, "p-anna"), Say(key, basket=CHEAPER))


def test_without_a_name_on_either_side_nobody_has_said_them() -> None:
    nobodys = replace(ASKED, speaker=Verdict())
    assert step(nobodys, ChallengeAnswered(WORDS, Verdict(), True), AROUND)[0] == Idle()


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (ChallengeAnswered(WORDS, SHORT), "challenge_too_short"),
        (ChallengeAnswered(WORDS, Verdict(reason="too_noisy")), "challenge_too_noisy"),
        (Answered(Answer("consent"), ANNA, True), "challenge_again"),
        (Answered(Answer("bare"), ANNA, True), "challenge_again"),
        (Confused(), "challenge_again"),
    ],
)
def test_what_decides_nothing_is_answered_with_other_words_so_often_and_no_more(
    event: Event, key: str
) -> None:
    for tries in range(1, MOST_TRIES):
        assert step(replace(ASKED, tries=tries), event, AROUND) == again(key, tries + 1)
    state, effects = step(replace(ASKED, tries=MOST_TRIES), event, AROUND)
    assert state == Idle()
    assert effects == (Say("nothing_ordered", basket=CHEAPER), Record("gave_up", CHEAPER, "p-anna"))


def test_silence_is_borne_less_often() -> None:
    assert step(replace(ASKED, tries=MOST_SILENCES - 1), Silent(), AROUND) == again(
        "challenge_again", MOST_SILENCES
    )
    assert step(replace(ASKED, tries=MOST_SILENCES), Silent(), AROUND)[0] == Idle()


@pytest.mark.parametrize(
    ("event", "key"), [(Helped(), "help_challenge"), (Repeated(), "read_back_challenge")]
)
def test_help_and_a_repetition_are_no_try_and_have_other_words(event: Event, key: str) -> None:
    assert step(replace(ASKED, tries=MOST_TRIES), event, AROUND) == again(key, MOST_TRIES)


@pytest.mark.parametrize(("kind", "code"), [("denial", "cancelled"), ("later", "postponed")])
def test_anybody_takes_it_back_and_is_named(kind: Any, code: str) -> None:
    state, effects = step(ASKED, Answered(Answer(kind), BERT), AROUND)
    assert state == Idle()
    assert effects == (Say(code), Record(code, CHEAPER, "p-bert"))


def test_somebody_else_who_orders_is_put_off_and_named() -> None:
    put_off = Record("order_open", TEA, "p-bert")
    state, effects = step(ASKED, OrderHeard(TEA, BERT), AROUND)
    after, said = again("challenge_open", 2)
    assert (state, effects) == (after, (put_off, *said))
    state, effects = step(replace(ASKED, tries=MOST_TRIES), OrderHeard(TEA, BERT), AROUND)
    assert state == Idle()
    assert effects == (
        put_off,
        Say("nothing_ordered", basket=CHEAPER),
        Record("gave_up", CHEAPER, "p-anna"),
    )


@pytest.mark.parametrize("event", [Confused(), Silent(), Helped(), Repeated(), OrderHeard(TEA, BERT)])
def test_where_no_words_can_be_drawn_any_more_a_pin_is_asked_for_at_the_same_price(event: Event) -> None:
    pin = Circumstances(Money(0, "PLN"), factor_ready=True)
    state, effects = step(ASKED, event, replace(AROUND, chance=b"", circumstances=pin))
    assert state == AwaitingFactor(CHEAPER, ANNA, offer=OFFER, said=CHEAPER.digest)
    assert effects[-2:] == (
        Say("read_back_factor", "consent", CHEAPER),
        Record("asked_factor", CHEAPER, "p-anna"),
    )


def test_the_right_words_when_the_rule_has_lapsed_are_enough() -> None:
    """Nothing has to be asked for any more."""
    assert step(ASKED, RIGHT, replace(AROUND, house=House()))[0] == Committing(CHEAPER, ANNA, OFFER)


def test_the_right_words_when_more_is_needed_by_now_ask_for_that_at_the_same_price() -> None:
    pin = Circumstances(Money(0, "PLN"), factor_ready=True)
    both = House((Rule("r", "challenge"), Rule("f", "factor")), Person("Anna"))
    state, _ = step(ASKED, RIGHT, replace(AROUND, house=both, circumstances=pin))
    assert state == AwaitingFactor(CHEAPER, ANNA, offer=OFFER, said=CHEAPER.digest)


def test_the_right_words_when_the_day_is_another_read_it_back_once_more() -> None:
    moved = replace(AROUND, delivery="2026-12-01", delivery_stands=False)
    basket = CHEAPER.coming("2026-12-01")
    state, effects = step(ASKED, RIGHT, moved)
    words = drawn(CHANCE, basket.digest)
    assert state == Challenged(basket, ANNA, words, offer=OFFER, said=basket.digest)
    assert effects[0] == Say("read_back_challenge", CHALLENGE, basket, challenge=words)


@pytest.mark.parametrize(("noted", "key"), [(True, "wrong_noted"), (False, "wrong_lost")])
def test_that_it_was_wrong_ends_what_is_open_and_is_noted_as_of_who_ordered(noted: bool, key: str) -> None:
    wrong = WasWrong(noted)
    assert step(Idle(), wrong, AROUND) == (Idle(), (Say(key), Record("was_wrong")))
    opened = f"{key}_open"
    for state, said in (
        (Confirming(COFFEE, ANNA), opened),
        (Challenged(COFFEE, ANNA, WORDS), opened),
        (AwaitingFactor(COFFEE, ANNA), opened),
        (AwaitingOffer(COFFEE, ANNA), opened),
        (AskingAnother(COFFEE, ANNA, why="much"), opened),
        (Choosing(Alternatives(COFFEE, TEA), ANNA), opened),
        (AskingAnother(COFFEE, ANNA), key),  # of which one is queued already
    ):
        noted_as = Record("was_wrong", COFFEE, "p-anna")
        assert step(state, wrong, AROUND) == (Idle(), (Say(said), noted_as)), state
