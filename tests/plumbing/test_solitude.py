"""A process that its till gave up ends, so that it is wired again; one that waits for its first till does
not."""

from __future__ import annotations

from agent.plumbing.solitude import LONGEST_ALONE_S, Solitude
from agent.plumbing.supervisor import LONGEST_BACKOFF_SECONDS


def test_only_a_till_that_went_is_missed_and_not_before_its_successor_could_have_come() -> None:
    now = 100.0
    alone = Solitude(lambda: now)
    now += 10 * LONGEST_ALONE_S
    assert not alone.too_long
    alone.begin()
    now += LONGEST_BACKOFF_SECONDS
    alone.begin()
    assert not alone.too_long
    now += LONGEST_ALONE_S
    assert alone.too_long
    alone.end()
    assert not alone.too_long
