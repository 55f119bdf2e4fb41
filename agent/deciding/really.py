"""Is that really meant? Asked once or twice about what somebody wants done beside an order; anything but a
yes leaves everything as it is. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from agent.deciding.denials import is_denied, is_doubtful
from agent.deciding.heard_questions import BY_A_KNOWN_VOICE, confirmations
from agent.deciding.lexicon import LEXICONS
from agent.deciding.verification import UNCLEAR, Verdict
from agent.plumbing.sentence_graph import normalise_text

MOST_TRIES = 2
"""The question is put so often."""


@dataclass(frozen=True)
class Really:
    """Whoever wants `kind` ('cancel', 'person') was asked; `person` is who that is, '' where nobody knows,
    and `tries` how often."""

    kind: str
    person: str = ""
    tries: int = 1


Settled = Literal["yes", "no", "other_voice"]


def answered(
    state: Really, words: str, open_words: str, speaker: Verdict, *, same_speaker: bool, language: str
) -> Really | Settled:
    """What `words`, one of `really_answers` or '', come to; another try where they settle nothing.
    `open_words` can only deny, or have it asked again."""
    yes = confirmations(state.kind, language)
    if (words and words not in yes) or is_denied(open_words, language, yes):
        return "no"
    if not words or is_doubtful(open_words, words, language):
        return unanswered(state)
    if state.kind not in BY_A_KNOWN_VOICE:
        return "yes"
    if speaker.reason in UNCLEAR:
        return unanswered(state)
    return "yes" if same_speaker and speaker.person and speaker.person == state.person else "other_voice"


def unanswered(state: Really) -> Really | Settled:
    """Nothing was said, or nothing that answers."""
    return "no" if state.tries >= MOST_TRIES else replace(state, tries=state.tries + 1)


def really_answers(kind: str, language: str) -> tuple[str, ...]:
    """What is listened for after the question, normalised."""
    denials = (normalise_text(text) for text in LEXICONS[language].denials)
    return tuple(dict.fromkeys((*confirmations(kind, language), *denials)))
