"""When a device that has lost its broker comes back: a pure function of what happened and of chance.

10,000 devices lose a broker in the same instant, and what they do next must not be what keeps it down. "Full
jitter" (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015): each rest is anything from 0
to its bound, and the bound doubles.
"""

from __future__ import annotations

from collections.abc import Callable

_MOST_DOUBLINGS = 30

BUSY = frozenset({0x88, 0x89, 0x97, 0x9F})
"""Reason codes of MQTT 5 with which a broker asks for time: unavailable, busy, quota exceeded, connection
rate exceeded."""


class Reconnecting:
    """How long to rest before each attempt. `chance` gives 0 up to 1."""

    def __init__(
        self, *, shortest_s: float, longest_s: float, spread_s: float, chance: Callable[[], float]
    ) -> None:
        """`spread_s`: over so long the devices of a broker that went come back for the first time."""
        self._shortest_s, self._longest_s, self._spread_s = shortest_s, longest_s, spread_s
        self._chance = chance
        self._failures = 0
        self._had_session = False

    def connected(self) -> None:
        """There is a session."""
        self._failures, self._had_session = 0, True

    def rest_s(self, *, busy: bool = False) -> float:
        """Seconds until the next attempt, after a session or an attempt has ended; `busy`: the broker said
        that it has too much to do."""
        if self._had_session and not busy:
            self._had_session = False
            return self._chance() * max(self._spread_s, self._shortest_s)
        self._had_session = False
        if busy:
            self._failures = _MOST_DOUBLINGS
        bound_s = min(self._longest_s, self._shortest_s * 2.0**self._failures)
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        return self._chance() * bound_s
