from __future__ import annotations

import heapq
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.reconnecting import BUSY, Reconnecting

DEVICES = 10_000
SPREAD_S = 30.0


def fleet(seed: int = 1) -> list[Reconnecting]:
    chance = random.Random(seed)
    devices = [
        Reconnecting(shortest_s=1.0, longest_s=60.0, spread_s=SPREAD_S, chance=chance.random)
        for _ in range(DEVICES)
    ]
    for device in devices:
        device.connected()
    return devices


def arrivals(devices: list[Reconnecting], *, away_s: float, takes_a_second: int = 10**9) -> Counter[int]:
    """Attempts in each second after a broker has gone; it takes none for `away_s`, then so many a second."""
    queue = [(device.rest_s(), number) for number, device in enumerate(devices)]
    heapq.heapify(queue)
    attempts, taken = Counter[int](), Counter[int]()
    while queue:
        at_s, number = heapq.heappop(queue)
        attempts[int(at_s)] += 1
        if at_s >= away_s and taken[int(at_s)] < takes_a_second:
            taken[int(at_s)] += 1
            devices[number].connected()
        else:
            busy = at_s >= away_s
            heapq.heappush(queue, (at_s + devices[number].rest_s(busy=busy), number))
    return attempts


def test_a_fleet_that_lost_its_broker_for_a_moment_comes_back_evenly() -> None:
    attempts = arrivals(fleet(), away_s=0.0)
    assert sum(attempts.values()) == DEVICES and max(attempts) < SPREAD_S
    assert max(attempts.values()) <= 2 * DEVICES / SPREAD_S


def test_a_broker_that_was_away_for_minutes_is_not_met_by_a_wave() -> None:
    attempts = arrivals(fleet(), away_s=300.0)
    back = {second: number for second, number in attempts.items() if second >= 300}
    assert max(back) < 300 + 60
    assert max(back.values()) <= 2.5 * DEVICES / 30  # they rest for 30 s on the average


def test_a_broker_that_takes_a_hundred_a_second_has_all_of_them_in_the_end() -> None:
    attempts = arrivals(fleet(), away_s=0.0, takes_a_second=100)
    assert max(attempts) < 20 * DEVICES / 100
    assert max(attempts.values()) <= 2.5 * DEVICES / SPREAD_S


@given(st.lists(st.sampled_from(["connected", "failed", "busy"]), max_size=80), st.floats(0, 0.999))
def test_no_rest_is_longer_than_it_may_be(steps: list[str], chance: float) -> None:
    device = Reconnecting(shortest_s=1.0, longest_s=60.0, spread_s=SPREAD_S, chance=lambda: chance)
    for step in steps:
        if step == "connected":
            device.connected()
        else:
            assert 0.0 <= device.rest_s(busy=step == "busy") <= 60.0


def test_the_bound_doubles_and_starts_anew_after_a_session() -> None:
    device = Reconnecting(shortest_s=1.0, longest_s=60.0, spread_s=SPREAD_S, chance=lambda: 1.0)
    assert [device.rest_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    device.connected()
    assert [device.rest_s() for _ in range(3)] == [30, 1, 2]


def test_a_busy_broker_gets_the_longest_rest_at_once() -> None:
    device = Reconnecting(shortest_s=1.0, longest_s=60.0, spread_s=SPREAD_S, chance=lambda: 1.0)
    device.connected()
    assert device.rest_s(busy=True) == 60.0 and device.rest_s() == 60.0
    assert {0x89, 0x97, 0x9F} <= BUSY
