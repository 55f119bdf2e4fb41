"""Numbers in words, by the rules of Unicode CLDR: as the device says them, and as people do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from unicode_rbnf import RbnfEngine

Gender = Literal["masculine", "feminine", "neuter"]
_SAID = {
    "en": "spellout-cardinal-verbose",
    "pl": "spellout-cardinal-masculine",
    "ko": "spellout-cardinal-sinokorean",
}
_BEFORE: Mapping[tuple[str, str], str] = {
    ("pl", "feminine"): "spellout-cardinal-feminine-accusative",
    ("pl", "neuter"): "spellout-cardinal-neuter",
}
_HEARD: Mapping[str, tuple[str, ...]] = {
    "en": ("spellout-cardinal-verbose", "spellout-cardinal"),
    "pl": (
        "spellout-cardinal-masculine",
        "spellout-cardinal-feminine",
        "spellout-cardinal-neuter",
        "spellout-cardinal-feminine-accusative",
    ),
}
"""What may stand before a unit; Polish counts things of three genders."""


def in_words(value: int, language: str, gender: Gender = "masculine") -> str:
    """`value` (0 or more) as it is read out before a noun of `gender`: "jeden karton", "dwie paczki"."""
    return _spelled(value, language, _BEFORE.get((language, gender), _SAID[language]))


def heard_words(value: int, language: str) -> tuple[str, ...]:
    """Every way in which `value` is counted in 'en' and 'pl', the usual one first."""
    return tuple(dict.fromkeys(_spelled(value, language, ruleset) for ruleset in _HEARD[language]))


def _spelled(value: int, language: str, ruleset: str) -> str:
    text: str = _engine(language).format_number(value, ruleset_names=[ruleset]).text
    return text


@cache
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)
