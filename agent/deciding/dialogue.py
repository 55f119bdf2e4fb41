"""The conversation about an order as a table: (state, event) -> (state, effects). No I/O, no clock.

What is not in `TABLE` changes nothing. `till` turns sound and receipts into events and carries out the
effects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.deciding import (
    agreed,
    asking,
    at_rest,
    challenge_answers,
    feedback,
    in_between,
    reading_back,
    step_up,
)
from agent.deciding.asking import ask_again
from agent.deciding.basket import Basket
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.choice import CHOICE, Alternatives
from agent.deciding.conversation import (
    Answered,
    Asking,
    AskingAnother,
    AwaitingFactor,
    Changed,
    ChangeUnclear,
    Choosing,
    Chosen,
    Commit,
    Committing,
    Confirming,
    Confused,
    Event,
    FactorGiven,
    FactorLate,
    FactorRefused,
    Helped,
    Idle,
    OrderHeard,
    Outcome,
    PhoneRefused,
    Proposed,
    Record,
    Repeated,
    Say,
    SensorsSilent,
    Silent,
    State,
    WentOn,
)
from agent.deciding.feedback_given import WasWrong
from agent.deciding.inquired import Inquired, VoiceLost
from agent.deciding.offered import AwaitingOffer, OfferArrived, OfferLate, OfferOver
from agent.deciding.offering import with_other_ways
from agent.deciding.permitting import permit
from agent.deciding.placed import Committed, JournalMended, NotCommitted, ReceiptArrived, ReceiptLate
from agent.deciding.reading_back import ask_or_read_back, by_voice_or_factor, read_back, refused
from agent.deciding.said import bound_to_what_was_said
from agent.deciding.sanity import is_much
from agent.deciding.surroundings import Surroundings
from agent.deciding.too_long import or_too_long
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, UNCLEAR


def step(state: State, event: Event, surroundings: Surroundings) -> Outcome:
    """The next state and what to do, in this order. An event that has no place in the table changes
    nothing."""
    handler = TABLE.get((type(state), type(event)))
    if handler is None:
        return state, ()
    outcome = with_other_ways(state, event, handler(state, event, surroundings), surroundings)
    return bound_to_what_was_said(*or_too_long(outcome, surroundings))


def _order_heard(state: State, event: OrderHeard, around: Surroundings) -> Outcome:
    basket, speaker = event.basket, event.speaker
    if not speaker.person and speaker != TYPED:
        failures = state.failures + 1 if isinstance(state, Idle) else 1
        said = Say(f"refused_{speaker.reason}", basket=basket)
        return Idle(failures), (said, Record(f"refused_{speaker.reason}", basket))
    if event.runner_up is not None:
        return Choosing(Alternatives(basket, event.runner_up), speaker, event.question), (
            Say(event.question, CHOICE, basket, event.runner_up),
            Record("asked_which", basket, speaker.person),
        )
    decision = by_voice_or_factor(basket, around)
    if not decision.allowed:
        return refused(decision, basket, speaker)
    if is_much(basket, around):
        return asking.really("much", basket, speaker)
    if around.circumstances.queued_same:
        return asking.really("another", basket, speaker)
    return ask_or_read_back(basket, speaker, around)


def _ordered_meanwhile(state: Asking, event: OrderHeard, around: Surroundings) -> Outcome:
    """Something else instead, by who ordered; nobody else drops what waits for an answer."""
    if event.speaker == state.speaker:
        return _order_heard(state, event, around)
    if isinstance(state, Choosing):
        return _not_chosen(state, event, around)
    if isinstance(state, Challenged):
        return challenge_answers.kept(state, event, around)
    return in_between.kept(state, event, around)


def _chosen(state: Choosing, event: Chosen, around: Surroundings) -> Outcome:
    """Goes on as if it had been heard at once: the voice is still that of the order, and it is read back."""
    return _order_heard(state, OrderHeard(event.basket, state.speaker), around)


def _neither(state: Choosing, event: Answered, around: Surroundings) -> Outcome:
    """A denial picks neither. Any other answer is none: nobody consents to what was not read back."""
    if event.answer.kind in ("denial", "later"):
        return at_rest.end(Say("which_neither"), "chose_neither", None, state.speaker.person)
    return _not_chosen(state, event, around)


def _not_chosen(state: Choosing, _: Event, __: Surroundings) -> Outcome:
    """The question is put once, so that it can never go round in circles."""
    return at_rest.end(Say("which_unclear"), "gave_up", None, state.speaker.person)


def _confirm_answered(state: Confirming, event: Answered, around: Surroundings) -> Outcome:
    answer, basket = event.answer, state.basket
    if answer.kind == "denial":
        return at_rest.end(Say("cancelled"), "cancelled", basket, event.speaker.person)
    if answer.kind == "later":
        return at_rest.end(Say("postponed"), "postponed", basket, event.speaker.person)
    if event.speaker == TYPED:
        return state, (Say("typed_cannot_confirm", "consent", basket), Record("refused_typed", basket))
    if answer.kind == "bare":
        return asking.bare(state)
    if not fits(answer, basket):
        return ask_again(state, "read_back_differs", "say_how_to_order")
    if event.speaker.reason in UNCLEAR:
        unclear = f"again_{event.speaker.reason}", f"refused_{event.speaker.reason}"
        return asking.without_a_voice(state, around) or ask_again(state, *unclear)
    if not event.speaker.person or event.speaker != state.speaker or not event.same_speaker:
        return at_rest.end(
            Say("refused_other_voice", basket=basket), "refused_other_voice", basket, state.speaker.person
        )
    if not (permit(basket, around).allowed and around.delivery_stands):
        return read_back(basket, event.speaker, around, state.offer)  # limits or day have changed meanwhile
    on_shift = event.speaker.reason == "shift"
    return Committing(basket, event.speaker, state.offer), (
        Record("consented_on_shift" if on_shift else "consented", basket, event.speaker.person),
        Commit(basket, event.speaker, offer=state.offer, said=state.said),
    )


def fits(answer: Answer, basket: Basket) -> bool:
    """Whether "yes, order two bags" names what was read back: of several lines it names only one, and is no
    consent to the others."""
    if answer.quantity is None:
        return True
    line, *others = basket.lines
    return not others and line.quantity == answer.quantity and answer.unit in (None, line.unit)


def _changed(
    state: Confirming | AskingAnother | AwaitingFactor, event: Changed, around: Surroundings
) -> Outcome:
    """As if it had been ordered so at once, and read back as one: only by who ordered."""
    if event.speaker != state.speaker or not (event.same_speaker or event.speaker == TYPED):
        return asking.as_it_was(state, "not_changed")
    return _order_heard(state, OrderHeard(event.basket, state.speaker), around)


def _another_answered(state: AskingAnother, event: Answered, around: Surroundings) -> Outcome:
    said = Say("left_as_it_is" if state.why == "another" else "cancelled")
    if event.answer.kind == "denial":
        return at_rest.end(said, f"declined_{state.why}", state.basket, state.speaker.person)
    if event.answer.kind == "later":
        return at_rest.end(said, "postponed", state.basket, state.speaker.person)
    if state.why == "much" and around.circumstances.queued_same:
        return asking.really("another", state.basket, state.speaker)
    return ask_or_read_back(state.basket, state.speaker, around)


def _went_on(state: Asking | AwaitingOffer, _: WentOn, __: Surroundings) -> Outcome:
    basket = state.choice.first if isinstance(state, Choosing) else state.basket
    return Idle(), (Record("went_on", basket, state.speaker.person),)


def _voice_lost(_: Asking | AwaitingOffer, __: VoiceLost, ___: Surroundings) -> Outcome:
    """Nothing was agreed; what was committed stays committed."""
    return Idle(), ()


Handler = Callable[[Any, Any, Surroundings], Outcome]

TABLE: dict[tuple[type[State], type[Event]], Handler] = {
    (Idle, OrderHeard): _order_heard,
    (Idle, Proposed): at_rest.proposed,
    (Idle, SensorsSilent): at_rest.sensors_silent,
    (Idle, Answered): at_rest.answered,
    (Idle, Confused): at_rest.confused,
    (Idle, Helped): at_rest.helped,
    (Idle, Inquired): in_between.told,
    (Idle, WasWrong): feedback.afterwards,
    (Idle, ReceiptArrived): agreed.announcement,
    (Idle, JournalMended): agreed.mended,
    (Confirming, OrderHeard): _ordered_meanwhile,
    (Confirming, Helped): in_between.helped,
    (Confirming, Repeated): in_between.repeated,
    (Confirming, Inquired): in_between.asked,
    (Confirming, WasWrong): feedback.meanwhile,
    (Confirming, WentOn): _went_on,
    (Confirming, VoiceLost): _voice_lost,
    (Confirming, Answered): _confirm_answered,
    (Confirming, ChangeUnclear): asking.change_unclear,
    (Confirming, Changed): _changed,
    (Confirming, Confused): asking.unclear,
    (Confirming, Silent): asking.unanswered,
    (Challenged, OrderHeard): _ordered_meanwhile,
    (Challenged, ChallengeAnswered): challenge_answers.words_said,
    (Challenged, Answered): challenge_answers.answered,
    (Challenged, Helped): challenge_answers.helped,
    (Challenged, Repeated): challenge_answers.repeated,
    (Challenged, Inquired): challenge_answers.asked,
    (Challenged, WasWrong): feedback.meanwhile,
    (Challenged, WentOn): _went_on,
    (Challenged, VoiceLost): _voice_lost,
    (Challenged, Confused): challenge_answers.unclear,
    (Challenged, Silent): challenge_answers.unanswered,
    (AwaitingOffer, OfferArrived): reading_back.offered,
    (AwaitingOffer, OfferLate): reading_back.offer_late,
    (AwaitingOffer, Silent): reading_back.offer_late,
    (AwaitingOffer, Inquired): in_between.told,
    (AwaitingOffer, WasWrong): feedback.meanwhile,
    (AwaitingOffer, WentOn): _went_on,
    (AwaitingOffer, VoiceLost): _voice_lost,
    (AwaitingOffer, Answered): reading_back.called_off,
    (AskingAnother, OrderHeard): _ordered_meanwhile,
    (AskingAnother, Helped): in_between.helped,
    (AskingAnother, Repeated): in_between.repeated,
    (AskingAnother, Inquired): in_between.asked,
    (AskingAnother, WasWrong): feedback.meanwhile,
    (AskingAnother, WentOn): _went_on,
    (AskingAnother, VoiceLost): _voice_lost,
    (AskingAnother, Answered): _another_answered,
    (AskingAnother, ChangeUnclear): asking.change_unclear,
    (AskingAnother, Changed): _changed,
    (AskingAnother, Confused): asking.unclear,
    (AskingAnother, Silent): asking.unanswered,
    (Choosing, OrderHeard): _ordered_meanwhile,
    (Choosing, Helped): in_between.helped,
    (Choosing, Repeated): in_between.repeated,
    (Choosing, Inquired): in_between.asked,
    (Choosing, WasWrong): feedback.meanwhile,
    (Choosing, WentOn): _went_on,
    (Choosing, VoiceLost): _voice_lost,
    (Choosing, Chosen): _chosen,
    (Choosing, Answered): _neither,
    (Choosing, Confused): _not_chosen,
    (Choosing, Silent): _not_chosen,
    (AwaitingFactor, OrderHeard): _ordered_meanwhile,
    (AwaitingFactor, Helped): in_between.helped,
    (AwaitingFactor, Repeated): in_between.repeated,
    (AwaitingFactor, Inquired): in_between.asked,
    (AwaitingFactor, WasWrong): feedback.meanwhile,
    (AwaitingFactor, WentOn): _went_on,
    (AwaitingFactor, VoiceLost): _voice_lost,
    (AwaitingFactor, FactorGiven): step_up.factor_given,
    (AwaitingFactor, FactorRefused): step_up.factor_refused,
    (AwaitingFactor, FactorLate): step_up.too_late,
    (AwaitingFactor, PhoneRefused): step_up.phone_refused,
    (AwaitingFactor, Answered): step_up.answered,
    (AwaitingFactor, ChangeUnclear): asking.change_unclear,
    (AwaitingFactor, Changed): _changed,
    (AwaitingFactor, Confused): step_up.unclear,
    (AwaitingFactor, Silent): step_up.unclear,
    (Committing, Committed): agreed.committed,
    (Committing, NotCommitted): agreed.not_committed,
    (Committing, Inquired): in_between.told,
    (Committing, OfferOver): reading_back.offer_over,
    (Committing, ReceiptArrived): agreed.receipt,
    (Committing, ReceiptLate): agreed.late,
}
