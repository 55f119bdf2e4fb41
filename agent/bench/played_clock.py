"""All clocks of a machine, as values that are set by whoever plays it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from agent.bench.happenings import DAYS
from agent.committing.trusted_time import ClockReading

_MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
_BOOTED_S = 60.0


class Clock:
    """In one week of November 2026. `boot_s` is set by nobody; `shop_s` is the true time, as the shop has
    it."""

    def __init__(self, day: str, hour: int, minute: int) -> None:
        begins = _MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)
        self.boot_s, self.shop_s = _BOOTED_S, begins.timestamp()
        self.wall_s = self.shop_s
        self._boots = 1

    def pass_by(self, seconds: float) -> None:
        """All of them go on."""
        self.boot_s += seconds
        self.shop_s += seconds
        self.wall_s += seconds

    def restart(self) -> None:
        """Power fails, and the boot clock begins anew."""
        self.boot_s, self._boots = _BOOTED_S, self._boots + 1

    def read(self) -> ClockReading:
        """No time server keeps the wall clock."""
        return ClockReading(self.boot_s, self.wall_s, False, f"boot-{self._boots}")


class Timers:
    """What is to happen later, by a played clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()  # of two for the same moment, the first comes first

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Once, when that has passed."""
        self._timers.append((self._clock.boot_s + delay_ms / 1_000, next(self._numbers), action))

    def look(self) -> None:
        """Everything that was to happen by now happens."""
        due = sorted(timer for timer in self._timers if timer[0] <= self._clock.boot_s)
        self._timers = [timer for timer in self._timers if timer not in due]
        for _, _, action in due:
            action()

    def clear(self) -> None:
        """Nothing of it happens any more."""
        self._timers.clear()
