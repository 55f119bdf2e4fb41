"""The steps of the dialogue table that lead to a read-back: at the prices of the catalogue, or at those of an
offer that the shop is asked for before."""

from __future__ import annotations

from agent.deciding.basket import Basket, Offer
from agent.deciding.challenging import challenge
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Committing,
    Confirming,
    Idle,
    Outcome,
    Record,
    Say,
    Silent,
)
from agent.deciding.offered import AskOffer, AwaitingOffer, OfferArrived, OfferLate, OfferOver
from agent.deciding.permitting import challenge_will_do, permit, unusual_in, wanted
from agent.deciding.policy import Decision
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import TYPED, Verdict


def by_voice_or_factor(basket: Basket, around: Surroundings) -> Decision:
    """Whether the basket may go on by voice alone, or with the factors that are ready."""
    by_voice, ready = permit(basket, around), around.circumstances
    if by_voice.allowed or not (by_voice.code == "rule_asks" or ready.factor_ready or ready.phone_ready):
        return by_voice
    return permit(basket, around, "factor")


def ask_or_read_back(basket: Basket, speaker: Verdict, around: Surroundings) -> Outcome:
    """Asks for an offer first, where that can be done. What nobody in particular has typed is not ordered
    here, so nothing is offered for it: it is read back once more, to the voice that takes it over."""
    if around.offers and speaker != TYPED:
        return AwaitingOffer(basket, speaker), (AskOffer(basket),)
    return read_back(basket, speaker, around)


def read_back(basket: Basket, speaker: Verdict, around: Surroundings, offer: Offer | None = None) -> Outcome:
    """With what is needed to place it, and when it comes, where the shop has said so; or why nothing would.
    `offer` is where its prices are from."""
    basket = basket.coming(around.delivery)
    decision = by_voice_or_factor(basket, around)
    if not decision.allowed:
        return refused(decision, basket, speaker)
    if speaker.reason != "typed" and challenge_will_do(basket, around):
        return challenge(basket, speaker, around, offer)
    if speaker != TYPED and (wants := wanted(basket, speaker, around)):
        return AwaitingFactor(basket, speaker, offer=offer, wants=wants), (
            Say(f"read_back_{wants}", "consent", basket, unusual=unusual_in(basket, around)),
            Record(f"asked_{wants}", basket, speaker.person),
        )
    key = "read_back_typed" if speaker == TYPED else "read_back"
    return Confirming(basket, speaker, offer=offer), (
        Say(key, "consent", basket),
        Record("read_back", basket, speaker.person),
    )


def refused(decision: Decision, basket: Basket, speaker: Verdict) -> Outcome:
    """The end, with the reason."""
    said = Say(decision.code, basket=basket, limit=decision.limit)
    return Idle(), (said, Record(decision.code, basket, speaker.person))


def offered(state: AwaitingOffer, event: OfferArrived, around: Surroundings) -> Outcome:
    """The limits are measured anew: it may cost more than was thought."""
    if event.offer.heard != state.basket:
        return state, ()
    return read_back(event.basket, state.speaker, around, event.offer)


def offer_late(state: AwaitingOffer, _: OfferLate | Silent, around: Surroundings) -> Outcome:
    """Nobody waits longer, or somebody called meanwhile and said no more: the catalogue's price is a limit
    that the shop may take or refuse."""
    return read_back(state.basket, state.speaker, around)


def offer_over(state: Committing, _: OfferOver, around: Surroundings) -> Outcome:
    """What was consented to cannot be had any more: it is asked for anew, and read back anew."""
    outcome, effects = ask_or_read_back(state.heard, state.speaker, around)
    return outcome, (Record("offer_over", state.basket, state.speaker.person), *effects)


def called_off(state: AwaitingOffer, event: Answered, _: Surroundings) -> Outcome:
    """Whoever ordered spoke on, and took it back. Nothing else is an answer: nothing was asked."""
    kind, person = event.answer.kind, event.speaker.person
    if kind not in ("denial", "later"):
        return state, ()
    code = "cancelled" if kind == "denial" else "postponed"
    return Idle(), (Say(code), Record(code, state.basket, person))
