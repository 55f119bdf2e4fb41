"""What is sold of which a line names only a part: "milk" where there are four kinds of milk.

The grammar knows whole names. These are for somebody to choose from; nothing is taken for meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from agent.deciding.lexicon import LEXICONS, spoken_numbers
from agent.deciding.packed_catalogue import PackedCatalogue
from agent.deciding.products import Product
from agent.deciding.question_words import QUESTION_TEMPLATES
from agent.deciding.typed_words import WAYS
from agent.plumbing.sentence_graph import normalise_text, written_text

MOST_NAMED = 5
MOST_WORDS_LOOKED_FOR = 4
MOST_LOOKED_AT = 300
"""Products that are unpacked for one line; where a word stands in more, it tells too little."""

_ENDING: Mapping[str, int] = {"en": 1, "pl": 2}
"""How many letters at the end of a word may be others in another case or number."""

_HEAD: Mapping[str, int] = {"en": -1, "pl": 0}
"""Which word of a name says what kind of thing it is."""

_SHORTEST = 3
_LONGER_BY = 3

_ITSELF, _ANOTHER_FORM = 3, 2


def nearly_named(catalogue: PackedCatalogue, language: str, text: str) -> tuple[list[Product], bool]:
    """Products with the most words of `text` in a name, the shortest names first, at most MOST_NAMED; and
    whether there are more of them."""
    wanted = _content(text, language) if language in _ENDING else []
    found = catalogue.holding([_stem(word, language) for word in wanted], MOST_LOOKED_AT)
    scored = [(_score(product, wanted, language), product) for product in found if language in product.words]
    best = max((score for score, _ in scored), default=0)
    if best == 0:
        return [], False
    named = [product for score, product in scored if score == best]
    named.sort(key=lambda product: _usual_name_first(product, wanted, language))
    return named[:MOST_NAMED], len(named) > MOST_NAMED


def is_called(product: Product, language: str, text: str) -> bool:
    """Whether each word of `text` that may be of a name is in one of the product's: "coffee" in "coffee
    beans"."""
    wanted = _content(text, language) if language in _ENDING and language in product.words else []
    if not wanted:
        return False
    names = [normalise_text(name).split() for name in product.words[language].heard]
    return any(all(_score_of(name, [word], language) > 0 for word in wanted) for name in names)


def _usual_name_first(product: Product, wanted: Sequence[str], language: str) -> tuple[int, bool, int, str]:
    """ "Skimmed milk" comes before "milk chocolate"."""
    words = normalise_text(product.words[language].say).split()
    is_kind_of_it = _score_of([words[_HEAD[language]]], wanted, language) > 0
    return -_score_of(words, wanted, language), not is_kind_of_it, len(words), product.id


def _content(text: str, language: str) -> list[str]:
    """Words of `text` that may be of a name, as they are written, without those that stand around names."""
    around = _around(language)
    words = [
        word
        for word in written_text(text).split()
        if normalise_text(word) not in around and (len(word) >= _SHORTEST or _has_digit(word))
    ]
    while words and words[0].isdecimal():  # a count
        words = words[1:]
    return list(dict.fromkeys(words))[:MOST_WORDS_LOOKED_FOR]


@cache
def _around(language: str) -> frozenset[str]:
    lexicon = LEXICONS[language]
    phrases = [
        *(*lexicon.openings, *lexicon.politeness, *lexicon.additions, *lexicon.articles, *lexicon.changes),
        *(lexicon.of, lexicon.and_joiner, lexicon.after_joiner, *lexicon.pronouns),
        *(form for unit in lexicon.units.values() for form in unit.heard),
        *(word for word in spoken_numbers(language) if not word.isdecimal()),
        *(
            re.sub(r"[(){}\[\]|]", " ", way)
            for ways in QUESTION_TEMPLATES.get(language, {}).values()
            for way in ways
        ),
        *(way for ways in WAYS.get(language, {}).values() for way in ways),
        *WAYS.get(language, {}),
    ]
    return frozenset(word for phrase in phrases for word in normalise_text(phrase).split())


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _stem(word: str, language: str) -> str:
    """What its forms begin with; all of it where it has a digit ("m8")."""
    return word if _has_digit(word) else word[: max(_SHORTEST, len(word) - _ENDING[language])]


def _score(product: Product, wanted: Sequence[str], language: str) -> int:
    """For the name that says most of it."""
    return max(
        _score_of(normalise_text(name).split(), wanted, language) for name in product.words[language].heard
    )


def _score_of(name: Sequence[str], wanted: Sequence[str], language: str) -> int:
    score = 0
    for word in wanted:
        said, stem = normalise_text(word), normalise_text(_stem(word, language))
        if said in name:
            score += _ITSELF
        elif not _has_digit(word) and any(
            each.startswith(stem) and len(each) <= len(said) + _LONGER_BY for each in name
        ):
            score += _ANOTHER_FORM
    return score
