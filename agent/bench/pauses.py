"""Pauses put into orders: where the voice is lowest, beside a word, and between parts that are said apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32

_FRAME_SAMPLES = 320  # 20 ms
_SMOOTHED_FRAMES = 3
_SPEECH_DB = 25.0  # above the quietest tenth it is speech
_MIDDLE = (0.25, 0.75)
_CUT_SECONDS = 0.3  # of silence beside a cut, so that its last word is not swallowed


class Paused(NamedTuple):
    """An order with a pause inside, and the sample at which the speech goes on."""

    samples: Float32
    goes_on: int


class _Loudness(NamedTuple):
    """Mean power of each 20 ms, smoothed; what the room has; the first and the last frame of the speech."""

    smooth: Float32
    room: float
    first: int
    last: int


def with_pause(samples: Float32, pause_ms: int, rng: np.random.Generator) -> Paused:
    """`samples` with `pause_ms` of its own room at the lowest sound in the middle half of the speech."""
    loudness = _loudness(samples)
    low, high = (round(loudness.first + share * (loudness.last - loudness.first)) for share in _MIDDLE)
    at = low + int(loudness.smooth[low : high + 1].argmin())
    return with_pause_at(samples, _middle_of(at), pause_ms, rng)


def with_pause_at(samples: Float32, at: int, pause_ms: int, rng: np.random.Generator) -> Paused:
    """`samples` with `pause_ms` of its own room before sample `at`."""
    room = _loudness(samples).room
    silence = rng.normal(0, np.sqrt(room), pause_ms * SAMPLE_RATE // 1_000).astype(np.float32)
    return Paused(np.concatenate([samples[:at], silence, samples[at:]]), at + len(silence))


def said_apart(parts: Sequence[Float32], pause_ms: int, rng: np.random.Generator) -> Paused:
    """`parts` of an order, each without silence around it, with `pause_ms` of a quiet room between them."""
    quiet = rng.normal(0, 2e-4, pause_ms * SAMPLE_RATE // 1_000).astype(np.float32)
    start = np.concatenate([piece for part in parts[:-1] for piece in (part, quiet)])
    return Paused(np.concatenate([start, parts[-1]]), len(start))


def beside(word: str, samples: Float32, transcribe: Callable[[Float32], str]) -> dict[str, int]:
    """Where `word` stands: {"before": sample, "after": sample}, each where it was found.

    There is no alignment: the low points of the sound are tried, and what the open decode (`transcribe`)
    makes of both sides says which of them lies right before or right after the word.
    """
    loudness, found = _loudness(samples), dict[str, int]()
    smooth = loudness.smooth
    lows = [
        frame
        for frame in range(loudness.first + 2, loudness.last - 1)
        if smooth[frame] == smooth[frame - 2 : frame + 3].min()
    ]
    nothing = np.zeros(int(_CUT_SECONDS * SAMPLE_RATE), np.float32)
    for frame in sorted(lows, key=lambda frame: float(smooth[frame])):
        at = _middle_of(frame)
        said = transcribe(np.concatenate([samples[:at], nothing])).split()
        to_come = transcribe(np.concatenate([nothing, samples[at:]])).split()
        ends, begins = said[-1:] == [word], to_come[:1] == [word]
        if begins and not ends:
            found.setdefault("before", at)
        elif ends and not begins and to_come:
            found.setdefault("after", at)
        if len(found) == 2:
            break
    return found


def _middle_of(frame: int) -> int:
    return frame * _FRAME_SAMPLES + _FRAME_SAMPLES // 2


def _loudness(samples: Float32) -> _Loudness:
    frames = len(samples) // _FRAME_SAMPLES
    power = np.square(samples[: frames * _FRAME_SAMPLES]).reshape(frames, _FRAME_SAMPLES).mean(axis=1)
    smooth = np.convolve(power, np.ones(_SMOOTHED_FRAMES) / _SMOOTHED_FRAMES, "same").astype(np.float32)
    room = float(np.percentile(power, 10))
    spoken = np.flatnonzero(smooth > max(room, 1e-10) * 10 ** (_SPEECH_DB / 10))
    first, last = (int(spoken[0]), int(spoken[-1])) if len(spoken) else (0, frames - 1)
    return _Loudness(smooth, room, first, last)
