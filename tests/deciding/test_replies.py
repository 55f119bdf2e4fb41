"""Every sentence exists in both languages, and says numbers as a person would."""

from __future__ import annotations

import pytest

from agent.deciding.basket import Basket
from agent.deciding.catalogue import Catalogue
from agent.deciding.conversation import Say
from agent.deciding.money import Money
from agent.deciding.replies import REPLIES, render, spoken_money
from agent.deciding.spoken_basket import spoken_basket


def test_both_languages_have_the_same_replies_and_each_renders(catalogue: Catalogue) -> None:
    assert REPLIES["en"].keys() == REPLIES["pl"].keys()
    for language in REPLIES:
        titled = language if language in catalogue.product("coffee").words else "en"
        basket = Basket((catalogue.line("coffee", {"roast": "dark"}, 2, titled),), 1)
        for key in REPLIES[language]:
            text = render(
                Say(key, basket=basket, limit=100_00, delivery="2026-11-24"),
                language,
                "PLN",
                name="Anna",
                text="x",
            )
            assert "{" not in text
            assert text.strip()


@pytest.mark.parametrize(
    ("language", "product", "quantity", "expected"),
    [
        ("en", "coffee", 2, "two bags of dark roast coffee"),
        ("en", "coffee", 1, "one bag of dark roast coffee"),
        ("pl", "coffee", 1, "jedną paczkę ciemno palonej kawy"),
        ("pl", "coffee", 2, "dwie paczki ciemno palonej kawy"),
        ("pl", "coffee", 5, "pięć paczek ciemno palonej kawy"),
        ("pl", "coffee", 12, "dwanaście paczek ciemno palonej kawy"),
        ("pl", "coffee", 22, "dwadzieścia dwie paczki ciemno palonej kawy"),
    ],
)
def test_quantities_agree_with_their_units(
    catalogue: Catalogue, language: str, product: str, quantity: int, expected: str
) -> None:
    line = catalogue.line(product, {"roast": "dark"}, quantity, language)
    assert spoken_basket(Basket((line,), 1), language) == expected


@pytest.mark.parametrize(
    ("minor", "language", "expected"),
    [
        (38_00, "en", "thirty-eight zloty"),
        (4_50, "en", "four zloty and fifty grosz"),
        (38_00, "pl", "trzydzieści osiem złotych"),
        (22_01, "pl", "dwadzieścia dwa złote i jeden grosz"),
        (0, "pl", "zero złotych"),
    ],
)
def test_money_is_spoken(minor: int, language: str, expected: str) -> None:
    assert spoken_money(Money(minor, "PLN"), language) == expected


def test_an_unknown_refusal_of_the_shop_is_still_explained() -> None:
    assert "Nothing is ordered" in render(Say("shop_moon_phase", title="tea"), "en", "PLN")
    assert render(Say("ordered", title="tea", delivery="soon"), "en", "PLN") == "Ordered: tea."
