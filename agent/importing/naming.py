"""Products that are called like something that people say to the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache

from agent.deciding.lexicon import LEXICONS, spoken_numbers
from agent.deciding.word_kinds import UnitWords
from agent.importing.findings import Findings, Line
from agent.importing.judging import Products
from agent.plumbing.sentence_graph import normalise_text, written_text


def judge_names(products: Products, findings: Findings, line: Line) -> None:
    """A name that is exactly a phrase of the lexicon is a fault: who says it would never be understood. One
    that holds a word of denial is doubtful: it takes back whatever is asked for with it."""
    for path, product in products:
        for language, wording in product.words.items():
            if language not in LEXICONS:
                continue
            here = line((*path, "words", language))
            denials = LEXICONS[language].denial_words
            for name in dict.fromkeys(normalise_text(form) for form in wording.heard):
                where = f"product {product.id!r}: the name {name!r} in {language!r}"
                if name in said_to_a_device(language):
                    findings.fault(here, f"{where} is what people say to a device")
                elif held := denials & set(name.split()):
                    findings.warning(here, f"{where} holds {min(held)!r}, which takes an order back")


@cache
def said_to_a_device(language: str) -> frozenset[str]:
    """Every phrase of the lexicon: consents, denials, openings, units, numbers; normalised."""
    return frozenset(map(normalise_text, written_phrases(language))) | spoken_numbers(language).keys()


@cache
def written_phrases(language: str) -> tuple[str, ...]:
    """The same without numbers, with their accents, in an order of their own."""
    lexicon = LEXICONS[language]
    phrases = (phrase for field in fields(lexicon) for phrase in _phrases(getattr(lexicon, field.name)))
    return tuple(sorted({written_text(phrase) for phrase in phrases} - {""}))


def _phrases(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, UnitWords):
        yield from value.heard
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if isinstance(part, UnitWords):
                yield from _phrases(part)
            else:
                yield key
    elif isinstance(value, tuple | frozenset):
        yield from map(str, value)
