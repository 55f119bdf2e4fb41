"""What is typed about the shopping list: each way of each template is one wish, and no order."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.deciding.asked import asked_in
from agent.deciding.edition import questions_in
from agent.deciding.list_asked import ListAsked, list_asked
from agent.deciding.list_words import DAY_WORDS, LIST_KINDS, LIST_TEMPLATES, ON_A_DAY, TOMORROW
from agent.deciding.replies_lists import LIST_REPLIES, ON_A_LIST
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.shopping_list import (
    AT,
    Entry,
    NumberedOrder,
    counted,
    meant,
    reminded_at,
    wanted,
)
from agent.deciding.understanding import OrderAsked, understand
from tests.deciding.test_named_like_commands import _shop
from tests.deciding.test_questions import EDITION, THINGS


def asked(language: str, text: str) -> ListAsked | None:
    frames = EDITION.questions[language]
    return list_asked(EDITION.parser(language), EDITION.catalogue, frames, text)


@pytest.mark.parametrize("language", LIST_TEMPLATES)
def test_every_way_of_every_template_is_one_wish_and_neither_an_order_nor_a_question(language: str) -> None:
    parser, frames = EDITION.parser(language), EDITION.questions[language]
    order = understand(parser, EDITION.catalogue, "order", THINGS[language])
    assert isinstance(order, OrderAsked)
    own = [frame for frame in frames if frame.kind in LIST_KINDS]
    assert {frame.kind for frame in own} == LIST_TEMPLATES[language].keys() == set(LIST_KINDS)
    for frame in own[::7]:  # the others differ in a word
        text = f"{frame.before} {'' if frame.whole else THINGS[language]} {frame.after}".strip()
        day = None
        if frame.kind in ON_A_DAY:
            assert asked(language, text) is None, text
            text, day = f"{text} {DAY_WORDS[language][4][0]}", 4
        basket = None if frame.whole else order.basket
        assert asked(language, text) == ListAsked(frame.kind, basket, day), text  # type: ignore[arg-type]
        assert asked_in(parser, EDITION.catalogue, frames, text) is None, text


@pytest.mark.parametrize(
    ("language", "text", "kind", "things", "day"),
    [
        ("en", "Add milk to the list.", "list_add", [("milk?fat=semi", 1)], None),
        ("en", "put two bags of rice on my shopping list", "list_add", [("rice", 2)], None),
        ("en", "add it to the list and order on Friday", "list_add_it_on", None, 4),
        ("en", "add rice to the list and order it tomorrow", "list_add_on", [("rice", 1)], TOMORROW),
        ("en", "take the rice off the list", "list_remove", [("rice", 1)], None),
        ("en", "What's on the list?", "list_what", None, None),
        ("en", "add a dragon to the list", "list_add", None, None),
        ("en", "take the dragon off the list", "list_remove", None, None),
        ("en", "order the list", "list_order", None, None),
        ("en", "order the list on Friday!", "list_order", None, 4),
        ("pl", "Dopisz ryż do listy zakupów", "list_add", [("rice", 1)], None),
        ("pl", "dodaj na listę dwie paczki ryżu", "list_add", [("rice", 2)], None),
        ("pl", "zamów listę w piątek", "list_order", None, 4),
        ("pl", "co jest na liście?", "list_what", None, None),
        *(
            ("en", text, "", None, None)
            for text in (
                "add milk to the list on friday",
                "what is on the list on friday",
                "add milk",
                "order milk",
                "on friday",
                "list",
                "friday",
            )
        ),
    ],
)
def test_as_people_type(
    language: str, text: str, kind: str, things: list[tuple[str, int]] | None, day: int | None
) -> None:
    found = asked(language, text)
    assert (found.kind if found else "") == kind
    if found is None:
        return
    assert found.day == day
    basket = found.basket
    assert (basket and [(line.sku, line.quantity) for line in basket.lines]) == things


def test_a_product_that_is_called_like_the_list_is_ordered_and_nothing_else_is() -> None:
    shop = _shop(["the list", "rice"])
    parser = SentenceParser(compile_sentences(shop, "en"))
    frames = questions_in(["en"])["en"]
    assert list_asked(parser, shop, frames, "order the list") is None
    found = list_asked(parser, shop, frames, "what is on the list")
    assert found is not None and found.kind == "list_what"


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_any_text_gets_through(text: str) -> None:
    asked("en", text)


def test_all_languages_have_the_same_words() -> None:
    assert LIST_TEMPLATES.keys() == DAY_WORDS.keys() == LIST_REPLIES.keys()
    assert len({frozenset(replies) for replies in LIST_REPLIES.values()}) == 1
    assert len({frozenset(replies) for replies in ON_A_LIST.values()}) == 1
    assert {len(days) for days in DAY_WORDS.values()} == {TOMORROW + 1}


def entry(number: int, sku: str, after_order: int = 0, quantity: int = 1, person: str = "") -> Entry:
    return Entry(number, person, sku, quantity, sku, after_order)


def test_what_was_ordered_since_is_off_the_list_and_what_was_ordered_before_is_not() -> None:
    milk, tea = entry(1, "milk", after_order=3), entry(2, "tea?sort=green", after_order=3)
    assert wanted([milk, tea], [NumberedOrder(3, "milk*1|tea?sort=green*1")]) == [milk, tea]
    assert wanted([milk, tea], [NumberedOrder(4, "milk*7|rice*1")]) == [tea]
    assert wanted([milk, tea], [NumberedOrder(5, "tea?sort=black*1"), NumberedOrder(4, "milk*1")]) == [tea]
    assert wanted([milk], [NumberedOrder(9, "no key")]) == [milk]


def test_what_several_want_is_counted_together_and_a_name_means_what_it_can_only_mean() -> None:
    dark, light, milk = entry(1, "coffee?roast=dark"), entry(2, "coffee?roast=light"), entry(3, "milk")
    more = entry(4, "milk", quantity=2, person="p-bert")
    assert counted([dark, milk, more]) == {"coffee?roast=dark": 1, "milk": 3}
    assert meant([dark, light], "coffee?roast=light") == [light]
    assert meant([dark, milk], "coffee?roast=medium") == [dark]
    assert meant([dark, light], "coffee?roast=medium") == []
    assert meant([milk, more], "milk") == [milk, more]


NOW = datetime(2026, 11, 17, 10, 0)  # a Tuesday


@pytest.mark.parametrize(
    ("day", "now", "date"),
    [
        (4, NOW, "2026-11-20"),
        (0, NOW, "2026-11-23"),
        (1, NOW, "2026-11-24"),
        (1, NOW.replace(hour=8), "2026-11-17"),
        (1, NOW.replace(hour=9), "2026-11-24"),
        (TOMORROW, NOW, "2026-11-18"),
        (TOMORROW, NOW.replace(hour=0), "2026-11-18"),
    ],
)
def test_a_day_is_the_next_one_of_that_name(day: int, now: datetime, date: str) -> None:
    at = reminded_at(day, now)
    assert (at.date().isoformat(), at.time()) == (date, AT)


@given(st.integers(0, TOMORROW), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_a_day_is_always_to_come_and_within_eight_days(day: int, now: datetime) -> None:
    at = reminded_at(day, now)
    assert now < at and (at.date() - now.date()).days <= 7
    assert day == TOMORROW or at.weekday() == day
