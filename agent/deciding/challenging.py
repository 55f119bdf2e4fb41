"""A consent that no recording of an earlier one is: the basket is read back with words to be said again.

It stays within what a voice may order: whatever was taken over and hears can forge this as well.
"""

from __future__ import annotations

from dataclasses import replace

from agent.deciding.basket import Basket, Offer
from agent.deciding.challenge_words import CHALLENGE, drawn
from agent.deciding.challenged import Challenged
from agent.deciding.conversation import Outcome, Record, Say
from agent.deciding.permitting import unusual_in
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import Verdict


def challenge(basket: Basket, speaker: Verdict, around: Surroundings, offer: Offer | None = None) -> Outcome:
    """The question, with its first words. Raises ValueError as `put`."""
    state, effects = put(Challenged(basket, speaker, (), offer=offer), "read_back_challenge", around)
    return state, (*effects, Record("asked_challenge", basket, speaker.person))


def put(state: Challenged, key: str, around: Surroundings) -> tuple[Challenged, tuple[Say, ...]]:
    """The same question with other words, by the reply `key`: what was said aloud may have been heard by
    anybody. Raises ValueError without fresh chance in `around`."""
    words = drawn(around.chance, state.basket.digest)
    why = unusual_in(state.basket, around) if key == "read_back_challenge" else ""
    return replace(state, words=words), (Say(key, CHALLENGE, state.basket, challenge=words, unusual=why),)
