"""Which products nobody can order by voice, and what nobody can answer or read aloud, because the
recogniser's vocabulary lacks the words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from agent.deciding.catalogue import Catalogue
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.lexicon import LEXICONS
from agent.plumbing.sentence_graph import normalise_text


class Unsayable(NamedTuple):
    """`what`: "product coffee", "choice roast=dark" or "consent"; `say`: its name; `unknown`: the
    words that are missing, normalised."""

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
        if language in words and (unknown := _unknown(words[language].heard, knows)):
            yield Unsayable(what, words[language].say, unknown)


def unanswerable(language: str, knows: Callable[[str], bool]) -> Iterator[Unsayable]:
    """Where there is no way to say it: the consent to an order, the consent to learn a voice, a
    denial; and every sentence of enrolment that cannot be said."""
    lexicon = LEXICONS[language]
    ways = {
        "consent": lexicon.consent_sentences,
        "consent to enrolment": lexicon.enrolment_consents,
        "denial": lexicon.denials,
        **{
            "sentence of enrolment " + str(n): (text,)
            for n, text in enumerate(ENROLMENT_PHRASES[language], 1)
        },
    }
    for what, texts in ways.items():
        if unknown := _unknown(texts, knows):
            yield Unsayable(what, texts[0], unknown)


def _unknown(texts: Iterable[str], knows: Callable[[str], bool]) -> tuple[str, ...]:
    """Nothing where one of them can be said."""
    unknown: dict[str, None] = {}
    for form in texts:
        missing = [word for word in normalise_text(form).split() if not knows(word)]
        if not missing:
            return ()
        unknown.update(dict.fromkeys(missing))
    return tuple(unknown)
