"""The steps of the dialogue table while words are to be said after the device."""

from __future__ import annotations

from dataclasses import replace

from agent.deciding.asking import MOST_SILENCES, MOST_TRIES, gave_up, without_a_voice
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.challenging import put
from agent.deciding.conversation import (
    Answered,
    Commit,
    Committing,
    Confused,
    Helped,
    Idle,
    OrderHeard,
    Outcome,
    Record,
    Repeated,
    Say,
    Silent,
)
from agent.deciding.inquired import Inquired, Tell
from agent.deciding.permitting import words_are_enough
from agent.deciding.reading_back import read_back
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import UNCLEAR


def words_said(state: Challenged, event: ChallengeAnswered, around: Surroundings) -> Outcome:
    """One answer for each question: wrong words, or right ones in another voice, end it."""
    basket, person = state.basket, state.speaker.person
    if event.speaker.reason in UNCLEAR:
        anew = _anew(state, f"challenge_{event.speaker.reason}", around)
        return without_a_voice(state, around) or anew
    if event.words != state.words:
        return _failed(state, "challenge_wrong", "challenge_wrong")
    if not event.speaker.person or event.speaker != state.speaker or not event.same_speaker:
        return _failed(state, "refused_other_voice", "challenge_other_voice")
    if not (words_are_enough(basket, around) and around.delivery_stands):
        return read_back(basket, state.speaker, around, state.offer)  # limits or day have changed meanwhile
    return Committing(basket, event.speaker, state.offer), (
        Record("confirmed_by_challenge", basket, person),
        Commit(basket, event.speaker, offer=state.offer, said=state.said),
    )


def answered(state: Challenged, event: Answered, around: Surroundings) -> Outcome:
    """Anybody may say no; any other answer is none to this."""
    code = {"denial": "cancelled", "later": "postponed"}.get(event.answer.kind)
    if code is None:
        return _anew(state, "challenge_again", around)
    return Idle(), (Say(code), Record(code, state.basket, event.speaker.person))


def unclear(state: Challenged, _: Confused, around: Surroundings) -> Outcome:
    """Nobody knows what was said, so it was no answer."""
    return without_a_voice(state, around) or _anew(state, "challenge_again", around)


def unanswered(state: Challenged, _: Silent, around: Surroundings) -> Outcome:
    """The time for it has passed."""
    return _anew(state, "challenge_again", around, most_tries=MOST_SILENCES)


def helped(state: Challenged, _: Helped, around: Surroundings) -> Outcome:
    """Says what it is for."""
    return _put(state, "help_challenge", around)


def repeated(state: Challenged, _: Repeated, around: Surroundings) -> Outcome:
    """Reads it back once more."""
    return _put(state, "read_back_challenge", around)


def asked(state: Challenged, event: Inquired, around: Surroundings) -> Outcome:
    """The answer to something else, and then the question with new words."""
    after, effects = repeated(state, Repeated(), around)
    return after, (Tell(event.answer), *effects)


def kept(state: Challenged, event: OrderHeard, around: Surroundings) -> Outcome:
    """Somebody else orders: first what is open, as of `in_between.kept`."""
    put_off = Record("order_open", event.basket, event.speaker.person)
    after, effects = _anew(state, "challenge_open", around)
    return after, (put_off, *effects)


def _anew(state: Challenged, key: str, around: Surroundings, most_tries: int = MOST_TRIES) -> Outcome:
    if state.tries >= most_tries:
        return gave_up(state, "nothing_ordered")
    return _put(replace(state, tries=state.tries + 1), key, around)


def _put(state: Challenged, key: str, around: Surroundings) -> Outcome:
    if not around.chance:  # it cannot be put any more: with what is asked for instead
        return read_back(state.basket, state.speaker, around, state.offer)
    return put(state, key, around)


def _failed(state: Challenged, key: str, code: str) -> Outcome:
    return Idle(), (Record(code, state.basket, state.speaker.person), Say(key, basket=state.basket))
