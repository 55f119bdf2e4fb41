"""What is asked about goods of one's own: every way asks what it is written under, and of several things that
came together only the one that is asked about counts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from agent.deciding.basket import Basket, Line, counts_of, parts_of
from agent.deciding.history import PastOrder, Period
from agent.deciding.money import Money
from agent.deciding.own_goods import last_in_words, spent_in_words
from agent.deciding.own_goods_words import MOST_WORDS, OwnKind, asked_of_own

NOW = datetime(2026, 11, 17, 10, 0)


@pytest.mark.parametrize(
    ("language", "text", "kind", "everybody", "period", "thing"),
    [
        ("en", "How much did I spend on coffee?", "spent", False, None, "coffee"),
        ("en", "how much did we spend on black tea last month", "spent", True, "last_month", "black tea"),
        ("en", "how much have I spent this week on the coffee", "spent", False, "this_week", "coffee"),
        ("en", "when did I last order M8 nuts?", "last", False, None, "M8 nuts"),
        ("en", "did we order tea yesterday", "last", True, "yesterday", "tea"),
        ("en", "do we need any more coffee?", "need", True, None, "coffee"),
        ("en", "do we have enough milk left", "need", True, None, "milk"),
        ("pl", "ile wydałam na kawę?", "spent", False, None, "kawę"),
        ("pl", "ile w tym miesiącu wydaliśmy na ryż", "spent", True, "this_month", "ryż"),
        ("pl", "ile wydałem dziś na kawę", "spent", False, "today", "kawę"),
        ("pl", "czy już zamówiłam kawę", "last", False, None, "kawę"),
        ("pl", "czy kończy się kawa?", "need", True, None, "kawa"),
        ("pl", "czy mamy jeszcze mleko", "need", True, None, "mleko"),
    ],
)  # fmt: skip
def test_what_is_asked(
    language: str, text: str, kind: OwnKind, everybody: bool, period: Period | None, thing: str
) -> None:
    assert asked_of_own(text, language) == (kind, everybody, period, thing)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "order two bags of coffee",
            "we need coffee",
            "do you have coffee",
            "how much did I spend this month",
        ),
        *(
            "do we need",
            "do we need any",
            "",
            "?",
            "how much is coffee",
            "do we need " + "coffee " * MOST_WORDS,
        ),
    ],
)
def test_what_asks_nothing_of_the_kind(text: str) -> None:
    assert asked_of_own(text, "en") is None


def test_a_language_without_ways_to_ask_asks_nothing() -> None:
    assert asked_of_own("커피 주세요", "ko") is None


def _basket_of(key: str) -> Basket | None:
    if "gone" in key:
        return None
    return Basket(
        tuple(
            Line(sku, parts_of(sku)[0], (), parts_of(sku)[0], count, "bag", Money(700, "PLN"))
            for sku, count in counts_of(key).items()
        ),
        1,
    )


def _order(key: str, minor: int, days: int = 0, *, is_open: bool = False) -> PastOrder:
    return PastOrder(NOW - timedelta(days=days), "p-anna", key, Money(minor, "PLN"), open=is_open)


def _spent(*orders: PastOrder, period: Period = "this_month") -> str:
    return spent_in_words(orders, period, NOW, lambda sku: sku.startswith("tea"), _basket_of, "en", "tea")


def _last(*orders: PastOrder) -> str:
    return last_in_words(orders, NOW, lambda sku: sku.startswith("tea"), _basket_of, "en", "tea")


def test_an_order_of_nothing_else_counts_at_what_it_cost() -> None:
    assert _spent(_order("tea*2", 1_000), _order("tea*1", 400)) == (
        "This month: fourteen zloty on three bags of tea, in two orders."
    )


def test_of_an_order_of_several_things_only_what_is_asked_about_counts() -> None:
    assert _spent(_order("milk*1|tea*2", 9_900)) == (
        "This month: fourteen zloty on two bags of tea, in one order. "
        "What came together with other things is counted at today's prices."
    )


def test_orders_of_another_time_or_thing_do_not_count() -> None:
    assert _spent(_order("milk*1", 500), _order("tea*1", 500, days=20)) == (
        "This month nothing of that was ordered: tea."
    )


def test_what_is_not_sold_any_more_beside_other_things_has_no_price_to_count() -> None:
    order = _order("milk*1|tea-gone*2", 9_900)
    assert _spent(order) == (
        "This month it came with other things, and what it cost then I cannot tell, as it is not sold any"
        " more: tea."
    )
    assert _spent(order, _order("tea*1|milk*1|tea-gone*2", 9_900)) == (
        "This month: seven zloty on one bag of tea, in two orders. "
        "What came together with other things is counted at today's prices. "
        "What came with other things and is not sold any more is not counted."
    )


def test_what_is_not_sold_any_more_and_came_alone_cost_what_it_cost() -> None:
    assert _spent(_order("tea-gone*2", 900)) == "This month: nine zloty on tea, in one order."
    assert _last(_order("tea*1", 100, days=5), _order("tea-gone*2", 900)) == "Last ordered today: tea."


@pytest.mark.parametrize(
    ("days", "when"),
    [(0, "today"), (1, "yesterday"), (5, "five days ago"), (21, "three weeks ago")],
)
def test_the_last_order_is_told_by_how_long_ago_it_was(days: int, when: str) -> None:
    orders = (_order("tea*9", 100, days=40), _order("milk*3|tea*2", 100, days=days), _order("milk*1", 100))
    assert _last(*orders) == f"Last ordered {when}: two bags of tea."


def test_an_order_that_the_shop_has_not_answered_is_told_as_that() -> None:
    assert _last(_order("tea*1", 100, is_open=True)) == (
        "Last ordered today: one bag of tea. The shop has not answered yet."
    )


def test_what_was_never_ordered() -> None:
    assert _last(_order("milk*1", 100)) == "In the last half year I know of no order of it: tea."
