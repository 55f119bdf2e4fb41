"""Above the voice tier: the same basket, confirmed by factors that do not pass through `voice`.

The steps of the dialogue table while a PIN, a badge or a phone is awaited, of the person whose voice asked,
or of a second one. They confirm only what was read back.
"""

from __future__ import annotations

from dataclasses import replace

from agent.deciding.asking import ask_again
from agent.deciding.basket import Factor
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Commit,
    Committing,
    Confused,
    FactorGiven,
    FactorLate,
    FactorRefused,
    Idle,
    Outcome,
    PhoneRefused,
    Record,
    Say,
    Silent,
)
from agent.deciding.permitting import permit, wanted
from agent.deciding.reading_back import read_back, refused
from agent.deciding.rules import may_be_second
from agent.deciding.surroundings import Surroundings


def factor_given(state: AwaitingFactor, event: FactorGiven, around: Surroundings) -> Outcome:
    """A right PIN, a known badge, or a phone's approval."""
    basket, speaker, own = state.basket, state.speaker, event.person == state.speaker.person
    if state.wants == "second":
        if own or around.second is None or not may_be_second(around.house, basket, around.second):
            return ask_again(state, "second_not_this" if own else "second_may_not")
        after, code = replace(state, second=event.person), f"approved_by_{event.factor}"
    else:
        if not own:
            return ask_again(state, "factor_of_another")
        after, code = replace(state, given=(*state.given, event.factor)), f"confirmed_by_{event.factor}"
    decision = permit(basket, around, "factor")
    if not decision.allowed:
        return refused(decision, basket, speaker)
    if wants := wanted(basket, speaker, around, after.given, after.second):
        if wants == state.wants:  # a badge, where a phone is wanted
            return ask_again(state, f"{wants}_needed")
        return replace(after, wants=wants, tries=1), (
            Record(code, basket, event.person),
            Say(f"read_back_{wants}", "consent", basket),
            Record(f"asked_{wants}", basket, speaker.person),
        )
    if not around.delivery_stands:
        return read_back(basket, speaker, around, state.offer)
    by_voice: tuple[Factor, ...] = () if speaker.reason == "typed" else ("voice",)
    # What was too long to be read out the phone has shown, and it approves no other basket.
    said = basket.digest if "phone" in after.given else state.said
    if state.wants == "phone" and said != basket.digest:
        return ask_again(state, "phone_needed")
    return Committing(basket, speaker, state.offer), (
        Record(code, basket, event.person),
        Commit(basket, speaker, (*by_voice, *after.given), state.offer, said, bool(after.second)),
    )


def factor_refused(state: AwaitingFactor, event: FactorRefused, _: Surroundings) -> Outcome:
    """A wrong number; or none may be tried for a while, which ends it."""
    if event.code == "factor_locked":
        return _end(state, event.code)
    return ask_again(state, event.code if state.wants == "factor" else f"{state.wants}_wrong")


def too_late(state: AwaitingFactor, _: FactorLate, __: Surroundings) -> Outcome:
    """Whoever comes now confirms nothing that others have left open."""
    return _end(state, "factor_late")


def phone_refused(state: AwaitingFactor, event: PhoneRefused, _: Surroundings) -> Outcome:
    """Whoever was asked says no, and it is told aloud."""
    said = Say("phone_refused", basket=state.basket)
    return Idle(), (said, Record("phone_refused", state.basket, event.person))


def answered(state: AwaitingFactor, event: Answered, _: Surroundings) -> Outcome:
    """Anybody may say no; nobody may say yes instead of the factor."""
    if event.answer.kind in ("denial", "later"):
        code = "cancelled" if event.answer.kind == "denial" else "postponed"
        return _end(state, code)
    return ask_again(state, f"{state.wants}_needed")


def unclear(state: AwaitingFactor, _: Confused | Silent, __: Surroundings) -> Outcome:
    """Somebody who types says nothing."""
    return ask_again(state, f"{state.wants}_needed")


def _end(state: AwaitingFactor, code: str) -> Outcome:
    return Idle(), (Say(code, basket=state.basket), Record(code, state.basket, state.speaker.person))
