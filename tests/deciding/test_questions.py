"""What something costs, asked in any of the ways of the templates and answered from the catalogue."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.edition import Edition, compiled, source_id
from agent.deciding.question_frames import question_frames
from agent.deciding.question_words import QUESTION_TEMPLATES
from agent.deciding.questions import Frame, priced_basket
from agent.deciding.understanding import Answer, OrderAsked, understand
from tests.deciding.conftest import CORNER_SHOP

SOURCE = CORNER_SHOP.read_bytes()
SHOP = parse_catalogue(SOURCE)
EDITION = Edition.from_bytes(
    compiled(SOURCE, shop_id="corner-shop", language="en", compiler=""),
    source=source_id(SOURCE),
    compiler="",
    language="en",
)
THINGS = {"en": "bags of dark roast coffee and a box of green tea", "pl": "dwie paczki ciemno palonej kawy"}


def _priced(language: str, text: str) -> list[tuple[str, int]] | None:
    frames = EDITION.questions[language]
    basket = priced_basket(EDITION.parser(language), EDITION.catalogue, frames, text)
    return basket and [(line.sku, line.quantity) for line in basket.lines]


@pytest.mark.parametrize("language", QUESTION_TEMPLATES)
def test_every_question_of_the_templates_is_about_what_stands_in_it(language: str) -> None:
    assert question_frames(language) == EDITION.questions[language]
    frames = [frame for frame in EDITION.questions[language] if frame.kind == "price"]
    wanted = understand(EDITION.parser(language), SHOP, "order", THINGS[language])
    assert isinstance(wanted, OrderAsked)
    for frame in frames:
        assert frame.before
        text = f"{frame.before} {THINGS[language]} {frame.after}?"
        asked = priced_basket(EDITION.parser(language), EDITION.catalogue, frames, text)
        assert asked == wanted.basket, text


@pytest.mark.parametrize(
    ("language", "text", "asked"),
    [
        ("en", "How much is the rice?", [("rice", 1)]),
        ("en", "what does a carton of skim milk cost", [("milk?fat=skimmed", 1)]),
        ("en", "What's the price of 200 bags of rice?", [("rice", 200)]),
        ("pl", "Ile kosztuje paczka ryżu?", [("rice", 1)]),
        ("pl", "ile kosztują 3 paczki ryżu", [("rice", 3)]),
        ("pl", "po ile jest ryż", [("rice", 1)]),
    ],
)
def test_prices_as_people_ask_for_them(language: str, text: str, asked: list[tuple[str, int]]) -> None:
    assert _priced(language, text) == asked


@pytest.mark.parametrize(
    "text",
    [
        *("how much is", "how much is a dragon", "how much does cost", "how much is 2.5 bags of rice"),
        *(
            "order rice",
            "rice",
            "how much does rice",
            "how much is rice cost",
            "yes, place my order",
            "",
            "?",
        ),
    ],
)
def test_what_asks_no_price_is_not_answered_with_one(text: str) -> None:
    assert _priced("en", text) is None


@pytest.mark.parametrize("language", QUESTION_TEMPLATES)
def test_a_question_is_neither_an_order_nor_an_answer(language: str) -> None:
    for frame in EDITION.questions[language]:
        text = f"{frame.before} {THINGS[language]} {frame.after}"
        for entry in ("order", "consent", "enrol"):
            meaning = understand(EDITION.parser(language), EDITION.catalogue, entry, text, text)
            assert not isinstance(meaning, OrderAsked)
            assert not isinstance(meaning, Answer) or meaning.kind == "denial"


@given(st.text(max_size=80), st.sampled_from(EDITION.questions["en"] + EDITION.questions["pl"]))
def test_whatever_stands_in_a_question_is_given_back_as_it_is_written(text: str, frame: Frame) -> None:
    around = frame.around(f"{frame.before} {text} {frame.after}")
    assert not around or f" {around} " in f" {' '.join(text.split())} "


def test_the_till_does_without_what_expands_templates() -> None:
    code = "import sys, agent.till.process; sys.exit('hassil' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
