"""Above the voice tier: the same basket, confirmed by a factor that does not pass through `voice`.

The steps of the dialogue table while a PIN or badge is awaited. A factor confirms only for the person whose
voice asked, and only what was read back.
"""

from __future__ import annotations

from agent.deciding.asking import ask_again
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Commit,
    Committing,
    Confused,
    FactorGiven,
    FactorRefused,
    Idle,
    Outcome,
    Record,
    Say,
    Silent,
    Surroundings,
)
from agent.deciding.permitting import permit
from agent.deciding.reading_back import refused


def factor_given(state: AwaitingFactor, event: FactorGiven, around: Surroundings) -> Outcome:
    """A right PIN or a known badge."""
    basket, speaker = state.basket, state.speaker
    if event.person != speaker.person:
        return ask_again(state, "factor_of_another")
    decision = permit(basket, around, "factor")
    if not decision.allowed:
        return refused(decision, basket, speaker)
    return Committing(basket, speaker, state.offer), (
        Record(f"confirmed_by_{event.factor}", basket, speaker.person),
        Commit(basket, speaker, ("voice", event.factor), state.offer, state.said),
    )


def factor_refused(state: AwaitingFactor, event: FactorRefused, _: Surroundings) -> Outcome:
    """A wrong number; or none may be tried for a while, which ends it."""
    if event.code == "factor_locked":
        return _end(state, event.code)
    return ask_again(state, event.code)


def answered(state: AwaitingFactor, event: Answered, _: Surroundings) -> Outcome:
    """Anybody may say no; nobody may say yes instead of the factor."""
    if event.answer.kind in ("denial", "later"):
        code = "cancelled" if event.answer.kind == "denial" else "postponed"
        return _end(state, code)
    return ask_again(state, "factor_needed")


def unclear(state: AwaitingFactor, _: Confused | Silent, __: Surroundings) -> Outcome:
    """Somebody who types says nothing."""
    return ask_again(state, "factor_needed")


def _end(state: AwaitingFactor, code: str) -> Outcome:
    return Idle(), (Say(code, basket=state.basket), Record(code, state.basket, state.speaker.person))
