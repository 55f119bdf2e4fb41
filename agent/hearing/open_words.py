"""Words that can spell out any speech, for a decode that knows no catalogue: the shortest ones of a
vocabulary.

A decode with the vendor's language model is no such measure. It takes longer than the speech, and what it
knows of language weighs as much as the sound: a true order behind a likely sentence looks like something
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from agent.plumbing.sentence_graph import SentenceGraph

FEWEST = 60
"""With fewer words than this a vocabulary spells out little, and the vendor's language model has to do."""

_HANGUL, _SYLLABLES, _FINALS = 0xAC00, 11_172, 28


def open_words(words: Iterable[str], knows: Callable[[str], bool]) -> list[str]:
    """Of one or two letters in the script of `words` (as the model writes them), or Korean syllables that
    end in a vowel; those that the model `knows`, in a fixed order. None where these are fewer than
    FEWEST."""
    letters = sorted({letter for word in words for letter in word if letter.isalpha()})
    if any(_is_hangul(letter) for letter in letters):
        candidates = [chr(_HANGUL + at) for at in range(0, _SYLLABLES, _FINALS)]
    else:
        candidates = [*letters, *map("".join, product(letters, repeat=2))]
    known = [word for word in candidates if knows(word)]
    return known if len(known) >= FEWEST else []


def denial_words(graph: SentenceGraph) -> set[str]:
    """Words with which a denial ends, and no consent and no order: an open decode that lacked them could not
    hear one (docs/adr/0011)."""
    ends: dict[str, set[str]] = {"denial": set(), "consent": set(), "intent": set()}
    for arc in graph.arcs:
        if arc.word and arc.tag >= 0:
            ends.get(graph.tags[arc.tag].slot, set()).add(arc.word)
    return ends["denial"] - ends["consent"] - ends["intent"]


def _is_hangul(letter: str) -> bool:
    return _HANGUL <= ord(letter) < _HANGUL + _SYLLABLES
