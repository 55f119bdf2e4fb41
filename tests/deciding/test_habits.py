"""What somebody may have forgotten: only where there is a habit, with the reason of each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.habit_words import HABIT_KINDS, HABIT_REPLIES, HABIT_TEMPLATES, SPANS
from agent.deciding.habits import GIVEN_UP, MOST, Company, Rhythm, company, rhythms
from agent.deciding.heard_lists import LISTS_WHOLE
from agent.deciding.heard_questions import QuestionAsked
from agent.deciding.history import PastOrder
from agent.deciding.money import Money
from agent.deciding.suggested import suggested
from agent.deciding.understanding import NotUnderstood, understand
from agent.plumbing.sentence_graph import normalise_text
from tests.deciding.test_questions import EDITION

NOW = datetime(2026, 11, 17, 10, 0)
FILTERS, MILK, TEA = "filters", "milk", "tea?sort=green"


def ordered(key: str, *days_ago: float) -> list[PastOrder]:
    return [PastOrder(NOW - timedelta(days=days), "p-anna", key, Money(1, "PLN")) for days in days_ago]


def test_what_is_ordered_in_a_rhythm_and_is_due_is_told_with_the_rhythm() -> None:
    orders = ordered(f"{FILTERS}*2|{MILK}*1", 35, 63, 91)
    assert rhythms(orders, NOW, {MILK}) == [Rhythm(FILTERS, 28, 35)]


@pytest.mark.parametrize(
    "days_ago",
    [
        (35, 63),  # twice
        (20, 48, 76),  # not due
        (28 * GIVEN_UP + 1, 28 * GIVEN_UP + 29, 28 * GIVEN_UP + 57),  # given up
        (35, 63, 65, 66),  # no rhythm
        (30, 30.01, 30.02, 30.03),  # all on one day
    ],
)
def test_what_is_no_habit_or_not_due_is_not(days_ago: tuple[float, ...]) -> None:
    assert rhythms(ordered(f"{FILTERS}*1", *days_ago), NOW) == []


def test_the_longest_overdue_comes_first_and_no_more_than_can_be_remembered() -> None:
    orders = [
        *ordered(f"{MILK}*1", 8, 15, 22),
        *ordered(f"{FILTERS}*1", 80, 108, 136),
        *(order for at in range(9) for order in ordered(f"p{at}*1", 20, 30, 40)),
    ]
    found = rhythms(orders, NOW)
    assert len(found) == MOST and found[0].sku == FILTERS


def test_what_is_mostly_ordered_together_is_told_with_how_often() -> None:
    orders = [
        *ordered(f"{FILTERS}*1|coffee*2", 1, 2, 3),
        *ordered(f"{MILK}*1|coffee*1", 4, 5, 6),
        *ordered("coffee*1", 7, 8)[:1],
        *ordered(f"{MILK}*1", 9, 10, 11, 12),
    ]
    assert company(orders, {"coffee"}) == []
    orders += ordered(f"{FILTERS}*1|coffee*2", 13)
    orders += ordered(f"{FILTERS}*1|coffee*2", 14)
    assert company(orders, {"coffee"}) == [Company(FILTERS, "coffee", 5, 9)]
    assert company(orders, {"coffee"}, {FILTERS}) == [] == company(orders, {"coffee", FILTERS})
    assert company(orders[:2], {"coffee"}) == [], "twice is no habit"


@given(
    st.lists(
        st.tuples(st.floats(0, 90), st.sampled_from([f"{MILK}*1", f"{TEA}*2|{MILK}*1", f"{FILTERS}*1", "x"])),
        max_size=30,
    )
)
def test_nothing_comes_that_was_not_ordered_three_times(history: list[tuple[float, str]]) -> None:
    orders = [order for days, key in history for order in ordered(key, days)]
    skus = [found.sku for found in rhythms(orders, NOW)]
    for sku in skus + [found.sku for found in company(orders, {MILK})]:
        assert sum(f"{sku}*" in order.key for order in orders) >= 3


def test_each_is_explained() -> None:
    said = suggested(
        [Rhythm(FILTERS, 28, 35), Rhythm("gone", 3, 4), Rhythm(TEA, 1, 1)],
        [Company(MILK, "coffee", 5, 6), Company(FILTERS, "coffee", 4, 6)],
        lambda sku: "" if sku == "gone" else f"one {sku.partition('?')[0]}",
        "en",
    )
    assert said == (
        "One milk: it was in five of your six orders with one coffee."
        " One filters: it was in four of your six orders with one coffee."
        " One tea: you order it about every day, and the last was one day ago."
        " Nothing is ordered. To have the first: order one milk. To hear none of this: stop recommending."
    )
    due = suggested([Rhythm(FILTERS, 28, 35)], [], lambda sku: sku, "en")
    assert due.startswith("Filters: you order it about every four weeks, and the last was five weeks ago.")
    polish = suggested([Rhythm(FILTERS, 14, 37), Rhythm(MILK, 3, 5)], [], lambda sku: sku, "pl")
    assert polish.startswith(
        "Zamawiasz filters mniej więcej co dwa tygodnie, a ostatnio pięć tygodni temu."
        " Zamawiasz milk mniej więcej co trzy dni, a ostatnio pięć dni temu."
    )
    assert suggested([], [], str, "en") == HABIT_REPLIES["en"]["nothing"]


@pytest.mark.parametrize("language", HABIT_TEMPLATES)
def test_every_way_to_ask_is_a_sentence_of_its_own_and_means_nothing_else(language: str) -> None:
    frames = [frame for frame in EDITION.questions[language] if frame.kind in HABIT_KINDS]
    assert {frame.kind for frame in frames} == set(HABIT_KINDS) == HABIT_TEMPLATES[language].keys()
    assert (
        HABIT_REPLIES[language].keys() == HABIT_REPLIES["en"].keys() and SPANS.keys() == HABIT_REPLIES.keys()
    )
    heard_whole = LISTS_WHOLE[language]
    aloud = {normalise_text(way) for kind in HABIT_KINDS for way in heard_whole[kind]}
    for frame in frames:
        assert frame.whole
        for entry in ("order", "consent"):
            meaning = understand(EDITION.parser(language), EDITION.catalogue, entry, frame.before)
            heard = entry == "order" and frame.before in aloud
            assert isinstance(meaning, QuestionAsked if heard else NotUnderstood), frame.before
