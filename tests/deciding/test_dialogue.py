"""The promises of the conversation: who may consent, to what, and what a no means."""

from __future__ import annotations

import dataclasses
import itertools
import typing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.deciding import conversation
from agent.deciding.asking import MOST_TRIES
from agent.deciding.basket import Basket, Offer
from agent.deciding.catalogue import Catalogue
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    AwaitReceipt,
    Changed,
    Commit,
    Committing,
    Confirming,
    Confused,
    Event,
    FactorGiven,
    Helped,
    Idle,
    OrderHeard,
    Record,
    Repeated,
    Say,
    Silent,
    State,
)
from agent.deciding.dialogue import TABLE, step
from agent.deciding.money import Money
from agent.deciding.offered import AwaitingOffer, OfferArrived, OfferLate, OfferOver
from agent.deciding.placed import Committed, NotCommitted, ReceiptArrived, ReceiptLate
from agent.deciding.policy import Circumstances
from agent.deciding.replies import render
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict
from agent.plumbing.settings import Policy
from tests.deciding.conftest import CORNER_SHOP, HEARS

ANNA, BERT, NOBODY = Verdict("p-anna"), Verdict("p-bert"), Verdict(reason="unknown_voice")
CONSENT, BARE, DENIAL = Answer("consent"), Answer("bare"), Answer("denial")


def _around(
    spent: int = 0, queued_same: bool = False, clock: bool = True, by_all: int | None = None
) -> Surroundings:
    spent_by_voice = None if by_all is None else Money(by_all, "PLN")
    circumstances = Circumstances(Money(spent, "PLN"), queued_same, clock, spent_by_voice=spent_by_voice)
    return Surroundings(Policy(), circumstances)


def _shop() -> Catalogue:
    from agent.deciding.catalogue import parse_catalogue

    return parse_catalogue(CORNER_SHOP.read_bytes())


def _basket(quantity: int = 2) -> Basket:
    return Basket((_shop().line("coffee", {"roast": "dark"}, quantity, "en"),), 1)


BASKET = _basket()
ASKED = Confirming(BASKET, ANNA, said=BASKET.digest)


def _said(effects: tuple[conversation.Effect, ...]) -> list[str]:
    return [effect.key for effect in effects if isinstance(effect, Say)]


def _codes(effects: tuple[conversation.Effect, ...]) -> list[str]:
    return [effect.code for effect in effects if isinstance(effect, Record)]


def _commits(effects: tuple[conversation.Effect, ...]) -> bool:
    return any(isinstance(effect, Commit) for effect in effects)


def test_a_known_voice_gets_its_basket_read_back_and_nothing_is_ordered_yet() -> None:
    state, effects = step(Idle(), OrderHeard(BASKET, ANNA), _around())
    assert state == ASKED
    assert _said(effects) == ["read_back"]
    assert not _commits(effects)


def test_consent_of_the_same_person_commits_exactly_what_was_read_back() -> None:
    state, effects = step(ASKED, Answered(CONSENT, ANNA, same_speaker=True), _around())
    assert state == Committing(BASKET, ANNA)
    assert Commit(BASKET, ANNA, said=BASKET.digest) in effects


@pytest.mark.parametrize(
    "reason", ["unknown_voice", "nobody_enrolled", "voice_model_changed", "too_short", "too_noisy"]
)
def test_an_unverified_voice_is_refused_with_the_reason(reason: typing.Any) -> None:
    state, effects = step(Idle(), OrderHeard(BASKET, Verdict(reason=reason)), _around())
    assert state == Idle(1)
    assert _said(effects) == _codes(effects) == [f"refused_{reason}"]


@pytest.mark.parametrize(("speaker", "same"), [(NOBODY, False), (BERT, True), (ANNA, False), (NOBODY, True)])
def test_somebody_elses_consent_orders_nothing(speaker: Verdict, same: bool) -> None:
    state, effects = step(ASKED, Answered(CONSENT, speaker, same), _around())
    assert state == Idle()
    assert _codes(effects) == ["refused_other_voice"]
    assert not _commits(effects)


def test_anybody_may_say_no() -> None:
    for speaker in (ANNA, NOBODY, TYPED):
        state, effects = step(ASKED, Answered(DENIAL, speaker), _around())
        assert state == Idle()
        assert _codes(effects) == ["cancelled"]


