"""What time it is at the shop, and which replica tells it to the devices.

The time is that of the database, which all replicas share. A replica whose own clock disagrees does not know
which of the two is wrong: it signs nothing and takes nothing. On SQLite both are one machine's clock, so only
the floor is a second opinion.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.plumbing.errors import EarmarkError
from order_backend.shop import Shop

AGREES_S = 5.0
"""As far may two clocks be apart, and the database's behind the last time that it showed."""
TELLS_FOR_S = 15
"""As long is a replica the one that tells the time, unless it says so again."""


class ClockError(EarmarkError):
    """The time is not known well enough to take orders."""


class ShopClock:
    """Of one replica; used from one thread."""

    def __init__(self, shop: Shop, replica: str, wall_clock: Callable[[], float] = time.time) -> None:
        self._shop, self._replica, self._wall_clock = shop, replica, wall_clock

    def now_s(self) -> int:
        """Unix seconds. Raises ClockError: clock_off, clock_behind."""
        asked_s = self._wall_clock()
        reading = self._shop.clock.read()
        # The database looked at its clock somewhere between: an answer that was slow is no clock that is off.
        off_s = max(asked_s - reading.now_s, 0.0) + min(self._wall_clock() - reading.now_s, 0.0)
        if abs(off_s) > AGREES_S:
            raise ClockError(
                "clock_off",
                f"this machine is {off_s:+.0f} s from the database",
                "set the clock that is wrong",
            )
        behind_s = reading.floor_s - reading.now_s
        if behind_s > AGREES_S:
            raise ClockError(
                "clock_behind",
                f"the database's clock is {behind_s:.0f} s behind a time that it has shown",
                "set it; or, if the earlier time was the wrong one: earmark-backend clock FOLDER --set-back",
            )
        return reading.latest_s

    def tells(self) -> bool:
        """Whether this replica is the one that tells devices the time, for `TELLS_FOR_S`; raises the floor.

        Raises ClockError: clock_off, clock_behind.
        """
        return self._shop.clock.claim_telling(self._replica, now_s=self.now_s(), for_s=TELLS_FOR_S)

    def tells_no_more(self) -> None:
        """Another replica may do it at once."""
        self._shop.clock.stop_telling(self._replica)
