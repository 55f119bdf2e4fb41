"""Hysteresis and hold time, for all sequences of readings that hypothesis can think of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.settings import Sensor
from agent.sensing.rules import Side, Watch, watch

HOLD_S = 60
BEANS = Sensor("beans", "it", "t", "kg", 3.0, 0.6, 2.0, "coffee", 1.0, hold_seconds=HOLD_S)

Readings = Sequence[tuple[float, float]]
_READINGS = st.lists(
    st.tuples(st.floats(0, 5), st.floats(0, 200)),  # amount, seconds since the reading before
    max_size=40,
)


def run(readings: Readings, sensor: Sensor = BEANS) -> list[Watch]:
    """The states after each reading; times are given as differences."""
    states, at_s = [Watch()], 0.0
    for amount, later_s in readings:
        at_s += later_s
        states.append(watch(states[-1], amount, at_s, sensor))
    return states[1:]


def changes(readings: Readings, sensor: Sensor = BEANS) -> list[Side]:
    """What has settled, in order, without repetition."""
    found: list[Side] = []
    for state in run(readings, sensor):
        if state.settled and (not found or found[-1] != state.settled):
            found.append(state.settled)
    return found


def test_it_is_low_when_it_has_been_low_for_the_hold_time() -> None:
    assert changes([(0.5, 0), (0.5, 59)]) == []
    assert changes([(0.5, 0), (0.6, 60)]) == ["low"]
    assert changes([(0.5, 0), (0.7, 30), (0.5, 30), (0.5, 59)]) == [], "a gap starts the hold anew"


def test_between_the_two_amounts_nothing_changes() -> None:
    low = [(0.5, 0.0), (0.5, 60.0)]
    trembling = [(0.61, 100.0), (0.59, 100.0), (1.99, 100.0)] * 5
    assert changes([*low, *trembling]) == ["low"]
    assert changes([*low, *trembling, (2.0, 1.0), (2.0, 60.0), *low, (0.5, 60.0)]) == ["low", "full", "low"]


def test_an_older_reading_changes_nothing() -> None:
    [state] = run([(0.5, 100)])
    assert watch(state, 3.0, 99.0, BEANS) == state


@given(_READINGS)
def test_it_turns_low_again_only_after_a_reading_that_was_high(readings: Readings) -> None:
    high = [0, *(amount >= BEANS.high_amount for amount, _ in readings)]
    turned = [
        index
        for index, (before, after) in enumerate(pairwise([Watch(), *run(readings)]), start=1)
        if before.settled != "low" and after.settled == "low"
    ]
    assert all(any(high[one:other]) for one, other in pairwise(turned))


@given(_READINGS)
def test_what_settles_was_on_that_side_for_the_whole_hold_time(readings: Readings) -> None:
    states = run(readings)
    times, at_s = [], 0.0
    for _, later_s in readings:
        at_s += later_s
        times.append(at_s)
    before: Side = ""
    for index, state in enumerate(states):
        if state.settled != before:
            held = [i for i in range(index + 1) if times[i] > times[index] - HOLD_S]
            first = held[0] - 1 if held[0] > 0 and times[held[0]] > times[index] - HOLD_S else held[0]
            amounts = [readings[i][0] for i in range(max(0, first), index + 1)]
            if state.settled == "low":
                assert all(amount <= BEANS.low_amount for amount in amounts)
            else:
                assert all(amount >= BEANS.high_amount for amount in amounts)
        before = state.settled


@given(_READINGS)
def test_values_within_the_hysteresis_settle_nothing(readings: Readings) -> None:
    inside = [(0.61 + amount % 1.3, later) for amount, later in readings]
    assert changes(inside) == []


@given(_READINGS)
def test_the_level_is_a_fraction(readings: Readings) -> None:
    assert all(0 <= state.level <= 1 for state in run(readings))
