"""What is typed by weight or volume, in packs of the shop: "two litres of milk" is two cartons, where one
holds a litre, and "two packs of coffee" is two bags. It is read back as any order, and what is no whole
number of packs is said to be none."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agent.deciding.basket import Line
from agent.deciding.lexicon import LEXICONS
from agent.deciding.measures import Measured, by_the_pack, packs_of
from agent.deciding.packs import pack_in_words
from agent.deciding.replies_typed import BY_THE_PACK, WHOLE
from agent.deciding.spoken_basket import spoken_line
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text
from agent.till.desk import Desk

MOST_WORDS_OF_A_THING = 8

_MEASURES = frozenset(("kilogram", "litre", "metre"))
"""Units by which a shop sells that are measures themselves."""


class InPacks(NamedTuple):
    """`text` is the line with packs in place of measures, or '' and `told` is why it is not: both '' where
    nothing is asked for by measure, or nothing is known of its packs."""

    text: str = ""
    told: str = ""


def in_packs(desk: Desk, text: str, language: str) -> InPacks:
    """What is typed by measure, by the pack."""
    told = ""

    def put(one: Measured) -> str:
        nonlocal told
        line, rest = _sold(desk, one.thing, language)
        if line is not None and _is_own(one.said, line, language):
            return one.words
        known = desk.house.facts(desk.edition.source).get(line.product_id) if line else None
        pack = known.pack if known else None
        packs = packs_of(one, pack)
        if line is None or packs is None:
            return ""
        if packs == 0:
            item = spoken_line(line, language)
            words = BY_THE_PACK if pack_in_words(pack, language) and line.unit not in _MEASURES else WHOLE
            shown = {"item": item, "Item": item[:1].upper() + item[1:]}
            told = words[language].format(**shown, amount=pack_in_words(pack, language))
            return ""
        several = desk.catalogue.titled(msgspec.structs.replace(line, quantity=packs), language)
        return f"{spoken_line(several, language)} {rest}".strip()

    return InPacks(by_the_pack(text, language, put), told) if language in BY_THE_PACK else InPacks()


def _sold(desk: Desk, words: str, language: str) -> tuple[Line | None, str]:
    """One of what the first of these words name, the more of them the better, and the others; None where
    nothing is named."""
    written = words.split()
    for end in range(min(len(written), MOST_WORDS_OF_A_THING), 0, -1):
        thing = " ".join(written[:end])
        meaning = understand(desk.parser(language), desk.catalogue, "order", thing, thing)
        if isinstance(meaning, OrderAsked) and len(meaning.basket.lines) == 1:
            [line] = meaning.basket.lines
            if line.quantity == 1:
                return line, " ".join(written[end:])
    return None, ""


def _is_own(said: str, line: Line, language: str) -> bool:
    """Whether the shop sells it by just that unit, so that the words are those of the grammar."""
    unit = LEXICONS[language].units.get(line.unit)
    return unit is not None and normalise_text(said) in map(normalise_text, filter(None, unit.heard))
