"""What was read back, by its digest: in the state, and in the order to sign. So an agreement is bound to one
basket at one price, whatever the steps of the dialogue make of it."""

from __future__ import annotations

from dataclasses import replace

from agent.deciding.challenged import Challenged
from agent.deciding.conversation import (
    AwaitingFactor,
    Commit,
    Confirming,
    Effect,
    Idle,
    Outcome,
    Record,
    Say,
    State,
)
from agent.deciding.reply_words import REPLIES

READS_BACK = frozenset(
    key
    for key, text in REPLIES["en"].items()
    if "{total}" in text and ("{items}" in text or "{Items}" in text)
)
"""Replies that name all of a basket with its total."""


def bound_to_what_was_said(after: State, effects: tuple[Effect, ...]) -> Outcome:
    """The outcome of a step with the digest of what it reads back noted in the state. To sign what was not
    read back last is refused, and nothing is ordered (`not_read_back`)."""
    for effect in effects:
        if isinstance(effect, Commit) and effect.said != effect.basket.digest:
            refusal = Record("not_read_back", effect.basket, effect.speaker.person)
            return Idle(), (Say("not_read_back", basket=effect.basket), refusal)
    if isinstance(after, Confirming | Challenged | AwaitingFactor):
        for effect in effects:
            if isinstance(effect, Say) and effect.basket and effect.key in READS_BACK:
                after = replace(after, said=effect.basket.digest)
    return after, effects
