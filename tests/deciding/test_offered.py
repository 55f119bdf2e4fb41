"""Where the shop is asked for an offer: consent is to what was read back, at whosever prices, and an offer
that comes at any other moment changes nothing."""

from __future__ import annotations

import typing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding import conversation as talk
from agent.deciding import placed
from agent.deciding.basket import Basket, Offer
from agent.deciding.choice import Alternatives
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    Choosing,
    Commit,
    Committing,
    Confirming,
    FactorGiven,
    Idle,
    OrderHeard,
    Record,
    Say,
    Silent,
    State,
    WentOn,
)
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.offered import AskOffer, AwaitingOffer, OfferArrived, OfferLate, OfferOver
from agent.deciding.policy import Circumstances
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict
from agent.plumbing.settings import Policy
from tests.deciding.test_dialogue import ANNA, BASKET, BERT, CONSENT, DENIAL, _basket

AROUND = Surroundings(Policy(), Circumstances(Money(0, "PLN")), offers=True)
WITH_PIN = replace(AROUND, circumstances=Circumstances(Money(0, "PLN"), factor_ready=True))
CHEAPER = BASKET.at([Money(1_800, "PLN")])
OFFER = Offer("token", "intent", 1, BASKET)
OFFERED = OfferArrived(CHEAPER, OFFER)
WAITING = AwaitingOffer(BASKET, ANNA)
CONFIRMING = Confirming(CHEAPER, ANNA, offer=OFFER, said=CHEAPER.digest)


def test_the_shop_is_asked_before_anything_is_said() -> None:
    assert step(Idle(), OrderHeard(BASKET, ANNA), AROUND) == (WAITING, (AskOffer(BASKET),))
    asked = AskingAnother(BASKET, ANNA)
    assert step(asked, Answered(CONSENT, ANNA), AROUND) == (WAITING, (AskOffer(BASKET),))


def test_what_is_typed_is_not_asked_for_and_what_may_not_be_ordered_neither() -> None:
    assert step(Idle(), OrderHeard(BASKET, TYPED), AROUND)[0] == Confirming(BASKET, TYPED, said=BASKET.digest)
    assert step(Idle(), OrderHeard(_basket(20), ANNA), AROUND)[0] == Idle()


def test_the_offer_is_read_back_and_consent_takes_just_that() -> None:
    state, effects = step(WAITING, OFFERED, AROUND)
    assert state == CONFIRMING
    assert effects == (Say("read_back", "consent", CHEAPER), Record("read_back", CHEAPER, "p-anna"))
    state, effects = step(state, Answered(CONSENT, ANNA, True), AROUND)
    assert state == Committing(CHEAPER, ANNA, OFFER)
    assert effects[-1] == Commit(CHEAPER, ANNA, offer=OFFER, said=CHEAPER.digest)


@pytest.mark.parametrize("event", [OfferLate(), Silent()])
def test_without_an_offer_the_catalogue_s_price_is_read_back(event: talk.Event) -> None:
    state, effects = step(WAITING, event, AROUND)
    assert state == Confirming(BASKET, ANNA, said=BASKET.digest)
    assert Say("read_back", "consent", BASKET) in effects
    assert step(state, Answered(CONSENT, ANNA, True), AROUND)[1][-1] == Commit(
        BASKET, ANNA, said=BASKET.digest
    )


def test_a_dearer_offer_is_measured_by_the_limits() -> None:
    dear = OfferArrived(BASKET.at([Money(Policy().voice_order_max_minor, "PLN")]), OFFER)
    state, effects = step(WAITING, dear, AROUND)
    assert state == Idle() and effects[-1] == Record("order_over_limit", dear.basket, "p-anna")
    state, effects = step(WAITING, dear, WITH_PIN)
    assert state == AwaitingFactor(dear.basket, ANNA, offer=OFFER, said=dear.basket.digest)
    state, effects = step(state, FactorGiven("p-anna", "pin"), WITH_PIN)
    assert state == Committing(dear.basket, ANNA, OFFER)
    assert effects[-1] == Commit(dear.basket, ANNA, ("voice", "pin"), OFFER, dear.basket.digest)


