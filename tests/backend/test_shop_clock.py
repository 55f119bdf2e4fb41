"""When a replica's clock and the database's disagree."""

from __future__ import annotations

import time

import pytest

from order_backend.shop_clock import ClockError, ShopClock
from tests.committing.kit import Bench


def _clock(bench: Bench, *, asked_s: float, answered_s: float) -> ShopClock:
    """By the machine's clock so long from now the database is asked, and so long from now it has answered."""
    looks = iter((asked_s, answered_s))
    return ShopClock(bench.desk.shop, "backend-1", lambda: time.time() + next(looks))


def test_a_database_that_answers_late_has_no_wrong_clock(bench: Bench) -> None:
    before_s = int(time.time())
    assert _clock(bench, asked_s=-60, answered_s=0).now_s() >= before_s
    assert _clock(bench, asked_s=0, answered_s=60).now_s() >= before_s
    assert _clock(bench, asked_s=-60, answered_s=60).now_s() >= before_s


@pytest.mark.parametrize(("asked_s", "answered_s"), [(600, 600), (600, 660), (-600, -600), (-660, -600)])
def test_a_clock_that_no_waiting_explains_is_off(bench: Bench, asked_s: float, answered_s: float) -> None:
    with pytest.raises(ClockError, match="is [+]" if asked_s > 0 else "is -") as caught:
        _clock(bench, asked_s=asked_s, answered_s=answered_s).now_s()
    assert caught.value.code == "clock_off"
