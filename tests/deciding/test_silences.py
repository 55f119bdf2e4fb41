"""A silence is told once, and again only after the sensor came back; in words that are true."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding import silences
from agent.deciding.conversation import SensorsSilent
from agent.deciding.replies import render
from agent.deciding.silences import Silence, is_due, noted, since
from tests.deciding.conftest import HEARS

DAY_S, HOUR_S = 86_400, 3_600
NOON = datetime.datetime(2026, 11, 25, 12, 0)  # a Wednesday


def due(silence: Silence, unheard_s: int, *, now_s: int = 1_000_000_000, last_said_s: int = 0) -> bool:
    return is_due(silence, unheard_s, DAY_S, now_s, last_said_s, HOUR_S)


def test_it_is_due_when_the_time_is_over_and_not_when_it_was_said() -> None:
    assert not due(Silence(), DAY_S - 1)
    assert due(Silence(), DAY_S)
    assert not due(silences.told(Silence(), DAY_S, 1), DAY_S)
    assert not due(Silence(), DAY_S, now_s=5_000, last_said_s=5_000 - HOUR_S + 1)
    assert due(Silence(), DAY_S, now_s=5_000, last_said_s=5_000 - HOUR_S)


def test_only_a_new_good_reading_ends_a_silence() -> None:
    told = silences.told(Silence(), DAY_S, 1)
    assert noted(told, 0, DAY_S, heard=False).said, "a restart of `sensors` proves nothing"
    assert noted(told, DAY_S, DAY_S, heard=True).said, "an old reading proves nothing"
    assert not noted(told, DAY_S - 1, DAY_S, heard=True).said


@given(st.lists(st.tuples(st.integers(0, 3 * DAY_S), st.booleans()), max_size=50))
def test_it_is_told_once_for_each_time_that_it_came_back(reports: list[tuple[int, bool]]) -> None:
    silence, told, back = Silence(), 0, 0
    for unheard_s, heard in reports:
        back += heard and unheard_s < DAY_S
        silence = noted(silence, unheard_s, DAY_S, heard=heard)
        if due(silence, unheard_s):
            silence, told = silences.told(silence, unheard_s, 1), told + 1
    assert told <= 1 + back


@given(st.integers(0, DAY_S), st.integers(0, 50))
def test_small_steps_are_not_written(start_s: int, steps: int) -> None:
    before = noted(Silence(ever=True), start_s, DAY_S, heard=True)
    writes, silence = 0, before
    for second in range(start_s, start_s + steps * 600, 600):
        after = noted(silence, second, DAY_S, heard=True)
        writes += after is not silence
        silence = after
    assert writes <= 1 + steps * 600 / HOUR_S


@pytest.mark.parametrize(
    ("unheard_s", "english", "polish"),
    [
        (0, "for some time", "Od pewnego czasu"),
        (12 * HOUR_S, "for some time", "Od pewnego czasu"),
        (12 * HOUR_S + 1, "since yesterday", "Od wczoraj"),
        (36 * HOUR_S + 1, "since Monday", "Od poniedziałku"),
        (6 * DAY_S, "since Thursday", "Od czwartku"),
        (7 * DAY_S, "for more than a week", "Od ponad tygodnia"),
        (1 << 32, "for more than a week", "Od ponad tygodnia"),
    ],
)
def test_it_is_put_in_words(unheard_s: int, english: str, polish: str) -> None:
    event = SensorsSilent(("the coffee machine",), since(unheard_s, NOON, ever=True))
    in_english, in_polish = (render(event.say, language, "PLN", HEARS) for language in ("en", "pl"))
    assert in_english == f"I have not heard from the coffee machine's sensor {english}."
    assert in_polish == f"{polish} nie mam odczytu z czujnika: the coffee machine."


def test_what_was_never_heard_and_what_is_silent_together_is_said_so() -> None:
    never = SensorsSilent(("the silo",), since(9, NOON, ever=False))
    assert render(never.say, "en", "PLN", HEARS) == "I have not heard from the silo's sensor yet."
    assert render(never.say, "pl", "PLN", HEARS) == "Jak dotąd nie mam odczytu z czujnika: the silo."
    both = SensorsSilent(("the silo", "the fridge", "the tools"), "yesterday")
    assert render(both.say, "en", "PLN", HEARS) == (
        "I have not heard from the sensors of the silo, the fridge and the tools since yesterday."
    )
