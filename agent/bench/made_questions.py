"""Made questions about the products of a catalogue and about orders, with what each asks, and plain orders
beside them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from agent.deciding.catalogue import Catalogue
from agent.deciding.heard_questions import HEARD_ABOUT, HEARD_WHOLE, ITEM, heard_recalls
from agent.deciding.spoken_basket import spoken_line

LANGUAGE = "en"
ORDER = "order"
"""The kind of those that are orders."""

_OPENINGS = ("order", "I'd like", "get me", "can I have", "may I have", "we need")
_MOST = 6


class MadeQuestion(NamedTuple):
    """A sentence, its kind ('price', ...), and the count of each sku that it names."""

    kind: str
    text: str
    counts: dict[str, int]


class QuestionMaker:
    """Sentences for `catalogue`, the same for the same `seed`: every way of asking that is heard comes before
    one of its kind comes again."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._random = catalogue, Random(seed)  # noqa: S311 - nothing secret
        self._products = [product for product in catalogue.products if LANGUAGE in product.words]
        about, whole = HEARD_ABOUT[LANGUAGE], HEARD_WHOLE[LANGUAGE]
        self._ways: dict[str, Sequence[str]] = {
            kind: self._shuffled((*about.get(kind, ()), *whole.get(kind, ()))) for kind in {**about, **whole}
        }
        self._ways["recall"] = self._shuffled(heard_recalls(LANGUAGE))

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
            return MadeQuestion(kind, way, {})
        product = self._random.choice(self._products)
        options = {
            option_id: self._random.choice(self._catalogue.option(option_id).choices).id
            for option_id in product.options
        }
        counted = kind in (ORDER, "price") and f"the {ITEM}" not in way
        count = self._random.randint(1, _MOST) if counted else 1
        line = self._catalogue.line(product.id, options, count, LANGUAGE)
        said = spoken_line(line, LANGUAGE) if counted else line.title
        return MadeQuestion(kind, way.replace(ITEM, said), {line.sku: count})

    def _shuffled(self, ways: Sequence[str]) -> list[str]:
        return self._random.sample(list(ways), len(ways))
