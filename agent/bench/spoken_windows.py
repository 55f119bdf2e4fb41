"""Trials out of a recording: windows of so many seconds of speech, each as the device would hear it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.voice_activity import CHUNK_SAMPLES

ROOM_CHUNKS = 22
"""Of the recording's own silence on either side: 0.7 s, as long as the device waits before it believes that a
sentence has ended. Without it nothing would tell how loud the room is."""

_AWAY_FROM_SPEECH_CHUNKS = 2  # the ends of words reach so far beyond what voice activity says


def speech_windows(samples: Float32, speech: npt.NDArray[np.bool_], seconds: float) -> list[Float32]:
    """Windows of a recording, float32 [n] at 16 kHz, one after another, not overlapping, each with `seconds`
    of speech.

    A window reaches from one chunk of speech to a later one and holds all pauses between them; exactly
    `seconds`, rounded to whole chunks of 32 ms, of its chunks are speech. What is left at the end is dropped,
    so a recording with less speech gives none. ROOM_CHUNKS of the recording's pauses stand before and after
    each (repeated where it has fewer; digital silence where it has none)."""
    wanted = max(1, round(seconds * SAMPLE_RATE / CHUNK_SAMPLES))
    spoken = np.flatnonzero(speech[: len(samples) // CHUNK_SAMPLES])
    if len(spoken) < wanted:
        return []
    room = _room(samples, speech)
    windows = []
    for first in range(0, len(spoken) - wanted + 1, wanted):
        begin, end = spoken[first], spoken[first + wanted - 1] + 1
        windows.append(
            np.concatenate([room, samples[begin * CHUNK_SAMPLES : end * CHUNK_SAMPLES], room]).astype(
                np.float32
            )
        )
    return windows


def _room(samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32:
    chunks = samples[: len(speech) * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    width = 2 * _AWAY_FROM_SPEECH_CHUNKS + 1
    near = np.convolve(np.pad(speech, _AWAY_FROM_SPEECH_CHUNKS), np.ones(width), "valid") > 0
    room = chunks[~near] if not near.all() else chunks[~speech[: len(chunks)]]
    if len(room) == 0:
        return np.zeros(ROOM_CHUNKS * CHUNK_SAMPLES, np.float32)
    return np.resize(room, (ROOM_CHUNKS, CHUNK_SAMPLES)).ravel()