def test_a_consent_that_names_another_quantity_is_not_taken() -> None:
    for wrong in (Answer("consent", 3, "bag"), Answer("consent", 2, "box")):
        _, effects = step(ASKED, Answered(wrong, ANNA, True), _around())
        assert not _commits(effects)
        assert _said(effects) == ["read_back_differs"]
    _, effects = step(ASKED, Answered(Answer("consent", 2, "bag"), ANNA, True), _around())
    assert _commits(effects)


def test_too_little_or_too_noisy_speech_is_asked_for_again() -> None:
    for reason in ("too_short", "too_noisy"):
        state, effects = step(ASKED, Answered(CONSENT, Verdict(reason=reason)), _around())  # type: ignore[arg-type]
        assert isinstance(state, Confirming)
        assert _said(effects) == [f"again_{reason}"]


def test_what_is_queued_already_is_asked_about() -> None:
    state, effects = step(Idle(), OrderHeard(BASKET, ANNA), _around(queued_same=True))
    assert state == AskingAnother(BASKET, ANNA)
    assert _said(effects) == ["another"]
    state, effects = step(state, Answered(DENIAL, ANNA), _around(queued_same=True))
    assert (state, _codes(effects)) == (Idle(), ["declined_another"])
    state, effects = step(AskingAnother(BASKET, ANNA), Answered(BARE, ANNA), _around(queued_same=True))
    assert state == ASKED
    assert _said(effects) == ["read_back"]


@pytest.mark.parametrize(
    ("quantity", "around", "code"),
    [
        (21, _around(), "quantity_too_large"),
        (6, _around(), "order_over_limit"),
        (2, _around(spent=230_00), "day_over_limit"),
        (2, _around(by_all=212_01), "day_over_limit_together"),
        (2, _around(clock=False), "clock_untrusted"),
    ],
)
def test_limits_are_checked_when_asked_and_again_at_consent(
    quantity: int, around: Surroundings, code: str
) -> None:
    basket = _basket(quantity)
    state, effects = step(Idle(), OrderHeard(basket, ANNA), around)
    assert (state, _codes(effects)) == (Idle(), [code])
    state, effects = step(Confirming(basket, ANNA, said=basket.digest), Answered(CONSENT, ANNA, True), around)
    assert (state, _codes(effects)) == (Idle(), [code])


def test_at_the_very_bound_of_the_day_it_is_still_read_back() -> None:
    for around in (_around(by_all=212_00), _around(spent=212_00)):
        _, effects = step(Idle(), OrderHeard(BASKET, ANNA), around)
        assert _said(effects) == ["read_back"]


@pytest.mark.parametrize(("most", "code"), [(250_00, "read_back"), (249_99, "day_over_limit_together")])
def test_a_house_may_bound_all_voices_otherwise_than_each(most: int, code: str) -> None:
    around = Circumstances(Money(0, "PLN"), spent_by_voice=Money(212_00, "PLN"), most_by_voice_minor=most)
    _, effects = step(Idle(), OrderHeard(BASKET, ANNA), Surroundings(Policy(), around))
    assert _said(effects) == [code]


def test_what_all_have_bought_by_voice_is_no_limit_to_a_pin() -> None:
    around = Circumstances(Money(0, "PLN"), factor_ready=True, spent_by_voice=Money(250_00, "PLN"))
    state, _ = step(Idle(), OrderHeard(BASKET, ANNA), Surroundings(Policy(), around))
    assert isinstance(state, AwaitingFactor)
    _, effects = step(state, FactorGiven(ANNA.person, "pin"), Surroundings(Policy(), around))
    assert _commits(effects)


def _several(count: int, quantity: int = 1) -> Basket:
    line = _basket(quantity).lines[0]
    lines = tuple(
        msgspec.structs.replace(line, sku=f"p{number}", unit_price=Money(100, "PLN"))
        for number in range(count)
    )
    return Basket(lines, 1)


def test_an_order_of_too_many_lines_is_refused_with_the_bound() -> None:
    around = _around()
    most = around.policy.most_lines
    assert isinstance(step(Idle(), OrderHeard(_several(most), ANNA), around)[0], Confirming)
    state, effects = step(Idle(), OrderHeard(_several(most + 1), ANNA), around)
    assert (state, _said(effects), _codes(effects)) == (Idle(), ["too_many_lines"], ["too_many_lines"])
    assert "at most five different things" in render(effects[0], "en", "PLN", HEARS)


