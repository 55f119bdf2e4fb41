"""Seconds that nobody can set: since boot, through suspend."""

from __future__ import annotations

import time


def boot_s() -> float:
    """CLOCK_BOOTTIME, the same for all processes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
