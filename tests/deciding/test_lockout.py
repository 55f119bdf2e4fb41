"""The wait after wrong numbers, as a value: how long, by which clock, and what no clock can shorten."""

from __future__ import annotations

import pytest

from agent.deciding.lockout import CLEAR, FIRST_WAIT_S, FREE_FAILURES, LONGEST_WAIT_S, Lockout

NOW_S, BOOT_S = 1_800_000_000, 1_000.0


def after(failures: int) -> Lockout:
    """So many wrong tries, all at once."""
    lockout = CLEAR
    for _ in range(failures):
        lockout = lockout.failed(NOW_S, BOOT_S)
    return lockout


def test_four_failures_are_free_and_the_fifth_has_to_wait() -> None:
    assert [after(failures).locked_for_s(NOW_S, BOOT_S) for failures in range(6)] == [0, 0, 0, 0, 0, 30]
    assert (FREE_FAILURES, FIRST_WAIT_S) == (5, 30)


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(5, 30), (6, 60), (7, 120), (8, 240), (16, 61_440), (17, 86_400), (40, 86_400), (200, 86_400)],
)
def test_the_wait_doubles_up_to_a_day(failures: int, wait_s: int) -> None:
    assert after(failures).locked_for_s(NOW_S, BOOT_S) == wait_s
    assert after(failures).until_s == NOW_S + wait_s
    assert wait_s <= LONGEST_WAIT_S


def test_before_the_fifth_failure_no_end_is_kept() -> None:
    assert after(4) == Lockout(4, NOW_S, BOOT_S)


def test_it_ends_with_the_last_second_and_not_before() -> None:
    locked = after(5)
    assert locked.locked_for_s(NOW_S, BOOT_S + 1) == 29
    assert locked.locked_for_s(NOW_S, BOOT_S + 29.5) == 1
    assert locked.locked_for_s(NOW_S, BOOT_S + 30) == 0
    assert locked.locked_for_s(NOW_S, BOOT_S + 1_000) == 0


@pytest.mark.parametrize("jump_s", [-10_000_000, 0, 10_000_000])
def test_the_time_of_day_neither_ends_nor_keeps_it(jump_s: int) -> None:
    assert after(5).locked_for_s(NOW_S + jump_s, BOOT_S) == 30
    assert after(5).locked_for_s(NOW_S + jump_s, BOOT_S + 30) == 0


def test_after_a_restart_the_wait_counts_from_the_new_boot() -> None:
    locked = after(5)
    assert locked.locked_for_s(NOW_S, 0.0) == 30
    assert locked.locked_for_s(NOW_S, 10.0) == 20
    assert locked.locked_for_s(NOW_S, 30.0) == 0


def test_what_an_earlier_release_wrote_ends_by_the_time_of_day_and_lasts_no_longer_than_its_wait() -> None:
    written = Lockout(5, NOW_S + 20)
    assert written.locked_for_s(NOW_S, BOOT_S) == 20
    assert written.locked_for_s(NOW_S + 20, BOOT_S) == 0
    assert written.locked_for_s(NOW_S + 21, BOOT_S) == 0
    assert written.locked_for_s(NOW_S - 5_000, BOOT_S) == 30
    assert Lockout(4, NOW_S + 20).locked_for_s(NOW_S, BOOT_S) == 0


def test_nothing_was_tried_at_first() -> None:
    assert Lockout() == CLEAR == Lockout(0, 0, None)


def test_at_the_very_moment_of_a_wrong_one_nothing_is_forgiven() -> None:
    assert after(4).forgiven(BOOT_S) == after(4)
