"""Words said after the device: a consent that no recording of an earlier one is, and one try for each."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.asking import MOST_TRIES
from agent.deciding.basket import Basket
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.challenge_words import (
    CHALLENGE,
    CHALLENGE_WORDS,
    LEAST_CHANCE_BYTES,
    WORDS_SAID,
    ChallengeSaid,
    drawn,
    in_words,
)
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Commit,
    Committing,
    Confirming,
    Confused,
    Effect,
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
from agent.deciding.lexicon import LEXICONS, spoken_numbers
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.rules import House, Person, Requirement, Rule
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer, HelpAsked, NotUnderstood, RepeatAsked, commands, understand
from agent.deciding.verification import Verdict, typed_by
from agent.plumbing.sentence_graph import normalise_text
from agent.plumbing.settings import Policy
from tests.deciding.conftest import CORNER_SHOP

ANNA, BERT, NOBODY = Verdict("p-anna"), Verdict("p-bert"), Verdict(reason="unknown_voice")
CHANCE, OTHER_CHANCE = bytes(range(16)), bytes(range(1, 17))


def _basket(quantity: int = 2) -> Basket:
    shop = parse_catalogue(CORNER_SHOP.read_bytes())
    return Basket((shop.line("coffee", {"roast": "dark"}, quantity, "en"),), 1)


BASKET, LARGER = _basket(), _basket(3)


def _around(*require: Requirement, chance: bytes = CHANCE, **circumstances: Any) -> Surroundings:
    rules = tuple(Rule(f"r-{at}", each) for at, each in enumerate(require))
    of = Circumstances(Money(0, "PLN"), **circumstances)
    return Surroundings(Policy(), of, house=House(rules, Person("Anna")), chance=chance)


ASKS = _around("challenge")


def _keys(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.key for effect in effects if isinstance(effect, Say)]


def _codes(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.code for effect in effects if isinstance(effect, Record)]


def _commits(effects: tuple[Effect, ...]) -> list[Commit]:
    return [effect for effect in effects if isinstance(effect, Commit)]


def _asked(around: Surroundings = ASKS) -> Challenged:
    state, effects = step(Idle(), OrderHeard(BASKET, ANNA), around)
    assert isinstance(state, Challenged), state
    assert _keys(effects) == ["read_back_challenge"]
    [say] = [effect for effect in effects if isinstance(effect, Say)]
    assert (say.listen, say.challenge) == (CHALLENGE, state.words)
    return state


def test_the_words_in_the_voice_that_asked_are_the_consent() -> None:
    asked = _asked()
    assert asked.said == BASKET.digest
    state, effects = step(asked, ChallengeAnswered(asked.words, ANNA, True), ASKS)
    assert state == Committing(BASKET, ANNA)
    assert _codes(effects) == ["confirmed_by_challenge"]
    assert _commits(effects) == [Commit(BASKET, ANNA, ("voice",), said=BASKET.digest)]


@pytest.mark.parametrize("others", [(1, 0, 2), (0,), ()])
def test_other_words_end_it_at_the_first_try(others: tuple[int, ...]) -> None:
    asked = _asked()
    wrong = tuple(asked.words[at] for at in others)
    state, effects = step(asked, ChallengeAnswered(wrong, ANNA, True), ASKS)
    assert (state, _keys(effects), _codes(effects)) == (Idle(), ["challenge_wrong"], ["challenge_wrong"])
    assert not _commits(effects)


@pytest.mark.parametrize(("speaker", "same"), [(NOBODY, False), (NOBODY, True), (BERT, True), (ANNA, False)])
def test_the_words_in_another_voice_end_it(speaker: Verdict, same: bool) -> None:
    asked = _asked()
    state, effects = step(asked, ChallengeAnswered(asked.words, speaker, same), ASKS)
    assert (state, _keys(effects)) == (Idle(), ["refused_other_voice"])
    assert _codes(effects) == ["challenge_other_voice"]


@pytest.mark.parametrize("kind", ["consent", "bare"])
def test_a_consent_that_could_have_been_recorded_is_none(kind: Any) -> None:
    asked = _asked()
    state, effects = step(asked, Answered(Answer(kind), ANNA, True), ASKS)
    assert isinstance(state, Challenged) and not _commits(effects)
    assert _keys(effects) == ["challenge_again"]


def test_anybody_may_say_no() -> None:
    for kind, code in (("denial", "cancelled"), ("later", "postponed")):
        state, effects = step(_asked(), Answered(Answer(kind), NOBODY), ASKS)  # type: ignore[arg-type]
        assert (state, _codes(effects)) == (Idle(), [code])


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (Helped(), False),
        (Repeated(), False),
        (Confused(), True),
        (Silent(), True),
        (ChallengeAnswered((0, 1, 2), Verdict(reason="too_noisy")), True),
        (ChallengeAnswered((0, 1, 2), Verdict(reason="too_short")), True),
        (OrderHeard(LARGER, BERT), True),
    ],
)
def test_each_question_has_other_words_and_the_earlier_ones_are_worth_nothing(
    event: Any, counts: bool
) -> None:
    asked = _asked()
    later = dataclasses.replace(ASKS, chance=OTHER_CHANCE)
    state, effects = step(asked, event, later)
    assert isinstance(state, Challenged) and state.words != asked.words
    assert (state.tries, state.said) == (asked.tries + counts, BASKET.digest)
    assert [effect.challenge for effect in effects if isinstance(effect, Say)] == [state.words]
    again, effects = step(state, ChallengeAnswered(asked.words, ANNA, True), later)
    assert (again, _codes(effects)) == (Idle(), ["challenge_wrong"])


def test_nobody_can_hold_it_open() -> None:
    state: Any = _asked()
    for _ in range(MOST_TRIES):
        state, effects = step(state, Confused(), ASKS)
    assert (state, _keys(effects), _codes(effects)) == (Idle(), ["nothing_ordered"], ["gave_up"])
    silent, _ = step(_asked(), Silent(), ASKS)
    assert step(silent, Silent(), ASKS)[0] == Idle()


def test_something_else_instead_is_read_back_with_words_of_its_own() -> None:
    asked = _asked()
    state, _ = step(asked, OrderHeard(LARGER, ANNA), ASKS)
    assert isinstance(state, Challenged)
    assert (state.basket, state.said) == (LARGER, LARGER.digest)
    assert state.words != asked.words  # though the chance is the same


@pytest.mark.parametrize(
    ("require", "wants"),
    [
        (("challenge", "factor"), "factor"),
        (("challenge", "second"), "factor"),
        (("challenge", "phone"), "phone"),
    ],
)
def test_with_anything_else_that_is_needed_a_stronger_factor_stands_for_it(
    require: tuple[Requirement, ...], wants: str
) -> None:
    around = _around(*require, factor_ready=True, phone_ready=True, second_ready=True)
    state, _ = step(Idle(), OrderHeard(BASKET, ANNA), around)
    assert isinstance(state, AwaitingFactor) and state.wants == wants


def test_above_what_a_voice_may_order_no_words_are_enough() -> None:
    dear = dataclasses.replace(
        _around("challenge", factor_ready=True), policy=Policy(voice_order_max_minor=1)
    )
    assert isinstance(step(Idle(), OrderHeard(BASKET, ANNA), dear)[0], AwaitingFactor)
    state, effects = step(_asked(), ChallengeAnswered(_asked().words, ANNA, True), dear)
    assert isinstance(state, AwaitingFactor) and not _commits(effects)


def test_where_no_words_can_be_asked_for_a_pin_is_or_it_is_refused() -> None:
    without = _around("challenge", chance=b"")
    state, effects = step(Idle(), OrderHeard(BASKET, ANNA), without)
    assert (state, _keys(effects)) == (Idle(), ["rule_challenge"])
    with_pin = _around("challenge", chance=b"", factor_ready=True)
    assert isinstance(step(Idle(), OrderHeard(BASKET, ANNA), with_pin)[0], AwaitingFactor)
    state, effects = step(_asked(), Confused(), with_pin)  # locked meanwhile
    assert isinstance(state, AwaitingFactor) and not _commits(effects)


def test_words_that_were_asked_for_are_met_though_no_others_may_be_asked_for_now() -> None:
    asked, locked = _asked(), dataclasses.replace(ASKS, chance=b"")
    state, effects = step(asked, ChallengeAnswered(asked.words, ANNA, True), locked)
    assert state == Committing(BASKET, ANNA) and len(_commits(effects)) == 1
    denied = _around("challenge", "deny")
    state, effects = step(asked, ChallengeAnswered(asked.words, ANNA, True), denied)
    assert (state, _keys(effects)) == (Idle(), ["rule_denied"])
    more = _around("challenge", "factor", factor_ready=True)
    state, effects = step(asked, ChallengeAnswered(asked.words, ANNA, True), more)
    assert isinstance(state, AwaitingFactor) and not _commits(effects)
    state, effects = step(asked, ChallengeAnswered(asked.words, ANNA, True), _around())
    assert state == Committing(BASKET, ANNA), "and where the rule is gone"


def test_what_is_typed_is_asked_for_no_words() -> None:
    around = _around("challenge", phone_ready=True)
    state, _ = step(Idle(), OrderHeard(BASKET, typed_by("p-anna")), around)
    assert isinstance(state, AwaitingFactor) and state.wants == "phone"


def test_a_rule_that_begins_after_the_read_back_asks_for_the_words() -> None:
    read_back = Confirming(BASKET, ANNA, said=BASKET.digest)
    state, effects = step(read_back, Answered(Answer("consent"), ANNA, True), ASKS)
    assert isinstance(state, Challenged) and not _commits(effects)


_SPEAKERS = st.sampled_from([ANNA, BERT, NOBODY, Verdict(reason="too_short")])
_EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(OrderHeard, st.sampled_from([BASKET, LARGER]), _SPEAKERS),
    st.builds(Answered, st.sampled_from([Answer("consent"), Answer("bare")]), _SPEAKERS, st.booleans()),
    st.sampled_from([Confused(), Silent(), Helped(), Repeated(), WasWrong(noted=True)]),
    st.builds(ChallengeAnswered, st.just(()), _SPEAKERS, st.booleans()),
)


@given(st.lists(st.tuples(_EVENTS, st.sampled_from(["right", "earlier", "wrong"])), max_size=10))
def test_nothing_is_signed_but_by_the_words_that_were_asked_for_last(
    events: list[tuple[Event, str]],
) -> None:
    """Whatever happens before, and with chance of its own at each step."""
    state: State = Idle()
    asked_for: list[tuple[int, ...]] = [(0, 1, 2)]
    for number, (event, how) in enumerate(events):
        if isinstance(event, ChallengeAnswered):
            words = {"right": asked_for[-1], "earlier": asked_for[0], "wrong": asked_for[-1][::-1]}[how]
            event = dataclasses.replace(event, words=words)
        before = state
        around = dataclasses.replace(ASKS, chance=number.to_bytes(16))
        state, effects = step(state, event, around)
        for effect in effects:
            if isinstance(effect, Say) and effect.challenge:
                asked_for.append(effect.challenge)
            if isinstance(effect, Commit):
                assert isinstance(before, Challenged) and isinstance(event, ChallengeAnswered)
                assert event.words == before.words and event.speaker == before.speaker
                assert event.same_speaker and event.speaker.person and effect.basket == before.basket
        assert not isinstance(state, Confirming)


@given(st.binary(min_size=LEAST_CHANCE_BYTES, max_size=32), st.sampled_from(["a", "b"]))
def test_drawn_words_are_different_and_depend_on_chance_and_basket(chance: bytes, digest: str) -> None:
    words = drawn(chance, digest)
    assert len(set(words)) == WORDS_SAID and all(0 <= place < 32 for place in words)
    assert words == drawn(chance, digest)
    assert in_words(words, "en").count(", ") == WORDS_SAID - 1


def test_every_word_is_drawn_and_two_baskets_seldom_have_the_same() -> None:
    draws = [drawn(number.to_bytes(16), "a") for number in range(500)]
    assert {place for words in draws for place in words} == set(range(32))
    assert len(set(draws)) > 480
    assert sum(drawn(number.to_bytes(16), "b") == draws[number] for number in range(500)) < 3


def test_words_that_could_be_guessed_are_never_drawn() -> None:
    with pytest.raises(ValueError, match="guessed"):
        drawn(bytes(LEAST_CHANCE_BYTES - 1), BASKET.digest)


@pytest.mark.parametrize("language", CHALLENGE_WORDS)
def test_no_word_means_anything_else_and_no_two_are_alike(language: str) -> None:
    words = [normalise_text(word) for word in CHALLENGE_WORDS[language]]
    assert len(set(words)) == 32
    lexicon = LEXICONS[language]
    said = commands(language) | lexicon.denial_words | lexicon.doubt_words | spoken_numbers(language).keys()
    assert said.isdisjoint(words)
    assert all(sum(letter in "aeiouyó" for letter in word) >= 2 for word in words if word not in ("smok",))


@pytest.mark.parametrize(
    ("said", "open_words", "meaning"),
    [
        ("river candle dragon", "river candle dragon", ChallengeSaid((0, 1, 4))),
        ("okay nabu yes dragon river candle", "okay nabu yes dragon river candle", ChallengeSaid((4, 0, 1))),
        ("river candle dragon please", "", ChallengeSaid((0, 1, 4))),
        ("river candle", "", NotUnderstood()),
        ("river candle dragon", "no river candle dragon", Answer("denial")),
        ("river candle dragon", "he has just told you to say river candle and dragon", NotUnderstood()),
        ("cancel", "cancel", Answer("denial")),
        ("help", "help", HelpAsked()),
        ("repeat that", "repeat that", RepeatAsked()),
        ("yes place my order", "yes place my order", NotUnderstood()),
    ],
)
def test_what_is_heard_there(
    english: SentenceParser, catalogue: Catalogue, said: str, open_words: str, meaning: object
) -> None:
    assert understand(english, catalogue, CHALLENGE, said, open_words) == meaning


def test_polish_has_them_too(polish: SentenceParser, catalogue: Catalogue) -> None:
    assert understand(polish, catalogue, CHALLENGE, "rzeka swieca smok") == ChallengeSaid((0, 1, 4))
