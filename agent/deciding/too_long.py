"""What is too long to be said aloud. A question is put whole or not at all, since nobody agrees to what was
not read out; what only tells is cut."""

from __future__ import annotations

from collections.abc import Mapping

from agent.deciding.basket import Factor
from agent.deciding.challenged import Challenged
from agent.deciding.conversation import (
    Asking,
    AwaitingFactor,
    Choosing,
    Confirming,
    Effect,
    Idle,
    Outcome,
    Record,
    Say,
)
from agent.deciding.permitting import permit, wanted
from agent.deciding.surroundings import Surroundings
from agent.plumbing.messages import LONGEST_SAID

_PHONE: tuple[Factor, ...] = ("phone",)

AND_SO_ON: Mapping[str, str] = {"en": "and so on.", "pl": "i tak dalej.", "ko": "등등입니다."}


def shortened(text: str, language: str) -> str:
    """At most `LONGEST_SAID` of it, cut after a word, and in words that there is more."""
    if len(text) <= LONGEST_SAID:
        return text
    more = f", {AND_SO_ON[language]}"
    kept = text[: LONGEST_SAID - len(more) + 1]  # a word that ends right there is whole
    end = kept.rfind(" ")  # -1 where there is none: all but the letter that was too many
    return kept[:end].rstrip(" ,;:.") + more


def or_too_long(outcome: Outcome, around: Surroundings) -> Outcome:
    """The outcome of a step. Where what it asks is too long to be said, the phone of whoever orders shows it,
    if its approval is all that is needed; else it is refused."""
    after, effects = outcome
    if not isinstance(after, Asking):
        return outcome
    for at, effect in enumerate(effects):
        if isinstance(effect, Say) and effect.listen and around.too_long(effect, after):
            state, others = _instead(after, effects[at + 1 :], around)
            return state, (*effects[:at], *others)
    return outcome


def _instead(after: Asking, rest: tuple[Effect, ...], around: Surroundings) -> Outcome:
    if isinstance(after, Confirming | Challenged | AwaitingFactor) and _phone_will_do(after, around):
        basket, speaker = after.basket, after.speaker
        shown = Say("shown_on_phone", "consent", basket, limit=len(basket.lines))
        if isinstance(after, AwaitingFactor) and after.wants == "phone":
            return after, (shown, *rest)
        asked = Record("asked_phone", basket, speaker.person)
        return AwaitingFactor(basket, speaker, offer=after.offer, wants="phone"), (shown, asked)
    ways = tuple(way for way in around.ways if way == "chat")
    about = after.choice.first if isinstance(after, Choosing) else after.basket
    return Idle(), (Say("too_long", ways=ways), Record("too_long", about, after.speaker.person))


def _phone_will_do(state: Confirming | Challenged | AwaitingFactor, around: Surroundings) -> bool:
    """Whether the order is placed once the phone has approved it: a second person would have to hear it."""
    return (
        around.circumstances.phone_ready
        and permit(state.basket, around, "factor").allowed
        and not wanted(state.basket, state.speaker, around, _PHONE)
    )
