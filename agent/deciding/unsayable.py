"""Which products nobody can order by voice, because the recogniser's vocabulary lacks their words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.deciding.catalogue import Catalogue
from agent.deciding.products import Wording
from agent.plumbing.sentence_graph import normalise_text


class Unsayable(NamedTuple):
    """`what`: "product coffee" or "choice roast=dark"; `say`: its name; `unknown`: the words that are
    missing, normalised."""

    what: str
    say: str
    unknown: tuple[str, ...]


def unsayable(catalogue: Catalogue, language: str, knows: Callable[[str], bool]) -> Iterator[Unsayable]:
    """Every product and choice with words in `language` of which no name can be said; `knows` tells whether a
    normalised word is in the vocabulary."""
    named = [(f"product {product.id}", product.words) for product in catalogue.products]
    named += [
        (f"choice {option.id}={choice.id}", choice.words)
        for option in catalogue.options
        for choice in option.choices
    ]
    for what, words in named:
        if language in words and (unknown := _unknown(words[language], knows)):
            yield Unsayable(what, words[language].say, unknown)


def _unknown(wording: Wording, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """Nothing where one of the names can be said."""
    unknown: dict[str, None] = {}
    for form in wording.heard:
        missing = [word for word in normalise_text(form).split() if not knows(word)]
        if not missing:
            return ()
        unknown.update(dict.fromkeys(missing))
    return tuple(unknown)
