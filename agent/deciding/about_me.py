"""What the device knows of whoever asks, and what their own voice may have it do with that: forget it all, or
look at what they ordered. Values in, values out.

Either is asked about once, and done when the same voice says the sentence; any denial, silence or another
voice leaves everything as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.deciding.about_me_words import ABOUT_ME, ALSO_TYPED, FORGET_CONSENTS, REMEMBER_CONSENTS, Kind
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import Say
from agent.deciding.denials import is_denied, is_doubtful
from agent.deciding.lexicon import LEXICONS
from agent.deciding.verification import Verdict
from agent.plumbing.sentence_graph import normalise_text

MOST_TRIES = 2
"""Either question is put so often; then nothing is done."""


@dataclass(frozen=True)
class Forgetting:
    """`person` was asked whether to be forgotten; `tries` counts how often."""

    person: str
    tries: int = 1


@dataclass(frozen=True)
class Remembering:
    """`person` was asked whether what they order may be looked at, to suggest something to them."""

    person: str
    tries: int = 1


Owned = Forgetting | Remembering
Outcome = tuple[Owned | None, Say, bool]
"""The next state (None: over), what to say, and whether to do it now."""


def begin(asked: Owned) -> Outcome:
    """The one question."""
    return asked, Say(f"{_word(asked)}_ask", CHOICE), False


def answered(
    state: Owned, words: str, open_words: str, speaker: Verdict, *, same_speaker: bool, language: str
) -> Outcome:
    """What `words`, one of `owned_answers` or '', come to. `open_words` can only deny, or have
    it asked again."""
    consents = {normalise_text(text) for text in _consents(state, language)}
    if (words and words not in consents) or is_denied(open_words, language, consents):
        return None, Say(f"{_word(state)}_not"), False
    if not words or is_doubtful(open_words, words, language):
        return silent(state)
    if not same_speaker or speaker.person != state.person:
        return None, Say(f"{_word(state)}_other_voice"), False
    return None, Say("forgotten" if isinstance(state, Forgetting) else "remember_done"), True


def silent(state: Owned) -> Outcome:
    """Nothing was said, or nothing that answers."""
    if state.tries >= MOST_TRIES:
        return None, Say(f"{_word(state)}_not"), False
    return replace(state, tries=state.tries + 1), Say(f"{_word(state)}_again", CHOICE), False


def owned_answers(state: Owned, language: str) -> tuple[str, ...]:
    """What is listened for after the question, normalised."""
    said = (*_consents(state, language), *LEXICONS[language].denials)
    return tuple(dict.fromkeys(normalise_text(text) for text in said))


def _consents(state: Owned, language: str) -> tuple[str, ...]:
    return (FORGET_CONSENTS if isinstance(state, Forgetting) else REMEMBER_CONSENTS)[language]


def _word(state: Owned) -> str:
    return "forget" if isinstance(state, Forgetting) else "remember"


def asked_about_me(text: str, language: str) -> Kind | None:
    """What a typed line asks of this kind, None where it asks something else."""
    said = normalise_text(text)
    for table in (ABOUT_ME, ALSO_TYPED):
        for kind, phrases in table[language].items():
            if said in map(normalise_text, phrases):
                return kind
    return None
