"""How long a process has been without its till. A till that dies has a successor within seconds; one that
gave this process up (it had stopped reading) has not, and only a new start gets it wired again."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_ALONE_S = 30.0
"""Longer than the supervisor's longest wait before it starts a new till."""


class Solitude:
    """Counts from `begin` to `end`; a process that never had a till waits for its first without limit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    def begin(self) -> None:
        """The till is gone."""
        if self._since is None:
            self._since = self._clock()

    def end(self) -> None:
        """There is a till."""
        self._since = None

    @property
    def too_long(self) -> bool:
        """Whether it is time to end, so as to be started and wired anew."""
        return self._since is not None and self._clock() - self._since > LONGEST_ALONE_S
