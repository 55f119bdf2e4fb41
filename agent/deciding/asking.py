"""The steps of the dialogue table that put a question once more, until nobody would answer it any more."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from agent.deciding.basket import Basket
from agent.deciding.challenged import Challenged
from agent.deciding.conversation import (
    AskingAnother,
    AwaitingFactor,
    ChangeUnclear,
    Confirming,
    Confused,
    Idle,
    Outcome,
    Record,
    Say,
    Silent,
)
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import Verdict

MOST_TRIES = 3
"""A question is put this often; then nothing is ordered and the device says how to go on. At the last time it
offers other words: what was misheard twice is misheard again. So often, too, a PIN may be wrong."""

MOST_TRIES_ELSEWHERE = 6
"""The same while somebody fetches a phone or a second person."""

MOST_SILENCES = 2
"""Nobody may be there any more: a question is put this often to silence."""


def ask_again(
    state: Confirming | AskingAnother | AwaitingFactor,
    key: str,
    final_key: str = "nothing_ordered",
    most_tries: int = MOST_TRIES,
) -> Outcome:
    """With the sentence `key`; after `most_tries` nothing is ordered, and `final_key` says so."""
    if isinstance(state, AwaitingFactor):
        final_key = "not_confirmed" if state.wants == "factor" else "not_approved"
        most_tries = most_tries if state.wants == "factor" else MOST_TRIES_ELSEWHERE
    if state.tries >= most_tries:
        return gave_up(state, final_key)
    return replace(state, tries=state.tries + 1), (Say(key, "consent", state.basket),)


def gave_up(state: Confirming | Challenged | AskingAnother | AwaitingFactor, key: str) -> Outcome:
    """It was put often enough: nothing is ordered, and `key` says so."""
    return Idle(), (Say(key, basket=state.basket), Record("gave_up", state.basket, state.speaker.person))


def bare(state: Confirming) -> Outcome:
    """A yes that is too short to know a voice by: the whole sentence is asked for, once."""
    most = 0 if state.sentence_asked else MOST_TRIES
    return ask_again(replace(state, sentence_asked=True), "say_sentence", "sentence_needed", most)


def unclear(state: Confirming | AskingAnother, event: Confused, around: Surroundings) -> Outcome:
    """Speech that is no sentence of the grammar."""
    if isinstance(state, Confirming) and (otherwise := without_a_voice(state, around)):
        return otherwise
    if event.room:
        return ask_again(state, f"again_{event.room}", event.room)
    last = state.tries == MOST_TRIES - 1
    return ask_again(state, "again_otherwise" if last else "again")


def without_a_voice(state: Confirming | Challenged, around: Surroundings) -> Outcome | None:
    """What was heard badly twice is heard so again: whoever has a PIN, badge or phone is asked for that,
    which is never less than a voice; None where it is too early, or nothing of that is ready."""
    factor = "pin" in around.ways or "badge" in around.ways
    if state.tries != MOST_TRIES - 1 or not (factor or "phone" in around.ways):
        return None
    wants: Literal["factor", "phone"] = "factor" if factor else "phone"
    return AwaitingFactor(state.basket, state.speaker, offer=state.offer, wants=wants), (
        Say(f"{wants}_needed", "consent", state.basket, first="hard_to_hear"),
        Record(f"asked_{wants}", state.basket, state.speaker.person),
    )


def really(why: Literal["another", "much"], basket: Basket, speaker: Verdict) -> Outcome:
    """Asks before anything is read back: one is queued already, or it is unusually much."""
    asked = Record(f"asked_{why}", basket, speaker.person)
    return AskingAnother(basket, speaker, why=why), (Say(why, "consent", basket), asked)


def as_it_was(state: Confirming | AskingAnother | AwaitingFactor, key: str) -> Outcome:
    """Nothing was changed: `key` says so where what was read back is asked about, else the question is put as
    it was."""
    match state:
        case Confirming():
            return ask_again(state, key)
        case AskingAnother():
            return ask_again(state, state.why)
    return ask_again(state, f"{state.wants}_needed")


def change_unclear(
    state: Confirming | AskingAnother | AwaitingFactor, _: ChangeUnclear, __: Surroundings
) -> Outcome:
    """It stays as it was."""
    return as_it_was(state, "change_unclear")


def unanswered(state: Confirming | AskingAnother, _: Silent, __: Surroundings) -> Outcome:
    """Nobody said anything."""
    return ask_again(state, "still_there", most_tries=MOST_SILENCES)
