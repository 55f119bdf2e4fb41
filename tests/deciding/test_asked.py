"""What is asked beside the price: each way of each template is one question, and no order."""

from __future__ import annotations

import pytest

from agent.deciding.ask_replies import ASK_REPLIES
from agent.deciding.ask_words import ASK_TEMPLATES
from agent.deciding.asked import Asked, asked_in
from agent.deciding.telling import status_in_words, stock_in_words
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.told import Told, ToldLine
from tests.deciding.test_questions import EDITION, THINGS


def asked(language: str, text: str) -> Asked | None:
    frames = EDITION.questions[language]
    return asked_in(EDITION.parser(language), EDITION.catalogue, frames, text)


@pytest.mark.parametrize("language", ASK_TEMPLATES)
def test_every_way_of_every_template_is_one_question_about_what_stands_in_it(language: str) -> None:
    order = understand(EDITION.parser(language), EDITION.catalogue, "order", THINGS[language])
    assert isinstance(order, OrderAsked)
    frames = [frame for frame in EDITION.questions[language] if frame.kind in ASK_TEMPLATES[language]]
    assert {frame.kind for frame in frames} == ASK_TEMPLATES[language].keys()
    for frame in frames:
        text = f"{frame.before} {'' if frame.whole else THINGS[language]} {frame.after}?"
        assert asked(language, text) == Asked(frame.kind, None if frame.whole else order.basket), text


def test_all_languages_ask_the_same_kinds_and_are_answered_the_same() -> None:
    assert len({frozenset(templates) for templates in ASK_TEMPLATES.values()}) == 1
    assert len({frozenset(replies) for replies in ASK_REPLIES.values()}) == 1
    assert ASK_TEMPLATES.keys() == ASK_REPLIES.keys()


@pytest.mark.parametrize(
    ("language", "text", "kind", "things"),
    [
        ("en", "Is coffee in stock?", "stock", [("coffee?roast=medium", 1)]),
        ("en", "have you got 40 bags of rice", "stock", [("rice", 40)]),
        ("en", "is it in stock", "stock", None),
        ("en", "Where's my order", "", None),
        ("en", "where is my order?", "status", None),
        ("en", "cancel my last order", "cancel", None),
        ("pl", "Czy jest kawa na stanie?", "stock", [("coffee?roast=medium", 1)]),
        ("pl", "gdzie jest moje zamówienie", "status", None),
        ("pl", "anuluj ostatnie zamówienie", "cancel", None),
        *(
            ("en", text, "", None)
            for text in ("is a dragon in stock", "is in stock", "order coffee", "cancel")
        ),
    ],
)
def test_as_people_ask(language: str, text: str, kind: str, things: list[tuple[str, int]] | None) -> None:
    found = asked(language, text)
    assert (found.kind if found else "") == kind
    basket = found.basket if found else None
    assert (basket and [(line.sku, line.quantity) for line in basket.lines]) == things


def test_of_several_things_each_is_told_by_itself() -> None:
    found = asked(
        "en", "do you have two bags of coffee, three bags of rice, a box of green tea and a pack of butter"
    )
    assert found is not None and found.basket is not None
    coffee, rice, tea, butter = (line.sku for line in found.basket.lines)
    told = Told(
        kind="stock",
        lines=(ToldLine(coffee), ToldLine(rice, left=1), ToldLine(tea, left=0), ToldLine(butter, sold=False)),
    )
    assert stock_in_words(told, found.basket, "en") == (
        "In stock: two bags of medium roast coffee. Out of stock: one box of green tea. The shop does not"
        " sell it any more: one pack of butter. Of three bags of rice the shop has only one bag of rice."
    )


def test_what_the_shop_leaves_out_is_not_told_as_there() -> None:
    found = asked("en", "is coffee in stock")
    assert found is not None and found.basket is not None
    said = stock_in_words(Told(kind="stock"), found.basket, "en")
    assert said.startswith("The shop does not sell it any more")


def test_an_order_that_the_shop_does_not_know_is_said_so() -> None:
    said = status_in_words(Told(kind="status", code="order_unknown"), "one bag of rice", "en")
    assert said == "The shop does not know your last order: one bag of rice. Ask in the shop."
