"""How many messages of one device are looked at: a token bucket each, before any signature is checked."""

from __future__ import annotations

FORGET_ABOVE = 20_000
"""Devices that are remembered; more have full buckets again when all are forgotten."""


class Rates:
    """In one replica's memory: with several, a device may send as much to each. Used from one thread."""

    def __init__(self, burst: int, per_second: float) -> None:
        """`burst` at once after a silence, `per_second` for ever."""
        self._burst, self._per_second = burst, per_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, device_id: str, monotonic_s: float) -> bool:
        """Whether one more of the device's messages is looked at; it counts if so."""
        tokens = self._tokens(device_id, monotonic_s)
        allowed = tokens >= 1.0
        if len(self._buckets) >= FORGET_ABOVE and device_id not in self._buckets:
            self._buckets.clear()
        self._buckets[device_id] = (tokens - 1.0 if allowed else tokens, monotonic_s)
        return allowed

    def would_allow(self, device_id: str, monotonic_s: float) -> bool:
        """`allows`, without that it counts."""
        return self._tokens(device_id, monotonic_s) >= 1.0

    def _tokens(self, device_id: str, monotonic_s: float) -> float:
        tokens, at_s = self._buckets.get(device_id, (float(self._burst), monotonic_s))
        return min(float(self._burst), tokens + (monotonic_s - at_s) * self._per_second)
