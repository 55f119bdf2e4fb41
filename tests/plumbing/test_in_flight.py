"""How long what was published waits for the broker's word."""

from __future__ import annotations

from agent.plumbing.in_flight import LONGEST_STEP_S, InFlight


def test_the_oldest_counts_and_only_while_something_waits() -> None:
    sent = InFlight(10.0)
    sent.passed(60.0)
    assert not sent.is_stuck
    for packet_id in (1, 2, 3):
        sent.sent(packet_id)
    for _ in range(9):
        sent.passed(1.0)
    sent.acknowledged(1)
    sent.passed(LONGEST_STEP_S)
    sent.acknowledged(3)  # a later one shows nothing of the one before it
    sent.acknowledged(99)
    sent.passed(4.9)
    assert not sent.is_stuck
    sent.passed(0.1)
    assert sent.is_stuck


def test_who_was_busy_has_not_waited() -> None:
    sent = InFlight(2 * LONGEST_STEP_S)
    sent.sent(1)
    sent.passed(3_600.0)
    assert not sent.is_stuck
    sent.acknowledged(1)
    sent.sent(2)
    sent.passed(3_600.0)
    assert not sent.is_stuck
    sent.passed(3_600.0)
    assert sent.is_stuck
