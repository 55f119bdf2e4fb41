"""What is asked about goods: answered from the shop's details, or by the shop, which says what is there and
what could be had instead."""

from __future__ import annotations

from collections.abc import Callable

from agent.committing.asking import Question
from agent.committing.statements import MOST_ASKED_ABOUT
from agent.deciding.basket import Basket
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.telling import (
    Instead,
    count_in_words,
    delivery_in_words,
    in_words,
    is_there,
    stock_in_words,
)
from agent.plumbing.told import Told
from agent.till.desk import Desk
from agent.till.details_added import instead, known, priced, today, with_substitutes

Ask = Callable[[Question, Callable[[Told], str]], None]
"""Asks the shop, and tells its answer in those words."""


class AboutGoods:
    """Of one conversation; `tell` says or shows an answer."""

    def __init__(
        self, desk: Desk, language: str, ask: Ask, tell: Callable[[str], None], *, is_aloud: bool
    ) -> None:
        self._desk, self._language, self._ask, self._tell = desk, language, ask, tell
        self._is_aloud = is_aloud
        self._instead_of = instead(desk, language, is_aloud=is_aloud)

    def answer(self, kind: str, basket: Basket, value: str) -> None:
        """A question of that `kind`, of `basket`; whether it fits, of `value`. Raises ValueError for a kind
        that is not about goods."""
        known_goods = known(self._desk, self._language)
        match kind:
            case "stock":
                self._of_stock(basket, stock_in_words)
            case "how_many":
                self._of_stock(basket, count_in_words)
            case "instead":
                self._instead(basket)
            case "where":
                self._tell(known_goods.where(basket))
            case "goes_with":
                self._tell(known_goods.goes_with(basket))
            case "fits":
                self._tell(known_goods.fits(basket, value))
            case "pack":
                self._tell(known_goods.pack(basket))
            case "promoted":
                self._tell(known_goods.promoted(basket, today(self._desk)))
            case "price_of_it":
                self._tell(priced(self._desk, basket, self._language, is_aloud=self._is_aloud))
            case _:
                raise ValueError(kind)

    def delivery(self, basket: Basket | None) -> None:
        """When it would come, or an order of anything."""
        lines = self._with_others(basket) if basket else ()
        self._ask(
            Question("delivery", lines),
            lambda told: delivery_in_words(told, basket, self._language, self._instead_of),
        )

    def _of_stock(self, basket: Basket, words: Callable[[Told, Basket, str, Instead], str]) -> None:
        self._ask(
            Question("stock", self._with_others(basket)),
            lambda told: words(told, basket, self._language, self._instead_of),
        )

    def _instead(self, basket: Basket) -> None:
        lines, items = self._with_others(basket), spoken_basket(basket, self._language)
        if len(lines) == len(basket.lines):
            self._tell(in_words("instead_none", self._language, items=items))
            return
        none = in_words("instead_gone", self._language, items=items)
        self._ask(
            Question("stock", lines),
            lambda told: self._instead_of(basket.lines, lambda line: is_there(told, line)) or none,
        )

    def _with_others(self, basket: Basket) -> tuple[tuple[str, int], ...]:
        return with_substitutes(self._desk, basket, self._language, MOST_ASKED_ABOUT)
