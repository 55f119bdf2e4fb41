"""Made sentences that order several things of a catalogue or correct themselves, with what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from agent.deciding.basket import Line
from agent.deciding.catalogue import Catalogue
from agent.deciding.products import Product
from agent.deciding.spoken_basket import joined, spoken_line

LANGUAGE = "en"
_OPENINGS = ("order", "I'd like", "get me", "can I have", "we need")
_MOST = 6


class MadeBasket(NamedTuple):
    """A sentence, its kind, and the count of each sku that it asks for."""

    kind: str
    text: str
    counts: dict[str, int]


class BasketMaker:
    """Sentences for `catalogue`, the same for the same `seed`. It needs two units with different products."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue, self._random = catalogue, Random(seed)  # noqa: S311 - nothing secret
        self._products = [product for product in catalogue.products if LANGUAGE in product.words]

    def baskets(self, count: int) -> list[MadeBasket]:
        """`count` sentences; the kinds take turns."""
        kinds = list(_KINDS.items())
        return [self._basket(*kinds[number % len(kinds)]) for number in range(count)]

    def _basket(self, kind: str, make: _Make) -> MadeBasket:
        text, lines = make(self)
        counts: Counter[str] = Counter()
        for line in lines:
            counts[line.sku] += line.quantity
        return MadeBasket(kind, f"{self._random.choice(_OPENINGS)} {text}", dict(counts))

    def two(self) -> _Made:
        """ "two boxes of ... and a bag of ..." """
        lines = self._lines(2)
        return joined(self._said(lines), LANGUAGE), lines

    def three(self) -> _Made:
        """ "two boxes of ..., a bag of ... and three cans of ..." """
        lines = self._lines(3)
        return joined(self._said(lines), LANGUAGE), lines

    def count_of_the_last(self) -> _Made:
        """ "..., no, make that three" """
        first, last = self._lines(2)
        other = self._recounted(last)
        number = spoken_line(other, LANGUAGE).split()[0]
        return f"{joined(self._said([first, last]), LANGUAGE)}, no, make that {number}", [first, other]

    def count_by_unit(self) -> _Made:
        """ "two boxes of ... and a bag of ..., no, three boxes" """
        first, last = self._lines(2, different_units=True)
        other = self._recounted(first)
        words = " ".join(spoken_line(other, LANGUAGE).split()[:2])
        return f"{joined(self._said([first, last]), LANGUAGE)}, no, {words}", [other, last]

    def another_product(self) -> _Made:
        """ "..., no, two packs of ..." in place of the only line"""
        first, other = self._lines(2)
        return f"{spoken_line(first, LANGUAGE)}, no, {spoken_line(other, LANGUAGE)}", [other]

    def _lines(self, count: int, *, different_units: bool = False) -> list[Line]:
        units = {"piece"} if different_units else set[str]()  # nobody says "three pieces"
        lines: list[Line] = []
        for product in self._random.sample(self._products, len(self._products)):
            if len(lines) < count and not (different_units and product.unit in units):
                lines.append(self._line(product))
                units.add(product.unit)
        return lines

    def _line(self, product: Product) -> Line:
        options = {
            option_id: self._random.choice(self._catalogue.option(option_id).choices).id
            for option_id in product.options
        }
        return self._catalogue.line(product.id, options, self._random.randint(1, _MOST), LANGUAGE)

    def _recounted(self, line: Line) -> Line:
        count = self._random.choice([n for n in range(1, _MOST + 1) if n != line.quantity])
        return self._catalogue.line(line.product_id, dict(line.options), count, LANGUAGE)

    def _said(self, lines: list[Line]) -> list[str]:
        return [spoken_line(line, LANGUAGE) for line in lines]


_Made = tuple[str, list[Line]]
_Make = Callable[[BasketMaker], _Made]
_KINDS: dict[str, _Make] = {
    "two_items": BasketMaker.two,
    "three_items": BasketMaker.three,
    "count_corrected": BasketMaker.count_of_the_last,
    "count_of_unit_corrected": BasketMaker.count_by_unit,
    "product_corrected": BasketMaker.another_product,
}
KINDS = tuple(_KINDS)
