"""Who of several people talks to the device: the one who is heard loudest. Somebody else's talk, from across
the room or out of a loudspeaker, is speech for the voice activity like any other; it is told by its level.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.voice_activity import CHUNK_MS, CHUNK_SAMPLES

BEHIND_MS = 1_000
"""So long below the level of the nearest voice, and it is somebody else's talk: no recorded order has such a
stretch."""

_BEHIND = 10 ** (-12 / 10)
_SMOOTHED_CHUNKS = 4  # 128 ms, a syllable
_LEADING_MS = 300


class NearestVoice:
    """Takes the chunks that are speech; tells which of them are the loudest talker's.

    `first` and `last` are the numbers of the chunks with which that talker begins and ends, -1 before.
    """

    def __init__(self) -> None:
        self._recent: list[float] = []
        self._levels: list[tuple[int, float]] = []
        self._loudest = 0.0
        self._behind = 0
        self.last = -1

    def push(self, number: int, power: float) -> None:
        """Chunk `number` is speech; `power` is its mean square."""
        self._recent = [*self._recent[1 - _SMOOTHED_CHUNKS :], power]
        level = sum(self._recent) / len(self._recent)
        self._levels.append((number, level))
        self._loudest = max(self._loudest, level)
        self._behind += 1
        if level >= _BEHIND * self._loudest:
            self.last, self._behind = number, 0

    @property
    def over(self) -> bool:
        """Whether somebody else has talked for BEHIND_MS since."""
        return self._behind * CHUNK_MS >= BEHIND_MS

    @property
    def first(self) -> int:
        """See above; it may come later when a louder voice sets in."""
        if not self._levels:
            return -1
        begins = self._levels[0][0]
        near = next(number for number, level in self._levels if level >= _BEHIND * self._loudest)
        return near if (near - begins) * CHUNK_MS > _LEADING_MS else begins


def chunk_powers(samples: Float32) -> npt.NDArray[np.float64]:
    """Mean square of each whole chunk of float32 [n]."""
    chunks = samples[: len(samples) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    powers: npt.NDArray[np.float64] = np.square(chunks, dtype=np.float64).mean(axis=1)
    return powers


def nearest_voice(power: npt.NDArray[np.float64], speech: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The chunks from which and to which the nearest voice speaks in a whole recording, the last one counted
    in; (-1, -1) without speech."""
    voice, last = NearestVoice(), -1
    for number in np.flatnonzero(speech):
        voice.push(int(number), float(power[number]))
        last = int(number)
    return voice.first, voice.last if voice.over else last
