"""Where a right number costs nothing, wrong ones are not forgotten by it at once."""

from __future__ import annotations

from agent.deciding.lockout import CLEAR, FORGIVEN_AFTER_S, Lockout

FAILED = Lockout(3, 0, 1_000.0)


def test_wrong_ones_count_until_so_long_after_the_last_of_them() -> None:
    assert FAILED.forgiven(1_000.0 + FORGIVEN_AFTER_S - 0.5) == FAILED
    assert FAILED.forgiven(1_000.0 + FORGIVEN_AFTER_S) == CLEAR
    assert FAILED.forgiven(1_000.0) == FAILED


def test_after_a_restart_the_time_counts_from_the_new_boot() -> None:
    assert FAILED.forgiven(FORGIVEN_AFTER_S - 1.0) == FAILED
    assert FAILED.forgiven(float(FORGIVEN_AFTER_S)) == CLEAR
    late = Lockout(3, 0, 10.0 * FORGIVEN_AFTER_S)
    assert late.forgiven(2.0 * FORGIVEN_AFTER_S) == CLEAR


def test_what_an_earlier_release_wrote_is_forgiven_at_once() -> None:
    assert Lockout(3, 5).forgiven(0.0) == CLEAR