def test_a_consent_that_names_one_line_of_several_is_none() -> None:
    state = Confirming(_several(2, 2), ANNA, said=_several(2, 2).digest)
    naming = Answer("consent", 2, state.basket.lines[0].unit)
    after, effects = step(state, Answered(naming, ANNA, True), _around())
    assert _said(effects) == ["read_back_differs"]
    assert isinstance(after, Confirming)


def test_ordered_is_said_only_after_a_receipt() -> None:
    state, effects = step(Committing(BASKET, ANNA), Committed(online=True), _around())
    assert effects == (AwaitReceipt(),)
    assert _said(step(state, ReceiptArrived("x", delivery="2026-11-24"), _around())[1]) == ["ordered"]
    assert _said(step(state, ReceiptLate(), _around())[1]) == ["queued"]
    assert _said(step(Committing(BASKET, ANNA), Committed(online=False), _around())[1]) == ["queued"]
    assert _said(step(state, ReceiptArrived("x", "over_limit"), _around())[1]) == ["shop_over_limit"]


def test_an_order_that_could_not_be_written_is_never_called_queued() -> None:
    state, effects = step(Committing(BASKET, ANNA), NotCommitted("journal_full"), _around())
    assert state == Idle()
    assert _said(effects) == ["journal_full"]


def test_typed_words_are_read_back_and_confirm_nothing() -> None:
    state, effects = step(Idle(), OrderHeard(BASKET, TYPED), _around())
    assert _said(effects) == ["read_back_typed"]
    state, effects = step(state, Answered(CONSENT, TYPED, True), _around())
    assert _codes(effects) == ["refused_typed"]
    assert not _commits(effects)
    _, effects = step(state, Answered(CONSENT, ANNA, True), _around())
    assert not _commits(effects)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Silent(), ["still_there", "nothing_ordered"]),
        (Confused(), ["again", "again_otherwise", "nothing_ordered"]),
        (Confused("too_loud"), ["again_too_loud", "again_too_loud", "too_loud"]),
        (Answered(BARE, ANNA, True), ["say_sentence", "sentence_needed"]),
    ],
)
def test_what_decides_nothing_is_asked_again_so_often_and_no_more(event: Event, said: list[str]) -> None:
    state: State = ASKED
    for key in said[:-1]:
        state, effects = step(state, event, _around())
        assert isinstance(state, Confirming)
        assert _said(effects) == [key]
        assert not _codes(effects)
    state, effects = step(state, event, _around())
    assert state == Idle()
    assert _said(effects) == said[-1:]
    assert _codes(effects) == ["gave_up"]


def test_whatever_is_said_a_question_is_put_only_so_often() -> None:
    for events in itertools.product((Silent(), Confused(), Answered(BARE, ANNA, True)), repeat=MOST_TRIES):
        state: State = ASKED
        for event in events:
            state, _ = step(state, event, _around())
        assert isinstance(state, Idle)


def test_what_is_wanted_as_well_is_read_back_with_the_rest_for_who_ordered() -> None:
    both = _basket(5)
    state, effects = step(ASKED, Changed(both, ANNA, True), _around())
    assert state == Confirming(both, ANNA, said=both.digest)
    assert _said(effects) == ["read_back"]
    assert not _commits(effects)
    others = (Changed(both, BERT, True), Changed(both, NOBODY), Changed(both, ANNA), Changed(both, TYPED))
    for event in others:
        state, effects = step(ASKED, event, _around())
        assert state == Confirming(BASKET, ANNA, 2, said=BASKET.digest)
        assert _said(effects) == ["not_changed"]
    typed, _ = step(Idle(), OrderHeard(BASKET, TYPED), _around())
    assert step(typed, Changed(both, TYPED), _around())[0] == Confirming(both, TYPED, said=both.digest)


def test_above_the_limit_nothing_is_added_and_the_reason_said() -> None:
    state, effects = step(ASKED, Changed(_basket(100), ANNA, True), _around())
    assert state == Idle()
    assert not _commits(effects)
    assert _said(effects) != ["read_back"]


_BASKETS = st.sampled_from([BASKET, _basket(1)])
_VERDICTS = st.sampled_from([ANNA, BERT, NOBODY, TYPED, Verdict(reason="too_short")])


def _cheaper(basket: Basket) -> Basket:
    return basket.at([Money(1_000, "PLN")])


def _offer(basket: Basket) -> Offer:
    return Offer("token", "intent", 1, basket)


_EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(OrderHeard, _BASKETS, _VERDICTS),
    st.builds(Answered, st.sampled_from([CONSENT, BARE, DENIAL]), _VERDICTS, st.booleans()),
    st.builds(Changed, _BASKETS, _VERDICTS, st.booleans()),
    st.builds(FactorGiven, st.sampled_from(["p-anna", "p-bert"]), st.just("pin")),
    st.builds(OfferArrived, _BASKETS.map(_cheaper), _BASKETS.map(_offer)),
    st.sampled_from(
        [
            Confused(),
            Silent(),
            Helped(),
            OfferLate(),
            OfferOver(),
            ReceiptLate(),
            Committed(True),
            NotCommitted("journal_full"),
        ]
    ),
)


@settings(max_examples=200)
@given(st.lists(_EVENTS, max_size=12), st.booleans(), st.booleans())
def test_nothing_is_signed_without_a_consent_to_exactly_what_was_read_back_last(
    events: list[Event], tight: bool, offers: bool
) -> None:
    """From the start, whatever happens: the sentence with all things and the total was the last such, and who
    ordered agreed to it, by voice or, above that tier, with a factor."""
    limits = Policy(voice_order_max_minor=BASKET.total.minor - 1) if tight else Policy()
    around = Surroundings(limits, Circumstances(Money(0, "PLN"), factor_ready=True), offers=offers)
    state: State = Idle()
    heard: Basket | None = None
    for event in events:
        before = state
        state, effects = step(state, event, around)
        for effect in effects:
            if isinstance(effect, Commit):
                assert effect.basket == heard and effect.said == heard.digest
                assert isinstance(before, Confirming | AwaitingFactor)
                assert effect.speaker == before.speaker
                if isinstance(event, FactorGiven):
                    assert effect.factors == ("voice", event.factor)
                    assert event.person == before.speaker.person
                else:
                    assert isinstance(event, Answered) and event.answer.kind == "consent"
                    assert event.same_speaker and event.speaker == before.speaker and event.speaker.person
                    assert effect.factors == ("voice",) and not (tight and effect.basket == BASKET)
            elif isinstance(effect, Say) and effect.key.startswith("read_back"):
                heard = effect.basket


@pytest.mark.parametrize("said", ["", _basket(1).digest])
def test_a_step_that_would_sign_what_was_not_read_back_orders_nothing(said: str) -> None:
    asked = dataclasses.replace(ASKED, said=said)
    state, effects = step(asked, Answered(CONSENT, ANNA, True), _around())
    assert (state, _said(effects), _codes(effects)) == (Idle(), ["not_read_back"], ["not_read_back"])
    assert not _commits(effects)


def test_a_digest_is_of_things_counts_prices_and_version_in_any_order() -> None:
    two = _several(2)
    turned = Basket(two.lines[::-1], two.catalogue_version)
    assert two.digest == turned.digest
    others = (_several(2, 2), two.at([Money(1, "PLN")] * 2), Basket(two.lines, 2), Basket(two.lines[:1], 1))
    assert len({two.digest, *(other.digest for other in others)}) == 5


def test_every_entry_of_the_table_names_a_state_and_an_event() -> None:
    states, events = typing.get_args(State), typing.get_args(Event)
    assert set(TABLE) <= set(itertools.product(states, events))


def test_limits_that_changed_after_the_read_back_ask_again_for_what_is_needed_now() -> None:
    tight = Policy(voice_order_max_minor=BASKET.total.minor - 1)
    ready = Surroundings(tight, Circumstances(Money(0, "PLN"), factor_ready=True))
    state, effects = step(ASKED, Answered(CONSENT, ANNA, same_speaker=True), ready)
    assert isinstance(state, AwaitingFactor) and _said(effects) == ["read_back_factor"]
    assert not _commits(effects)
    without = Surroundings(tight, Circumstances(Money(0, "PLN")))
    state, effects = step(ASKED, Answered(CONSENT, ANNA, same_speaker=True), without)
    assert (state, _said(effects), _commits(effects)) == (Idle(), ["order_over_limit"], False)


