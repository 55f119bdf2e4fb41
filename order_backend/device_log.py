"""What the order service logs of devices: each line, but of one that floods only now and then one."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from order_backend.rates import Rates

LINES_AT_ONCE = 100
LINES_PER_S = 0.2
"""Of one kind of lines about one device: some thousand orders a day have one each, and a flood fills no
disk."""


class DeviceLog:
    """Used from one thread."""

    def __init__(self, log: logging.Logger, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._log, self._rates = log, Rates(LINES_AT_ONCE, LINES_PER_S)
        self._monotonic_s = monotonic_s
        self._unsaid: Counter[str] = Counter()

    def say(self, of: str, line: str, *, level: int = logging.INFO, trace: bool = False) -> None:
        """The line, if there is room for one more `of` that kind and device; it says for how many there was
        none. `trace`: with the exception that is being handled."""
        if not self._rates.allows(of, self._monotonic_s()):
            self._unsaid[of] += 1
            return
        unsaid = self._unsaid.pop(of, 0)
        self._log.log(level, "%s%s", line, f" unsaid={unsaid}" if unsaid else "", exc_info=trace)
