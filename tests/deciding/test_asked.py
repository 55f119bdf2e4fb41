"""What is asked beside the price: each way of each template is one question, and no order."""

from __future__ import annotations

import pytest

from agent.deciding.ask_replies import ASK_REPLIES
from agent.deciding.ask_words import ASK_TEMPLATES
from agent.deciding.asked import Asked, asked_in
from agent.deciding.basket import Basket
from agent.deciding.details import Facts, Place
from agent.deciding.knowing import Known
from agent.deciding.telling import delivery_in_words, offers_in_words, status_in_words, stock_in_words
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.told import Told, ToldLine, ToldOffer
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
        ("en", "Where's my order", "status", None),
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


@pytest.mark.parametrize(
    ("language", "text", "things", "value"),
    [
        ("en", "does M8 fit?", None, "M8"),
        ("en", "Does M8 fit it", None, "M8"),
        ("en", "does it fit M8", None, "M8"),
        ("en", "do two bags of rice fit M8?", "rice", "M8"),
        ("pl", "czy M8 pasuje?", None, "M8"),
        ("pl", "czy to pasuje do M8?", None, "M8"),
        ("pl", "czy ryż pasuje do M8", "rice", "M8"),
    ],
)
def test_whether_something_fits_is_about_what_is_named_or_in_hand(
    language: str, text: str, things: str | None, value: str
) -> None:
    found = asked(language, text)
    assert found is not None and (found.kind, found.value) == ("fits", value)
    assert (found.basket.lines[0].product_id if found.basket else None) == things


@pytest.mark.parametrize(
    "text", ["does it fit", "does fit", "does rice fit coffee", "do M8 and M6", "does " + "x" * 41 + " fit"]
)
def test_what_asks_after_nothing_or_after_too_much_is_no_such_question(text: str) -> None:
    found = asked("en", text)
    assert found is None or not found.value


FACTS = {
    "coffee": Facts(place=Place("3", "B2"), goes_with=("milk", "gone"), fits=("M8", "M10")),
    "rice": Facts(place=Place("cellar"), attributes={"grain": "long"}),
}


@pytest.mark.parametrize(
    ("kind", "thing", "value", "said"),
    [
        ("where", "coffee", "", "One bag of medium roast coffee: aisle 3, bin B2."),
        ("where", "rice", "", "One bag of rice: aisle cellar."),
        ("where", "butter", "", "The shop's details do not say that of one pack of butter. Ask in the shop."),
        ("goes_with", "coffee", "", "Goes with one bag of medium roast coffee: milk."),
        ("goes_with", "rice", "", "The shop's details do not say that of one bag of rice. Ask in the shop."),
        ("fits", "coffee", "", "One bag of medium roast coffee: fits M8 and M10."),
        ("fits", "coffee", "m8", "Yes, that fits M8: one bag of medium roast coffee."),
        (
            "fits", "coffee", "M6",
            "For one bag of medium roast coffee the shop's details name M8 and M10, and not M6."
            " Ask in the shop.",
        ),
        ("fits", "rice", "long", "One bag of rice: grain long."),
        ("fits", "rice", "M6", "The shop's details do not say that of one bag of rice. Ask in the shop."),
    ],
)  # fmt: skip
def test_what_the_details_tell_and_no_more(kind: str, thing: str, value: str, said: str) -> None:
    basket = Basket((EDITION.catalogue.line(thing, {}, 1, "en"),), 1)
    known = Known(EDITION.catalogue, FACTS, "en")
    assert getattr(known, kind)(*((basket, value) if kind == "fits" else (basket,))) == said


def test_a_day_is_told_of_what_there_is_and_never_made_up() -> None:
    basket = Basket((EDITION.catalogue.line("rice", {}, 2, "en"),), 1)
    rice = ToldLine("rice", left=0)
    said = [
        delivery_in_words(Told(kind="delivery", lines=lines, delivery_date=day), about, "en")
        for lines, day, about in (
            ((), "2026-11-26", None),
            ((rice,), "2026-11-26", basket),
            ((ToldLine("rice"),), "2026-11-26", basket),
            ((), "", None),
        )
    ]
    there = "Ordered now, it would be there on Thursday."
    assert said[:3] == [there, "Out of stock: two bags of rice.", there]
    assert said[3].startswith("The shop did not answer")


def test_offers_are_told_in_the_language_that_asks_or_in_another() -> None:
    both = ToldOffer({"en": "rice for less", "pl": "tańszy ryż"}, "rice", "2026-12-01")
    polish = ToldOffer({"pl": "tańsza kawa"})
    told = Told(kind="offers", offers=(both, polish))
    assert offers_in_words(told, "en") == "On offer: rice for less (until 2026-12-01); tańsza kawa."
    assert offers_in_words(Told(kind="offers"), "en") == "The shop has nothing on offer at the moment."