def test_another_that_may_not_be_ordered_ends_with_the_reason_and_asks_for_no_pin_that_nobody_has() -> None:
    for answer in (CONSENT, BARE):
        for around, code in (
            (_around(spent=230_00), "day_over_limit"),
            (_around(clock=False), "clock_untrusted"),
        ):
            state, effects = step(AskingAnother(BASKET, ANNA), Answered(answer, ANNA), around)
            assert (state, _said(effects), _codes(effects)) == (Idle(), [code], [code])
    ready = Circumstances(Money(230_00, "PLN"), factor_ready=True)
    state, effects = step(AskingAnother(BASKET, ANNA), Answered(BARE, ANNA), Surroundings(Policy(), ready))
    assert (state, _codes(effects)) == (AwaitingFactor(BASKET, ANNA, said=BASKET.digest), ["asked_factor"])


def test_what_may_not_be_ordered_any_more_after_the_wait_for_an_offer_is_not_read_back() -> None:
    for event in (OfferLate(), Silent()):
        state, effects = step(AwaitingOffer(BASKET, ANNA), event, _around(clock=False))
        assert (state, _codes(effects)) == (Idle(), ["clock_untrusted"])


ASKING: list[State] = [ASKED, AskingAnother(BASKET, ANNA), AwaitingFactor(BASKET, ANNA, said=BASKET.digest)]


@pytest.mark.parametrize("event", [Helped(), Repeated()])
@pytest.mark.parametrize("tries", range(1, MOST_TRIES + 1))
@pytest.mark.parametrize("asked", ASKING)
def test_help_and_a_repetition_leave_what_is_asked_as_it_is_and_ask_again(
    asked: typing.Any, tries: int, event: Event
) -> None:
    state = dataclasses.replace(asked, tries=tries)
    after, effects = step(state, event, _around())
    assert after == state
    [say] = effects
    assert isinstance(say, Say)
    assert (say.listen, say.basket) == ("consent", BASKET)


@pytest.mark.parametrize("speaker", [BERT, NOBODY, Verdict(reason="too_short")])
@pytest.mark.parametrize("asked", ASKING)
def test_nobody_else_drops_what_waits_by_ordering_nor_holds_it_open(asked: State, speaker: Verdict) -> None:
    state, other = asked, _basket(1)
    for _ in range(MOST_TRIES - 1):
        state, effects = step(state, OrderHeard(other, speaker), _around())
        assert type(state) is type(asked)
        assert getattr(state, "basket", None) == BASKET
        assert _codes(effects) == ["order_open"]
        assert [say.basket for say in effects if isinstance(say, Say)] == [BASKET]
    state, effects = step(state, OrderHeard(other, speaker), _around())
    assert (state, _codes(effects)) == (Idle(), ["order_open", "gave_up"])


@pytest.mark.parametrize("asked", ASKING)
def test_who_ordered_may_order_something_else_instead(asked: State) -> None:
    other = _basket(1)
    assert step(asked, OrderHeard(other, ANNA), _around())[0] == Confirming(other, ANNA, said=other.digest)


def test_a_bare_yes_is_asked_for_as_a_sentence_once_whatever_was_said_before_and_between() -> None:
    bare = Answered(BARE, ANNA, True)
    state, effects = step(dataclasses.replace(ASKED, tries=2), bare, _around())
    assert _said(effects) == ["say_sentence"], "it is said once, also where other answers decided nothing"
    state, _ = step(ASKED, bare, _around())
    state, effects = step(state, Confused(), _around())
    assert _said(effects) == ["again_otherwise"]
    state, effects = step(state, bare, _around())
    assert (state, _said(effects), _codes(effects)) == (Idle(), ["sentence_needed"], ["gave_up"])
    state, _ = step(ASKED, bare, _around())
    assert _commits(step(state, Answered(CONSENT, ANNA, True), _around())[1])
    again, _ = step(state, OrderHeard(_basket(1), ANNA), _around())
    assert _said(step(again, bare, _around())[1]) == ["say_sentence"], "another basket is another question"


READY = Circumstances(Money(0, "PLN"), factor_ready=True)


@pytest.mark.parametrize(
    ("speaker", "around", "key"),
    [
        (ANNA, _around(), "read_back"),
        (TYPED, _around(), "read_back_typed"),
        (ANNA, _around(queued_same=True), "another"),
        (ANNA, Surroundings(Policy(voice_order_max_minor=1), READY), "read_back_factor"),
    ],
)
def test_what_is_repeated_is_what_was_said(speaker: Verdict, around: Surroundings, key: str) -> None:
    state, said = step(Idle(), OrderHeard(BASKET, speaker), around)
    assert _said(said) == [key]
    after, effects = step(state, Repeated(), around)
    assert after == state
    assert list(effects) == [effect for effect in said if isinstance(effect, Say)]
