"""When a sensor has run low: hysteresis with a hold time. Pure: readings in, the next state out.

Between `low_amount` and `high_amount` nothing changes, so a value that trembles around one of them does not
flap; and a value is believed only when all readings have said so for `hold_seconds`, so a glitch is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from agent.plumbing.settings import Sensor

Side = Literal["", "low", "full"]


@dataclass(frozen=True)
class Watch:
    """`settled` is what holds ('' before anything does), `tends` the other side that readings have been on
    since `since_s`, `last_s` the time of the newest reading."""

    settled: Side = ""
    tends: Side = ""
    since_s: float = 0.0
    last_s: float = float("-inf")
    level: float = 1.0  # how full, 0 to 1, by the newest reading


def watch(before: Watch, amount: float, at_s: float, sensor: Sensor) -> Watch:
    """The state after a reading of `amount` (in the sensor's unit) at `at_s` (Unix seconds). A reading that
    is older than the newest changes nothing."""
    if at_s < before.last_s:
        return before
    level = min(1.0, amount / sensor.full_amount)
    seen = replace(before, last_s=at_s, level=level)
    side = _side(amount, sensor)
    if side in ("", before.settled):
        return replace(seen, tends="", since_s=0.0)
    since_s = before.since_s if side == before.tends else at_s
    if at_s - since_s >= sensor.hold_seconds:
        return replace(seen, settled=side, tends="", since_s=0.0)
    return replace(seen, tends=side, since_s=since_s)


def _side(amount: float, sensor: Sensor) -> Side:
    if amount <= sensor.low_amount:
        return "low"
    return "full" if amount >= sensor.high_amount else ""
