"""What takes a yes or an order back: words and phrases of refusal, and free speech that says much more than
the sentence found in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from agent.deciding.lexicon import LEXICONS
from agent.plumbing.sentence_graph import BETWEEN_DECODES, normalise_text

MOST_WORDS_BESIDE = 1
MOST_LETTERS_BESIDE = 4
"""What a free decode may have beyond the sentence found in it; both are exceeded by what was said beside it,
one or none by a sentence misheard in noise."""


class _Phrases(NamedTuple):
    """Those of a language, normalised."""

    denials: tuple[str, ...]
    affirmations: tuple[str, ...]
    call_offs: tuple[str, ...]


def is_denied(text: str, language: str, names: Iterable[str] = ()) -> bool:
    """Whether a word or phrase of `text` denies ("don't", "hold on", "nie"). Words that merely contain one do
    not, nor phrases that are known to be none ("can't wait, yes"), nor one inside a name of `names`, which
    are normalised."""
    phrases = _phrases(language)
    said = _without(normalise_text(text), (*phrases.affirmations, *names))
    if not LEXICONS[language].denial_words.isdisjoint(said.split()):
        return True
    return any(_holds(said, phrase) for phrase in phrases.denials)


def is_doubtful(open_words: str, words: str, language: str) -> bool:
    """Whether it takes another question to know that `words` were said as a consent: free speech heard what
    may be a refusal ("I can't"), or much more than `words` in each of its decodes."""
    decodes = [
        _without(normalise_text(decode), _phrases(language).affirmations)
        for decode in open_words.split(BETWEEN_DECODES)
    ]
    doubts, found = LEXICONS[language].doubt_words, normalise_text(words)
    if any(not doubts.isdisjoint(decode.split()) for decode in decodes):
        return True
    beside = min(len(decode.split()) for decode in decodes) - len(found.split())
    letters = min(map(_letters, decodes)) - _letters(found)
    return beside > MOST_WORDS_BESIDE and letters > MOST_LETTERS_BESIDE


def is_change_begun(open_words: str, language: str) -> bool:
    """Whether a free decode heard a "no" that only leads to how it is wanted ("no, make it"), of which the
    grammar knows no sentence, and nothing denies after it in any. After "no, actually" anything may follow
    ("nie, jednak dziękuję"), so that is none."""
    lexicon = LEXICONS[language]
    no = normalise_text(lexicon.denials[0])
    wanting = (change for change in lexicon.changes if change.split()[-1] in lexicon.wanting)
    begun = tuple(f"{no} {normalise_text(change)} " for change in wanting)
    decodes = [normalise_text(decode) for decode in open_words.split(BETWEEN_DECODES)]
    return any(decode.startswith(begun) for decode in decodes) and not any(
        is_denied(decode.removeprefix(f"{no} "), language) for decode in decodes
    )


def is_called_off(open_words: str, words: str, language: str) -> bool:
    """Whether an order, `words` in the grammar, was taken back in the same breath by what the free decode
    heard: a word or phrase that calls off ("cancel", "do not") and is in no name, or a last word that denies
    ("..., no").

    No other denial counts here: "no" leads to a correction, and "nabu" may be written "no boo".
    """
    lexicon, said, found = LEXICONS[language], normalise_text(open_words), normalise_text(words)
    heard, ordered = said.split(), found.split()
    if not lexicon.call_off_words.isdisjoint(set(heard) - set(ordered)):
        return True
    if any(_holds(said, phrase) and not _holds(found, phrase) for phrase in _phrases(language).call_offs):
        return True
    return bool(heard) and heard[-1] in lexicon.denial_words and heard[-1:] != ordered[-1:]


@cache
def _phrases(language: str) -> _Phrases:
    lexicon = LEXICONS[language]
    of = (lexicon.denial_phrases, lexicon.affirmations, lexicon.call_off_phrases)
    return _Phrases(*(tuple(map(normalise_text, phrases)) for phrases in of))


def _holds(said: str, phrase: str) -> bool:
    return f" {phrase} " in f" {said} "


def _without(said: str, phrases: Iterable[str]) -> str:
    """Nothing that the phrases leave behind is a phrase together with what stood around them."""
    for phrase in phrases:
        while phrase and _holds(said, phrase):
            said = f" {said} ".replace(f" {phrase} ", " / ", 1).strip()
    return said


def _letters(text: str) -> int:
    return sum(letter.isalnum() for letter in text)