def test_limits_that_changed_since_keep_the_offer() -> None:
    spent = Circumstances(Money(Policy().voice_day_max_minor, "PLN"), factor_ready=True)
    state, _ = step(CONFIRMING, Answered(CONSENT, ANNA, True), replace(AROUND, circumstances=spent))
    assert state == AwaitingFactor(CHEAPER, ANNA, offer=OFFER, said=CHEAPER.digest)


@pytest.mark.parametrize(
    "state",
    [
        Idle(), Confirming(BASKET, ANNA, said=BASKET.digest), CONFIRMING, AskingAnother(BASKET, ANNA),
        Choosing(Alternatives(BASKET, _basket(1)), ANNA), AwaitingFactor(BASKET, ANNA, said=BASKET.digest),
        Committing(BASKET, ANNA),
        Committing(CHEAPER, ANNA, OFFER),
    ],
)  # fmt: skip
def test_an_offer_that_nobody_waits_for_changes_nothing(state: State) -> None:
    for event in (OFFERED, OfferLate()):
        assert step(state, event, AROUND) == (state, ())


def test_an_offer_for_another_basket_changes_nothing() -> None:
    other = _basket(1)
    assert step(WAITING, OfferArrived(other, Offer("token", "intent", 1, other)), AROUND) == (WAITING, ())


def test_an_offer_that_is_over_is_asked_for_anew_and_nothing_is_committed() -> None:
    state, effects = step(Committing(CHEAPER, ANNA, OFFER), OfferOver(), AROUND)
    assert (state, effects) == (WAITING, (Record("offer_over", CHEAPER, "p-anna"), AskOffer(BASKET)))
    away = replace(AROUND, offers=False)
    state, effects = step(Committing(CHEAPER, ANNA, OFFER), OfferOver(), away)
    assert state == Confirming(BASKET, ANNA, said=BASKET.digest)
    assert Say("read_back", "consent", BASKET) in effects


def test_who_speaks_on_may_call_it_off_and_answers_nothing_else() -> None:
    assert step(WAITING, Answered(DENIAL, BERT), AROUND)[0] == Idle()
    assert step(WAITING, Answered(Answer("later"), ANNA), AROUND)[0] == Idle()
    assert step(WAITING, Answered(CONSENT, ANNA, True), AROUND) == (WAITING, ())
    assert step(WAITING, WentOn(), AROUND)[0] == Idle()


_BASKETS = [BASKET, _basket(1)]
_OFFERS = [
    OfferArrived(basket.at([Money(price, "PLN")]), Offer(f"{price}", "intent", 1, basket))
    for basket in _BASKETS
    for price in (1_800, 1_900, 2_500)
]
_VERDICTS = st.sampled_from([ANNA, BERT, TYPED, Verdict(reason="unknown_voice")])
_EVENTS: st.SearchStrategy[talk.Event] = st.one_of(
    st.builds(OrderHeard, st.sampled_from(_BASKETS), _VERDICTS),
    st.builds(Answered, st.sampled_from([CONSENT, DENIAL, Answer("bare")]), _VERDICTS, st.booleans()),
    st.sampled_from(_OFFERS),
    st.sampled_from([OfferLate(), OfferOver(), Silent(), WentOn(), placed.Committed(True)]),
)


@given(st.lists(st.tuples(_EVENTS, st.booleans()), max_size=14))
def test_whatever_happens_what_is_taken_is_what_was_read_back_last(
    events: list[tuple[talk.Event, bool]],
) -> None:
    state: State = Idle()
    said: Basket | None = None
    arrived: dict[str, Basket] = {}  # at the prices of each offer
    for event, offers in events:
        if isinstance(event, OfferArrived):
            arrived[event.offer.token + event.offer.heard.key] = event.basket
        before = state
        state, effects = step(state, event, replace(AROUND, offers=offers))
        for effect in effects:
            if isinstance(effect, Say):
                said = effect.basket
            if isinstance(effect, Commit):
                assert isinstance(event, Answered) and event.answer.kind == "consent" and event.same_speaker
                assert isinstance(before, Confirming) and event.speaker == before.speaker
                assert effect.basket == said
                if effect.offer is not None:
                    assert effect.basket == arrived[effect.offer.token + effect.offer.heard.key]
                else:
                    assert effect.basket in _BASKETS


def test_offers_are_states_and_events_of_the_conversation() -> None:
    assert AwaitingOffer in typing.get_args(State)
    assert {OfferArrived, OfferLate, OfferOver} <= set(typing.get_args(talk.Event))
