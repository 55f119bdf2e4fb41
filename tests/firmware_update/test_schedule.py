"""When the updater checks by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.update_settings import Update
from firmware_update.schedule import DAY_SECONDS, is_open, rest_seconds, seconds_until_open

HOUR = 3_600
times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02d}:{t[1]:02d}")
windows = st.builds(lambda begin, end: Update(install_from=begin, install_until=end), times, times)


def test_by_default_a_device_restarts_at_night() -> None:
    update = Update()
    assert [hour for hour in range(24) if is_open(hour * HOUR, update)] == [2, 3, 4]
    assert seconds_until_open(1 * HOUR, update, spread=0.0) == HOUR
    assert seconds_until_open(3 * HOUR, update, spread=1.0) == 0


def test_a_window_may_reach_over_midnight_and_the_same_time_twice_is_the_whole_day() -> None:
    over = Update(install_from="23:00", install_until="01:00")
    assert [hour for hour in range(24) if is_open(hour * HOUR, over)] == [0, 23]
    always = Update(install_from="07:00", install_until="07:00")
    assert all(is_open(hour * HOUR, always) for hour in range(24))


@given(windows, st.floats(0, DAY_SECONDS, exclude_max=True), st.floats(0, 1))
def test_after_the_wait_it_is_open(update: Update, second_of_day: float, spread: float) -> None:
    wait = seconds_until_open(second_of_day, update, spread)
    assert 0 <= wait < 2 * DAY_SECONDS
    assert is_open((second_of_day + wait + 1e-3) % DAY_SECONDS, update)


@given(st.floats(0, 1), st.floats(0, 1))
def test_devices_that_were_switched_on_together_do_not_ask_together(one: float, other: float) -> None:
    first, second = (rest_seconds(Update(check_hours=10.0), spread) for spread in (one, other))
    assert 9 * HOUR <= first <= 11 * HOUR and (first == second) == (one == other or abs(one - other) < 1e-12)
