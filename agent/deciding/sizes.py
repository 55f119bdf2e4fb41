"""Sizes as shops write them ("M8", "FFP2"), and as they are said: "m eight", "f f p two"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from agent.deciding.catalogue import Catalogue
from agent.deciding.lexicon import spoken_numbers, spoken_words
from agent.plumbing.sentence_graph import normalise_text

MOST_SIZES = 40
"""Of one shop, the most frequent: each is heard in a few sentences more."""

_MOST_LETTERS = 3
_SIZE = re.compile(rf"\b([A-Z]{{1,{_MOST_LETTERS}}})([1-9][0-9]?)\b")


def said_sizes(catalogue: Catalogue, language: str) -> tuple[str, ...]:
    """Every way to say a size that stands in the names of the shop's products, normalised. A shop that writes
    none has none."""
    found = Counter(
        size.groups()
        for product in catalogue.products
        if language in product.words
        for size in _SIZE.finditer(product.words[language].say)
    )
    return tuple(
        dict.fromkeys(
            way
            for (letters, number), _ in found.most_common(MOST_SIZES)
            for way in _ways(letters.lower(), int(number), language)
        )
    )


def written_size(text: str, language: str) -> str:
    """ "M8" for "m eight", "M 8" and "m8"; '' for what is no size."""
    words = normalise_text(text).split()
    if len(words) == 1 and _SIZE.fullmatch(words[0].upper()):
        return words[0].upper()
    for at in range(1, len(words)):
        letters, number = "".join(words[:at]), " ".join(words[at:])
        if len(letters) <= _MOST_LETTERS and letters.isalpha() and number in spoken_numbers(language):
            return f"{letters.upper()}{spoken_numbers(language)[number]}"
    return ""


def _ways(letters: str, number: int, language: str) -> Iterator[str]:
    yield f"{letters}{number}"
    for words in spoken_words(number, language):
        yield f"{letters} {words}"
        if len(letters) > 1:
            yield f"{' '.join(letters)} {words}"
