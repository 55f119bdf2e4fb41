"""Goods that somebody types by weight, volume or length ("two litres of milk") where the shop sells them by
the pack: which part of a line says so, and how many packs that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple

from agent.deciding.details import Pack
from agent.deciding.lexicon import LARGEST_COUNT, LEXICONS, spoken_numbers
from agent.plumbing.sentence_graph import normalise_text

Unit = Literal["g", "ml", "mm"]

_UNITS: Mapping[str, Mapping[tuple[Unit, int], str]] = {
    "en": {
        ("g", 1): "g; gr; gram; grams; gramme; grammes",
        ("g", 1_000): "kg; kgs; kilo; kilos; kilogram; kilograms; kilogramme; kilogrammes",
        ("ml", 1): "ml; millilitre; millilitres; milliliter; milliliters",
        ("ml", 1_000): "l; litre; litres; liter; liters",
        ("mm", 1): "mm; millimetre; millimetres; millimeter; millimeters",
        ("mm", 1_000): "metre; metres; meter; meters",
    },
    "pl": {
        ("g", 1): "g; gr; gram; gramy; gramów",
        ("g", 10): "dag; deko; deka",
        ("g", 1_000): "kg; kilo; kila; kilogram; kilogramy; kilogramów; kilograma",
        ("ml", 1): "ml; mililitr; mililitry; mililitrów",
        ("ml", 1_000): "l; litr; litry; litrów; litra",
        ("mm", 1): "mm; milimetr; milimetry; milimetrów",
        ("mm", 1_000): "metr; metry; metrów; metra",
    },
}

_PARTS: Mapping[str, Mapping[str, Fraction]] = {
    "en": {"half a": Fraction(1, 2), "a half": Fraction(1, 2), "half": Fraction(1, 2), "a": Fraction(1)},
    "pl": {
        "pół": Fraction(1, 2),
        "ćwierć": Fraction(1, 4),
        "półtora": Fraction(3, 2),
        "półtorej": Fraction(3, 2),
    },
}

_MOST_WORDS_OF_A_NUMBER, _LONGEST_NUMBER = 3, 9


class Measured(NamedTuple):
    """`amount` in `unit` of `thing`, with `before` in front of it; other words may follow that in `thing`."""

    before: str
    amount: Fraction
    unit: Unit
    thing: str


def measured(part: str, language: str) -> Measured | None:
    """What a part of a line asks for by measure ("please bring 1.5 l of milk"); None where it does not."""
    written, units = part.split(), _units(language)
    for at, word in enumerate(written):
        number, glued = _split_off(word)  # "500g"
        found = units.get(normalise_text(glued or word))
        if found is None or at + 1 >= len(written):
            continue
        before = [*written[:at], number] if glued else written[:at]
        amount, used = _number_at_end(before, language)
        thing = written[at + 1 :]
        if len(thing) > 1 and normalise_text(thing[0]) == LEXICONS[language].of:
            thing = thing[1:]
        if amount:
            unit, times = found
            return Measured(" ".join(before[: len(before) - used]), amount * times, unit, " ".join(thing))
    return None


def packs_of(measured: Measured, pack: Pack | None) -> int | None:
    """How many packs it is; 0 where that is no whole number; None where a pack is not measured so, or where
    it is more than anybody may ask for."""
    if pack is None or pack.unit != measured.unit:
        return None
    packs = measured.amount / pack.amount
    if packs > LARGEST_COUNT:
        return None
    return int(packs) if packs.denominator == 1 else 0


def by_the_pack(text: str, language: str, put: Callable[[Measured], str]) -> str:
    """`text` with each thing that is asked for by measure as `put` words it; '' where it has none, or where
    `put` gives ''."""
    joiner, found = f" {LEXICONS[language].and_joiner} ", False
    parts = text.strip(" .!?").replace(", ", joiner).split(joiner)
    for at, part in enumerate(parts):
        if (one := measured(part, language)) is not None:
            if not (words := put(one)):
                return ""
            parts[at], found = f"{one.before} {words}".strip(), True
    return joiner.join(parts) if found else ""


@cache
def _units(language: str) -> Mapping[str, tuple[Unit, int]]:
    return {
        normalise_text(way): unit
        for unit, ways in _UNITS.get(language, {}).items()
        for way in ways.split(";")
    }


def _split_off(word: str) -> tuple[str, str]:
    """The digits that a word begins with, and what follows them, where both are there."""
    end = next((at for at, each in enumerate(word) if not (each.isdecimal() or each in ".,")), len(word))
    return (word[:end], word[end:]) if 0 < end < len(word) else ("", "")


def _number_at_end(words: list[str], language: str) -> tuple[Fraction | None, int]:
    """The number that `words` end with, and how many of them it is; 1 and none of them in Polish, where
    "kilo ziemniaków" is one of it."""
    for length in range(min(_MOST_WORDS_OF_A_NUMBER, len(words)), 0, -1):
        said = normalise_text(" ".join(words[-length:]))
        if length == 1 and (exact := _exact(words[-1])):
            return exact, 1
        parts = {normalise_text(way): value for way, value in _PARTS.get(language, {}).items()}
        if said in parts:
            return parts[said], length
        if said in spoken_numbers(language):
            return Fraction(spoken_numbers(language)[said]), length
    return (Fraction(1), 0) if language == "pl" else (None, 0)


def _exact(word: str) -> Fraction | None:
    try:
        return (
            Fraction(word.replace(",", "."))
            if word[:1].isdecimal() and len(word) <= _LONGEST_NUMBER
            else None
        )
    except ValueError:
        return None
