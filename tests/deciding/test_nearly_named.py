"""What is sold of which a line names only a part, for somebody to choose from."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.nearly_named import MOST_NAMED, nearly_named
from agent.deciding.packed_catalogue import PackedCatalogue
from tests.deciding.conftest import CORNER_SHOP

_SHOPS = CORNER_SHOP.parent
SHOPS = {
    name: PackedCatalogue.of(parse_catalogue((_SHOPS / path).read_bytes()))
    for name, path in {
        "corner": "corner_shop.json",
        "grocer": "household/catalogue.json",
        "works": "industrial/catalogue.json",
    }.items()
}


@pytest.mark.parametrize(
    ("shop", "language", "line", "first"),
    [
        ("grocer", "en", "order milk", ["skimmed-milk", "whole-milk"]),
        ("grocer", "en", "two loaves of bread please", ["rye-bread", "wheat-bread"]),
        ("grocer", "pl", "zamów mleko", ["skimmed-milk", "whole-milk"]),
        ("grocer", "pl", "poproszę kilogram kurczaka", ["chicken-breast"]),
        ("works", "en", "order a box of hex bolts M8 40", ["hex-bolt-m8x40"]),
        ("works", "en", "order 40 boxes of M8 nuts", ["cap-nut-m8", "hex-nut-m8", "lock-nut-m8"]),
        ("works", "pl", "zamów nakrętki m8", ["hex-nut-m8", "lock-nut-m8"]),
        ("corner", "en", "herbal tea", ["black-tea", "green-tea"]),
        ("corner", "pl", "czy mogę zamówić herbatę?", ["black-tea", "green-tea"]),
    ],
)
def test_a_part_of_a_name_leads_to_the_names(shop: str, language: str, line: str, first: list[str]) -> None:
    named, _ = nearly_named(SHOPS[shop], language, line)
    assert set(first) <= {product.id for product in named}
    assert len(named) <= MOST_NAMED


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", ""),
        ("en", "order please"),
        ("en", "how much is it"),
        ("en", "order a bicycle"),
        ("pl", "zamów proszę"),
        ("pl", "zamów rower"),
        ("en", "2"),
        ("ko", "커피"),
        ("en", "{} \x00 %s"),
    ],
)
def test_nothing_is_named_where_nothing_is_like_it(language: str, line: str) -> None:
    assert nearly_named(SHOPS["corner"], language, line) == ([], False)


def test_where_there_are_more_it_says_so() -> None:
    named, more = nearly_named(SHOPS["works"], "en", "order M8 bolts")
    assert (len(named), more) == (MOST_NAMED, True)
    assert not nearly_named(SHOPS["corner"], "en", "order tea")[1]


def test_the_kind_of_thing_comes_before_what_is_made_of_it() -> None:
    named, _ = nearly_named(SHOPS["grocer"], "en", "milk")
    ids = [product.id for product in named]
    assert ids.index("whole-milk") < ids.index("milk-chocolate")


def test_words_that_stand_in_nearly_everything_tell_nothing() -> None:
    shop = SHOPS["grocer"]
    assert shop.holding(["milk"], 300)
    assert shop.holding(["milk"], 2) == []
    assert [product.id for product in shop.holding(["SPAGHETTI"], 300)] == ["spaghetti"]
    assert shop.holding(["", "no such thing"], 300) == []
