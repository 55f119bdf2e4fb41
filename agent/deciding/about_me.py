"""What the device knows of whoever asks, and forgetting them by their own voice: values in, values out.

Forgetting is asked about once, and done when the same voice says the sentence; any denial, silence or another
voice leaves everything as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.deciding.about_me_words import ABOUT_ME, ALSO_TYPED, FORGET_CONSENTS, Kind
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import Say
from agent.deciding.denials import is_denied, is_doubtful
from agent.deciding.lexicon import LEXICONS
from agent.deciding.verification import Verdict
from agent.plumbing.sentence_graph import normalise_text

MOST_TRIES = 2
"""The question whether to forget is put so often; then nothing is forgotten."""


@dataclass(frozen=True)
class Forgetting:
    """`person` was asked whether to be forgotten; `tries` counts how often."""

    person: str
    tries: int = 1


Outcome = tuple[Forgetting | None, Say, bool]
"""The next state (None: over), what to say, and whether to forget the person now."""


def begin(person: str) -> Outcome:
    """The one question."""
    return Forgetting(person), Say("forget_ask", CHOICE), False


def answered(
    state: Forgetting, words: str, open_words: str, speaker: Verdict, *, same_speaker: bool, language: str
) -> Outcome:
    """What `words`, one of `forget_answers` or '', come to. `open_words` can only deny, or have
    it asked again."""
    consents = {normalise_text(text) for text in FORGET_CONSENTS[language]}
    if words and words not in consents:
        return None, Say("forget_not"), False
    if is_denied(open_words, language, consents):
        return None, Say("forget_not"), False
    if not words or is_doubtful(open_words, words, language):
        return silent(state)
    if not same_speaker or speaker.person != state.person:
        return None, Say("forget_other_voice"), False
    return None, Say("forgotten"), True


def silent(state: Forgetting) -> Outcome:
    """Nothing was said, or nothing that answers."""
    if state.tries >= MOST_TRIES:
        return None, Say("forget_not"), False
    return replace(state, tries=state.tries + 1), Say("forget_again", CHOICE), False


def forget_answers(language: str) -> tuple[str, ...]:
    """What is listened for after the question, normalised."""
    said = (*FORGET_CONSENTS[language], *LEXICONS[language].denials)
    return tuple(dict.fromkeys(normalise_text(text) for text in said))


def asked_about_me(text: str, language: str) -> Kind | None:
    """What a typed line asks of this kind, None where it asks something else."""
    said = normalise_text(text)
    for table in (ABOUT_ME, ALSO_TYPED):
        for kind, phrases in table[language].items():
            if said in map(normalise_text, phrases):
                return kind
    return None
