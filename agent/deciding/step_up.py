"""Above the voice tier: the same basket, confirmed by a factor that does not pass through `voice`.

The steps of the dialogue table while a PIN or badge is awaited. A factor confirms only for the person whose
voice asked, and only what was read back.
"""

from __future__ import annotations

from dataclasses import replace

from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Commit,
    Committing,
    Confused,
    Effect,
    FactorGiven,
    FactorRefused,
    Idle,
    Record,
    Say,
    Silent,
    State,
    Surroundings,
)
from agent.deciding.permitting import permit
from agent.deciding.reading_back import refused

MOST_TRIES = 3
"""Wrong numbers, silences and answers beside the point, before nothing is ordered."""

Outcome = tuple[State, tuple[Effect, ...]]


def factor_given(state: AwaitingFactor, event: FactorGiven, around: Surroundings) -> Outcome:
    """A right PIN or a known badge."""
    basket, speaker = state.basket, state.speaker
    if event.person != speaker.person:
        return _again(state, "factor_of_another")
    decision = permit(basket, around, "factor")
    if not decision.allowed:
        return refused(decision, basket, speaker)
    return Committing(basket, speaker, state.offer), (
        Record(f"confirmed_by_{event.factor}", basket, speaker.person),
        Commit(basket, speaker, ("voice", event.factor), state.offer),
    )


def factor_refused(state: AwaitingFactor, event: FactorRefused, _: Surroundings) -> Outcome:
    """A wrong number; or none may be tried for a while, which ends it."""
    if event.code == "factor_locked":
        return _end(state, event.code)
    return _again(state, event.code)


def answered(state: AwaitingFactor, event: Answered, _: Surroundings) -> Outcome:
    """Anybody may say no; nobody may say yes instead of the factor."""
    if event.answer.kind in ("denial", "later"):
        code = "cancelled" if event.answer.kind == "denial" else "postponed"
        return _end(state, code)
    return _again(state, "factor_needed")


def unclear(state: AwaitingFactor, _: Confused | Silent, __: Surroundings) -> Outcome:
    """Somebody who types says nothing."""
    return _again(state, "factor_needed")


def _again(state: AwaitingFactor, key: str) -> Outcome:
    if state.tries >= MOST_TRIES:
        return _end(state, "gave_up", "nothing_ordered")
    return replace(state, tries=state.tries + 1), (Say(key, "consent", state.basket),)


def _end(state: AwaitingFactor, code: str, key: str = "") -> Outcome:
    return Idle(), (Say(key or code, basket=state.basket), Record(code, state.basket, state.speaker.person))
