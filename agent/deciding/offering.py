"""After two failures another way is offered: which of those that are ready (`ways`) stands beside a reply.

Only a way that would be taken where the conversation then is: while a PIN is awaited a phone may approve, and
nobody is sent to a keypad that waits for nothing. What was put as often as it may be offers as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.deciding.challenged import Challenged
from agent.deciding.conversation import (
    AskingAnother,
    AwaitingFactor,
    Confirming,
    Confused,
    Event,
    FactorRefused,
    Idle,
    Outcome,
    Record,
    Say,
    Silent,
    State,
)
from agent.deciding.reply_words import REPLIES
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import UNCLEAR
from agent.deciding.ways import Way

MOST_FAILURES = 2
"""So many are answered by saying it again."""

FAILED = frozenset({"gave_up", "factor_locked"})
"""Codes of decisions by which an order ends that nobody took back."""

_BADLY_HEARD = frozenset(f"{question}_{reason}" for question in ("again", "challenge") for reason in UNCLEAR)
_FAILING = _BADLY_HEARD | {"factor_of_another"}
"""Replies to what has failed, whatever brought them."""

_WORDS: Mapping[Way, str] = {"chat": "earmark chat", "badge": "Hold up your badge"}
_NAMED: Mapping[Way, frozenset[str]] = {
    way: frozenset(key for key, text in REPLIES["en"].items() if words in text)
    for way, words in _WORDS.items()
}
"""Replies that name the way by themselves."""

_COUNTED = (Confirming, Challenged, AskingAnother, AwaitingFactor)
_AT_REST: tuple[Way, ...] = ("chat", "person")
_AWAITING: tuple[Way, ...] = ("phone", "person")
_ASKING: tuple[Way, ...] = ("person",)


def with_other_ways(before: State, event: Event, outcome: Outcome, around: Surroundings) -> Outcome:
    """The same with what else there is to say, where it has failed often enough."""
    after, effects = outcome
    if isinstance(event, Silent) or not _has_failed(before, event, outcome):
        return outcome
    fitting = _fitting(before, after)
    ways = tuple(way for way in around.ways if way in fitting)
    return after, tuple(
        replace(effect, ways=_unsaid(effect.key, ways)) if isinstance(effect, Say) else effect
        for effect in effects
    )


def _has_failed(before: State, event: Event, outcome: Outcome) -> bool:
    after, effects = outcome
    if isinstance(after, Idle):
        ended = any(isinstance(effect, Record) and effect.code in FAILED for effect in effects)
        return ended or after.failures >= MOST_FAILURES
    if not (isinstance(before, _COUNTED) and isinstance(after, _COUNTED) and type(after) is type(before)):
        return False
    heard_badly = isinstance(event, Confused) and not isinstance(after, AwaitingFactor)
    failed = (
        heard_badly
        or isinstance(event, FactorRefused)
        or any(isinstance(effect, Say) and effect.key in _FAILING for effect in effects)
    )
    return failed and after.tries == before.tries + 1 > MOST_FAILURES


def _fitting(before: State, after: State) -> tuple[Way, ...]:
    if isinstance(after, AwaitingFactor):
        return _AWAITING if after.wants == "factor" else _ASKING
    if not isinstance(after, Idle):
        return _ASKING
    return ("badge", *_AT_REST) if isinstance(before, Idle) else _AT_REST


def _unsaid(key: str, ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Without what the reply says by itself."""
    return tuple(way for way in ways if key not in _NAMED.get(way, ()))
