"""How much is in one unit, in words: "two hundred and fifty grams", "one hundred pieces"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agent.deciding.details import Pack
from agent.deciding.number_words import Gender, in_words
from agent.deciding.spoken_basket import plural

_A_THOUSAND = 1_000


class _Measure(NamedTuple):
    """Forms after one, after two to four and after five, as in `UnitWords`."""

    one: str
    few: str
    many: str
    gender: Gender = "masculine"


_MEASURES: Mapping[str, Mapping[str, _Measure]] = {
    "en": {
        "g": _Measure("gram", "grams", "grams"),
        "ml": _Measure("millilitre", "millilitres", "millilitres"),
        "mm": _Measure("millimetre", "millimetres", "millimetres"),
        "piece": _Measure("piece", "pieces", "pieces"),
    },
    "pl": {
        "g": _Measure("gram", "gramy", "gramów"),
        "ml": _Measure("mililitr", "mililitry", "mililitrów"),
        "mm": _Measure("milimetr", "milimetry", "milimetrów"),
        "piece": _Measure("sztuka", "sztuki", "sztuk", "feminine"),
    },
}

_OF_A_THOUSAND: Mapping[str, Mapping[str, _Measure]] = {
    "en": {
        "g": _Measure("kilogram", "kilograms", "kilograms"),
        "ml": _Measure("litre", "litres", "litres"),
        "mm": _Measure("metre", "metres", "metres"),
    },
    "pl": {
        "g": _Measure("kilogram", "kilogramy", "kilogramów"),
        "ml": _Measure("litr", "litry", "litrów"),
        "mm": _Measure("metr", "metry", "metrów"),
    },
}


def pack_in_words(pack: Pack | None, language: str) -> str:
    """What is in `pack`; '' where the shop has not said, where it is one piece, or for a language without
    words for it."""
    if pack is None or language not in _MEASURES or pack == Pack(1, "piece"):
        return ""
    thousands, rest = divmod(pack.amount, _A_THOUSAND)
    measure = None if rest else _OF_A_THOUSAND[language].get(pack.unit)
    count, measure = (thousands, measure) if measure else (pack.amount, _MEASURES[language][pack.unit])
    form = plural(count, measure.one, measure.few, measure.many, language)
    return f"{in_words(count, language, measure.gender)} {form}"
