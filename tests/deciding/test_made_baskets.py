"""Every made sentence means what its maker says: the parser alone, without sound."""

from __future__ import annotations

from agent.bench.made_baskets import KINDS, BasketMaker
from agent.deciding.catalogue import Catalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import OrderAsked, understand


def test_made_baskets_are_understood_as_they_are_meant(english: SentenceParser, catalogue: Catalogue) -> None:
    made = BasketMaker(catalogue, 5).baskets(150)
    assert {one.kind for one in made} == set(KINDS)
    for one in made:
        meaning = understand(english, catalogue, "order", one.text, one.text)
        assert isinstance(meaning, OrderAsked), one.text
        assert {line.sku: line.quantity for line in meaning.basket.lines} == one.counts, one.text


def test_the_same_seed_makes_the_same_sentences(catalogue: Catalogue) -> None:
    assert BasketMaker(catalogue, 5).baskets(20) == BasketMaker(catalogue, 5).baskets(20)
    assert BasketMaker(catalogue, 5).baskets(20) != BasketMaker(catalogue, 6).baskets(20)
