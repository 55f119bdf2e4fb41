"""Two orders that sound alike: the question names what differs, and every answer has one meaning."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.basket import Basket
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.choice import MOST_ANSWERS, Alternatives, answers, differences, picked
from agent.deciding.conversation import Say
from agent.deciding.lexicon import LEXICONS
from agent.deciding.replies import render
from agent.deciding.runner_up import runner_up
from agent.plumbing.sentence_graph import normalise_text
from tests.deciding.conftest import CORNER_SHOP, HEARS

PRODUCTS = ("coffee", "green-tea", "black-tea", "olive-oil", "butter")


@cache
def _shop() -> Catalogue:
    return parse_catalogue(CORNER_SHOP.read_bytes())


def _line(product: str, quantity: int, roast: str = "", language: str = "en") -> Basket:
    options = {"roast": roast} if roast else {}
    return Basket((_shop().line(product, options, quantity, language),), 1)


DARK, LIGHT = _line("coffee", 2, "dark"), _line("coffee", 2, "light")

_BOTH = Basket((*_line("sugar", 1).lines, *_line("green-tea", 3).lines), 1)


@pytest.mark.parametrize(
    ("first", "second", "question"),
    [
        (DARK, LIGHT, "Did you say dark, or light?"),
        (DARK, _line("coffee", 10, "dark"), "Did you say two, or ten?"),
        (_line("green-tea", 3), _line("black-tea", 3), "Did you say green, or black?"),
        (_line("sugar", 2), _line("brown-sugar", 2), "Did you say sugar, or brown sugar?"),
        (_line("sugar", 1), _BOTH, "Did you say sugar, or sugar and three boxes of green tea?"),
    ],
)
def test_the_question_names_only_what_differs(first: Basket, second: Basket, question: str) -> None:
    assert render(Say("which", "choice", first, second), "en", "PLN", HEARS) == question


def test_the_question_in_polish() -> None:
    first, second = (_line("coffee", 2, roast, "pl") for roast in ("dark", "light"))
    asked = render(Say("which", "choice", first, second), "pl", "PLN", HEARS)
    assert asked.startswith("Czy było to: ciemno, czy: ")


@pytest.mark.parametrize(
    ("words", "pick"),
    [
        ("dark", "first"),
        ("the dark one", "first"),
        ("dark roast", "first"),
        ("two bags of dark roast coffee", "first"),
        ("2 bags of dark roast coffee please", "first"),
        ("the first", "first"),
        ("the first one", "first"),
        ("light", "second"),
        ("the light roast coffee", "second"),
        ("the second one", "second"),
        ("neither", "neither"),
        ("none of them", "neither"),
        ("no", "neither"),
        ("cancel", "neither"),
        ("roast coffee", None),
        ("two bags", None),
        ("", None),
        ("yes", None),
    ],
)
def test_answers_pick_by_name_or_place_and_what_fits_both_picks_nothing(words: str, pick: str | None) -> None:
    assert picked(Alternatives(DARK, LIGHT), words, "", "en") == pick


def test_a_denial_in_the_free_decode_counts_where_nothing_was_picked() -> None:
    assert picked(Alternatives(DARK, LIGHT), "", "no not that", "en") == "neither"
    assert picked(Alternatives(DARK, LIGHT), "dark", "no dark", "en") == "first"


baskets = st.builds(_line, st.sampled_from(PRODUCTS), st.integers(1, 99)) | st.builds(
    _line, st.just("coffee"), st.integers(1, 99), st.sampled_from(["dark", "light", "medium"])
)
several = st.lists(baskets, min_size=2, max_size=4, unique_by=lambda basket: basket.lines[0].sku).map(
    lambda lines: Basket(tuple(basket.lines[0] for basket in lines), 1)
)


@given(baskets | several, baskets | several, st.sampled_from(sorted(LEXICONS)))
def test_any_two_orders_can_be_told_apart_by_what_the_question_says(
    first: Basket, second: Basket, language: str
) -> None:
    if first.key == second.key:
        return
    choice = Alternatives(first, second)
    one, other = differences(choice, language)
    assert one
    assert other
    possible = answers(choice, language)
    assert possible[normalise_text(one)] == "first"
    assert possible[normalise_text(other)] == "second"
    assert len(possible) <= MOST_ANSWERS
    for denial in LEXICONS[language].denials:
        assert possible[normalise_text(denial)] == "neither"


def test_the_nearest_other_order_is_the_runner_up() -> None:
    assert runner_up(1, [(1, 0.2), (None, 0.4), (2, 1.0), (3, 1.1)], 1.5) == 2
    assert runner_up(1, [(2, 1.5)], 1.5) == 2, "at the very bound it is one"


def test_other_words_for_the_same_order_and_orders_far_behind_are_no_runners_up() -> None:
    assert runner_up(1, [(1, 0.1), (1, 0.9), (2, 1.6)], 1.5) is None
    assert runner_up(1, [], 1.5) is None
