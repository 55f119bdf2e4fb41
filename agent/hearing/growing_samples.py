"""Sound that goes on growing at its end, with all of it at hand."""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32

_FIRST_ROOM = SAMPLE_RATE


class GrowingSamples:
    """float32 [n]. Its room doubles when it is full, so that appending takes time in proportion to what is
    appended, however much is there."""

    def __init__(self) -> None:
        self._room = np.empty(_FIRST_ROOM, np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, samples: Float32) -> None:
        """float32 [n] comes after what is there."""
        count = self._count + len(samples)
        if count > len(self._room):
            room = np.empty(max(count, 2 * len(self._room)), np.float32)
            room[: self._count] = self._room[: self._count]
            self._room = room
        self._room[self._count : count] = samples
        self._count = count

    def part(self, begin: int, end: int) -> Float32:
        """Samples `begin` (at least 0) to before `end`, fewer where there are not so many. No copy; it stays
        as it is when more comes."""
        return self._room[begin : min(end, self._count)]
