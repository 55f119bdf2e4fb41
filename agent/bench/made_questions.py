"""Made questions about the products of a catalogue and about orders, what is said of the shopping list, what
each asks, and plain orders beside them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from agent.deciding.catalogue import Catalogue
from agent.deciding.heard_lists import LISTS_ABOUT, LISTS_WHOLE, heard_list_orders
from agent.deciding.heard_questions import HEARD_ABOUT, HEARD_WHOLE, ITEM, heard_recalls
from agent.deciding.list_words import DAY_WORDS
from agent.deciding.spoken_basket import spoken_line

LANGUAGE = "en"
ORDER = "order"
"""The kind of those that are orders."""

_OPENINGS = ("order", "I'd like", "get me", "can I have", "may I have", "we need")
_MOST = 6
_COUNTED = (ORDER, "price", "list_add")


class MadeQuestion(NamedTuple):
    """A sentence, its kind ('price', 'list_add', ...), the count of each sku that it names, and the day: 0
    (Monday) to 6, or 7 (tomorrow), None where it names none."""

    kind: str
    text: str
    counts: dict[str, int]
    day: int | None = None


class QuestionMaker:
    """Sentences for `catalogue`, the same for the same `seed`: every way of asking that is heard comes before
    one of its kind comes again."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._random = catalogue, Random(seed)  # noqa: S311 - nothing secret
        self._products = [product for product in catalogue.products if LANGUAGE in product.words]
        tables = [table[LANGUAGE] for table in (HEARD_ABOUT, HEARD_WHOLE, LISTS_ABOUT, LISTS_WHOLE)]
        kinds = dict.fromkeys(kind for table in tables for kind in table)
        self._ways: dict[str, Sequence[str]] = {
            kind: self._shuffled([way for table in tables for way in table.get(kind, ())]) for kind in kinds
        }
        self._ways["recall"] = self._shuffled(heard_recalls(LANGUAGE))
        self._ways["list_order"] = self._shuffled(heard_list_orders(LANGUAGE))

    def questions(self, count: int) -> list[MadeQuestion]:
        """`count` questions; the kinds take turns."""
        kinds = list(self._ways)
        return [self._question(kinds[at % len(kinds)], at // len(kinds)) for at in range(count)]

    def orders(self, count: int) -> list[MadeQuestion]:
        """`count` orders of one thing, as they begin most like a question."""
        return [self._named(ORDER, f"{self._random.choice(_OPENINGS)} {ITEM}") for _ in range(count)]

    def _question(self, kind: str, turn: int) -> MadeQuestion:
        ways = self._ways[kind]
        return self._named(kind, ways[turn % len(ways)])

    def _named(self, kind: str, way: str) -> MadeQuestion:
        if ITEM not in way:
            return MadeQuestion(kind, way, {}, _day_in(way) if kind == "list_order" else None)
        product = self._random.choice(self._products)
        options = {
            option_id: self._random.choice(self._catalogue.option(option_id).choices).id
            for option_id in product.options
        }
        counted = kind in _COUNTED and f"the {ITEM}" not in way
        count = self._random.randint(1, _MOST) if counted else 1
        line = self._catalogue.line(product.id, options, count, LANGUAGE)
        said = spoken_line(line, LANGUAGE) if counted else line.title
        return MadeQuestion(kind, way.replace(ITEM, said), {line.sku: count})

    def _shuffled(self, ways: Sequence[str]) -> list[str]:
        return self._random.sample(list(ways), len(ways))


def _day_in(way: str) -> int | None:
    return next((day for day, phrases in enumerate(DAY_WORDS[LANGUAGE]) if way.endswith(phrases[0])), None)
