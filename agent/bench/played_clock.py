"""All clocks of a machine, as values that are set by whoever plays it."""

from __future__ import annotations

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

    def restart(self) -> None:
        """Power fails, and the boot clock begins anew."""
        self.boot_s, self._boots = _BOOTED_S, self._boots + 1

    def read(self) -> ClockReading:
        """No time server keeps the wall clock."""
        return ClockReading(self.boot_s, self.wall_s, False, f"boot-{self._boots}")
