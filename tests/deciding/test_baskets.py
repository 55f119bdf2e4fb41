"""Sums and unions of what is ordered."""

from __future__ import annotations

import pytest

from agent.deciding.basket import Basket
from agent.deciding.money import Money
from scripts.dialogue_values import BOTH, COFFEE, TEA


def test_two_currencies_are_never_added() -> None:
    assert Money(1, "PLN") + Money(2, "PLN") == Money(3, "PLN")
    with pytest.raises(ValueError, match="cannot add EUR to PLN"):
        Money(1, "PLN") + Money(1, "EUR")


def test_both_as_one_add_the_counts_of_the_same_thing() -> None:
    assert COFFEE.plus(TEA) == BOTH
    twice = BOTH.plus(COFFEE)
    assert twice is not None
    assert twice.key == "coffee*4|tea*2"
    assert twice.total == BOTH.total + COFFEE.total


def test_what_two_catalogues_have_priced_is_not_added() -> None:
    assert COFFEE.plus(Basket(TEA.lines, COFFEE.catalogue_version + 1)) is None
