"""One sensor's readings: what the rule makes of them, and how well the sensor is heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from agent.plumbing import audit
from agent.plumbing.settings import Sensor
from agent.plumbing.site_messages import Proposal, SensorState
from agent.sensing.readings import ReadingError, parse_reading
from agent.sensing.rules import Side, Watch, watch
from agent.sensing.site_bus import SiteMessage

MOST_READINGS_A_SECOND = 5
"""Of one sensor; what comes faster is counted and dropped unread."""

REPEAT_S = 60.0
"""So often, at most, the till hears how far something that is low has fallen meanwhile."""

STATE_EVERY_S = 30.0
"""So often it hears how the sensor is heard."""

CLOCK_WAS_SET_S = 1.0
"""By so much more than the time between two looks at them, wall clock and boot clock part only where the one
is set. However long the process did not run between, no reading may seem older for it than the one before."""


class SensorWatch:
    """Counts what is no reading, applies the rule, says when the till is to hear of it.

    Only the time in a reading is held against the wall clock. All else is counted by the boot clock: a wall
    clock that is set makes nothing old and nothing silent. `dropped` counts by error code.
    """

    def __init__(
        self, sensor: Sensor, oldest_s: float, *, wall_s: Callable[[], float], boot_s: Callable[[], float]
    ) -> None:
        self.sensor = sensor
        self._oldest_s, self._wall_s, self._boot_s = oldest_s, wall_s, boot_s
        self._watch = Watch()
        self._told: Side = ""
        self._told_at = 0.0
        self._second, self._in_second = 0, 0
        self._heard_s: float | None = None
        self._since_s = boot_s()  # of the newest good reading, or the start
        self._booted_s = wall_s() - boot_s()  # by the wall clock
        self._silent = False
        self._state_at = float("-inf")
        self.dropped: Counter[str] = Counter()

    def received(self, message: SiteMessage) -> Proposal | None:
        """What the till is to be told after `message`, if anything."""
        before_s = self._boot_s()
        second = int(before_s)
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        if self._in_second > MOST_READINGS_A_SECOND:
            self._drop("reading_too_fast", "")
            return None
        now_s = self._wall_s()
        try:
            reading = parse_reading(
                message.payload,
                self.sensor,
                now_s=now_s,
                oldest_s=self._oldest_s,
                retained=message.retained,
            )
        except ReadingError as error:
            self._drop(error.code, error.detail)
            return None
        at_s = self._by_boot_clock(reading.at_s, before_s, now_s)
        self._heard(at_s if message.retained else self._boot_s())
        self._watch = watch(self._watch, reading.amount, at_s, self.sensor)
        changed = self._watch.settled != self._told
        stale = self._watch.settled == "low" and self._boot_s() - self._told_at >= REPEAT_S
        return self.standing() if changed or stale else None

    def standing(self) -> Proposal | None:
        """What holds now, for a till that has heard nothing yet; None before anything has settled."""
        if not self._watch.settled:
            return None
        self._told, self._told_at = self._watch.settled, self._boot_s()
        return Proposal(self.sensor.id, self._watch.level, wanted=self._told == "low")

    def state(self, bus_fault: str) -> SensorState:
        """How it is heard now."""
        self._state_at = self._boot_s()
        heard = self._heard_s is not None
        return SensorState(
            self.sensor.id,
            age_s=max(0, int(self._boot_s() - self._since_s)) if heard else None,
            level=self._watch.level if heard else None,
            refused=dict(self.dropped),
            bus_fault=bus_fault,
        )

    def state_is_due(self) -> bool:
        """Whether the till is to hear it again. A silence is named in the log when it begins."""
        unheard_s = self._boot_s() - self._since_s
        if unheard_s >= self.sensor.silent_after_seconds and not self._silent:
            self._silent = True
            step = "earmark doctor"
            audit.log("sensor_silent", sensor=self.sensor.id, seconds=unheard_s, next_step=step)
        return self._boot_s() - self._state_at >= STATE_EVERY_S

    def _by_boot_clock(self, at_s: float, before_s: float, now_s: float) -> float:
        """`at_s` by the boot clock, which stood at `before_s` before the wall clock showed `now_s`."""
        earliest_s, latest_s = now_s - self._boot_s(), now_s - before_s
        if not earliest_s - CLOCK_WAS_SET_S <= self._booted_s <= latest_s + CLOCK_WAS_SET_S:
            self._booted_s = latest_s
        return at_s - self._booted_s

    def _heard(self, at_s: float) -> None:
        if self._heard_s is None or at_s > self._heard_s:
            self._heard_s = self._since_s = at_s
        if self._silent and self._boot_s() - at_s < self.sensor.silent_after_seconds:
            self._silent = False
            audit.log("sensor_back", sensor=self.sensor.id)

    def _drop(self, code: str, detail: str) -> None:
        self.dropped[code] += 1
        count = self.dropped[code]
        if audit.is_news(count):
            audit.log(code, sensor=self.sensor.id, detail=detail, count=count)
