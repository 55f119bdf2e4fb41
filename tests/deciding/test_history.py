"""What was ordered before: what is usual, what a week was, and what it came to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.history import (
    PERIODS,
    USUAL_DAYS,
    PastOrder,
    Period,
    begin_and_end,
    in_period,
    last,
    much_of,
    of_last_week,
    usual,
)
from agent.deciding.history_words import PERIOD_WORDS, TOLD, Recalled, recalling_questions
from agent.deciding.money import Money
from agent.deciding.recalling import told

NOW = datetime(2026, 11, 17, 10, 0)  # a Tuesday
COFFEE, TEA, MILK = "coffee?roast=dark*2", "green-tea*1", "milk*3"


def _order(key: str, days: float = 1, minor: int = 1_000, person: str = "p-anna") -> PastOrder:
    return PastOrder(NOW - timedelta(days=days), person, key, Money(minor, "PLN"), key)


def _orders(*counted: tuple[str, int]) -> list[PastOrder]:
    return [_order(key, days) for key, count in counted for days in range(1, count + 1)]


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ([], ()),
        (_orders((COFFEE, 2)), ()),
        (_orders((COFFEE, 3)), (COFFEE,)),
        (_orders((COFFEE, 3), (TEA, 1)), (COFFEE,)),
        (_orders((COFFEE, 3), (TEA, 2)), (COFFEE, TEA)),
        (_orders((TEA, 4), (COFFEE, 5), (MILK, 3)), (COFFEE, TEA)),
        (_orders((COFFEE, 5), (TEA, 3)), (COFFEE,)),
        ([*_orders((COFFEE, 2)), _order(COFFEE, USUAL_DAYS + 1)], ()),
        ([*_orders((COFFEE, 2)), _order(COFFEE, -1)], ()),
    ],
)
def test_the_usual_is_what_was_ordered_often_and_clearly_more(
    orders: list[PastOrder], found: tuple[str, ...]
) -> None:
    assert usual(orders, NOW) == found


def test_last_time_and_last_week() -> None:
    orders = [_order(TEA, 8), _order(COFFEE, 2), _order(MILK, 3), _order(MILK, 4), _order(TEA, 0)]
    assert last(orders) == (TEA,) and last([]) == ()
    assert of_last_week(orders, NOW) == (COFFEE, MILK)
    assert of_last_week(orders[-1:], NOW) == ()


def test_three_times_the_median_is_much_and_only_where_there_is_a_habit() -> None:
    orders = [
        _order("latte?size=large*1|latte?size=small*1"),
        _order("latte?size=small*4"),
        _order("latte*3"),
    ]
    assert much_of([*orders, _order(TEA), _order(TEA)], NOW) == {"latte": 9}
    assert much_of(orders, NOW + timedelta(days=USUAL_DAYS)) == {}


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from(PERIODS))
def test_periods_join_and_hold_what_they_are_called(now: datetime, period: Period) -> None:
    begin, end = begin_and_end(period, now)
    assert begin < end and (begin <= now < end) == (period in ("today", "this_week", "this_month"))
    before = {"today": "yesterday", "this_week": "last_week", "this_month": "last_month"}
    for later, earlier in before.items():
        assert begin_and_end(earlier, now)[1] == begin_and_end(later, now)[0]  # type: ignore[arg-type]
    assert begin_and_end("this_month", now)[1].day == 1
    [found] = in_period([PastOrder(begin, "p", TEA, Money(1, "PLN"))], period, now)
    assert found.at == begin and not in_period([found._replace(at=end)], period, now)


ORDERS = [
    _order(COFFEE, 0.1, 3_800),
    _order(TEA, 1, 1_250, person="p-bert"),
    _order(MILK, 4, 1_170)._replace(open=True),
    _order(TEA, 20, 1_250),
]
NAMES = {"p-anna": "Anna", "p-bert": "Bert"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "what did i order today",
            "Today, one order: on Tuesday COFFEE for thirty-eight zloty. Thirty-eight",
        ),
        (
            "what did we order yesterday",
            "Yesterday, one order: on Monday TEA for twelve zloty and fifty grosz.",
        ),
        (
            "what did we order last week",
            "on Friday MILK for eleven zloty and seventy grosz, which the shop has not",
        ),
        ("what did we spend last month", "Last month: twelve zloty and fifty grosz for one order."),
    ],
)
def test_what_was_ordered_is_told(text: str, answer: str) -> None:
    said = _told(recalling_questions("en")[text], "en")
    assert answer.casefold() in said.casefold()


def test_what_was_spent_is_told_with_whose_it_is() -> None:
    said = _told(recalling_questions("en")["what did we spend this month"], "en")
    assert said == (
        "This month: sixty-two zloty and twenty grosz for three orders."
        " Anna: forty-nine zloty and seventy grosz for two orders."
        " Bert: twelve zloty and fifty grosz for one order."
    )
    said = _told(recalling_questions("pl")["ile wydalismy w tym miesiacu"], "pl")
    assert said.startswith("W tym miesiącu: sześćdziesiąt dwa złote i dwadzieścia groszy za trzy zamówienia.")


def test_a_period_without_an_order_is_told_so() -> None:
    asked = recalling_questions("en")["what did i spend today"]
    assert told(asked, ORDERS[1:], NOW, "en", _title, NAMES) == "Nothing was ordered today."


def _told(asked: Recalled, language: str) -> str:
    return told(asked, ORDERS, NOW, language, _title, NAMES)


def _title(order: PastOrder) -> str:
    return {COFFEE: "COFFEE", TEA: "TEA", MILK: "MILK"}[order.key]


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_question_about_every_period_is_answered(language: str) -> None:
    questions = recalling_questions(language)
    assert {asked.period for asked in questions.values()} == set(PERIODS) == set(PERIOD_WORDS[language])
    for asked in questions.values():
        assert "{" not in _told(asked, language)
    assert TOLD["en"].keys() == TOLD[language].keys()
