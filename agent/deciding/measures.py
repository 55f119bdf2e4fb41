"""Goods that are typed by weight, volume, length or piece ("two litres of milk"), or in another container
than the shop sells them in ("two packs of coffee"): which part of a line does, and how many packs that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple

from agent.deciding.details import Pack
from agent.deciding.lexicon import LARGEST_COUNT, LEXICONS, spoken_numbers
from agent.plumbing.sentence_graph import normalise_text

Unit = Literal["g", "ml", "mm", "piece", "container"]

_UNITS: Mapping[str, Mapping[tuple[Unit, int], str]] = {
    "en": {
        ("g", 1): "g; gr; gram; grams; gramme; grammes",
        ("g", 1_000): "kg; kgs; kilo; kilos; kilogram; kilograms; kilogramme; kilogrammes",
        ("ml", 1): "ml; millilitre; millilitres; milliliter; milliliters",
        ("ml", 1_000): "l; litre; litres; liter; liters",
        ("mm", 1): "mm; millimetre; millimetres; millimeter; millimeters",
        ("mm", 1_000): "metre; metres; meter; meters",
        ("piece", 1): "piece; pieces; pcs; pc",
        ("container", 1): "package; packages; jar; jars; tub; tubs; tube; tubes; loaf; loaves; bar; bars",
    },
    "pl": {
        ("g", 1): "g; gr; gram; gramy; gramów",
        ("g", 10): "dag; deko; deka",
        ("g", 1_000): "kg; kilo; kila; kilogram; kilogramy; kilogramów; kilograma",
        ("ml", 1): "ml; mililitr; mililitry; mililitrów",
        ("ml", 1_000): "l; litr; litry; litrów; litra",
        ("mm", 1): "mm; milimetr; milimetry; milimetrów",
        ("mm", 1_000): "metr; metry; metrów; metra",
        ("piece", 1): "sztuka; sztukę; sztuki; sztuk; szt",
        ("container", 1): """słoik; słoiki; słoików; kostka; kostkę; kostki; kostek; bochenek; bochenki;
            bochenków; tabliczka; tabliczkę; tabliczki; tabliczek; tubka; tubkę; tubki; tubek""",
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

_NUMBER = re.compile(r"[0-9]+(?:[.,](?![0-9]{3}$)[0-9]+|/[1-9][0-9]*)?", re.ASCII)
"""Not "1,000": that is a thousand to some and one to others."""


class Measured(NamedTuple):
    """`amount` in `unit`, `said` so, of `thing`, with `before` in front of it; other words may follow that in
    `thing`. `words` are all but `before`, as they are written."""

    before: str
    amount: Fraction
    unit: Unit
    thing: str
    said: str
    words: str


def measured(part: str, language: str) -> Measured | None:
    """What a part of a line asks for by measure ("please bring 1.5 l of milk"); None where it does not."""
    written, units = part.split(), _units(language)
    for at, word in enumerate(written):
        number, glued = _split_off(word)  # "500g"
        said = glued or word
        if (found := units.get(normalise_text(said))) is None or at + 1 >= len(written):
            continue
        before = [*written[:at], number] if glued else written[:at]
        amount, used = _number_at_end(before, language)
        if not amount:
            continue
        (unit, times), first, after = found, len(before) - used, written[at + 1 :]
        words = " ".join((*before[first:], said, *after))
        thing = after[1:] if len(after) > 1 and normalise_text(after[0]) == LEXICONS[language].of else after
        return Measured(" ".join(before[:first]), amount * times, unit, " ".join(thing), said, words)
    return None


def packs_of(measured: Measured, pack: Pack | None) -> int | None:
    """How many packs it is; 0 where that is no whole number; None where a pack is not measured so, or where
    it is more than anybody may ask for."""
    of = pack.amount if pack is not None and pack.unit == measured.unit else None
    if of is None and measured.unit in ("piece", "container"):
        of = 1  # two pieces of butter are two packs
    if of is None:
        return None
    packs = measured.amount / of
    if packs > LARGEST_COUNT:
        return None
    return int(packs) if packs.denominator == 1 else 0


def by_the_pack(text: str, language: str, put: Callable[[Measured], str]) -> str:
    """`text` with each thing that is asked for by measure as `put` words it; '' where it has none, where
    `put` leaves all as they are, or where it gives ''."""
    parts, is_other = re.split(rf"(, +| +{LEXICONS[language].and_joiner} +)", text.strip(" .!?")), False
    for at, part in enumerate(parts):
        if (one := measured(part, language)) is not None:
            if not (words := put(one)):
                return ""
            parts[at], is_other = f"{one.before} {words}".strip(), is_other or words != one.words
    return "".join(parts) if is_other else ""


@cache
def _units(language: str) -> Mapping[str, tuple[Unit, int]]:
    ways = _UNITS.get(language, {})
    forms = (form for unit in LEXICONS[language].units.values() for form in unit.heard if form and ways)
    containers: dict[str, tuple[Unit, int]] = {normalise_text(form): ("container", 1) for form in forms}
    return containers | {normalise_text(way): unit for unit, each in ways.items() for way in each.split(";")}


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
    is_unread = bool(words) and any(each.isdigit() for each in words[-1])
    return (Fraction(1), 0) if language == "pl" and not is_unread else (None, 0)


def _exact(word: str) -> Fraction | None:
    if len(word) > _LONGEST_NUMBER or not _NUMBER.fullmatch(word):
        return None
    return Fraction(word.replace(",", "."))
