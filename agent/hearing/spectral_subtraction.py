"""The room taken out of the features: power spectral subtraction (Boll 1979, "Suppression of acoustic noise
in speech using spectral subtraction"; Berouti et al. 1979 for the floor) on mel bands."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.mel import mel_spectrogram
from agent.hearing.voice_activity import CHUNK_SAMPLES

_AWAY_FROM_SPEECH_CHUNKS = 3  # the quiet ends of words reach so far
_FEWEST_CHUNKS = 5  # 160 ms, or it is a guess
_OVERSUBTRACTION = 2.0  # Berouti's factor: the room's peaks that are left mislead more than lost speech
_FLOOR = 0.03  # of the power before: nothing at all leaves holes that no voice has


def room_mels(samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32 | None:
    """The room's mean power in each mel band, float32 [40]; None where there is too little of it to tell.

    samples: float32 [n] at 16 kHz; speech: bool, for each whole chunk of CHUNK_SAMPLES. It is the median over
    the logarithm of two, which a slamming door does not move: the mean where a band is one bin wide, as noise
    power is distributed exponentially, and up to 1.4 times the mean in wide bands, where a little too much is
    taken."""
    if len(speech) < _FEWEST_CHUNKS:
        return None
    width = 2 * _AWAY_FROM_SPEECH_CHUNKS + 1
    near = np.convolve(np.pad(speech, _AWAY_FROM_SPEECH_CHUNKS), np.ones(width), "valid") > 0
    room = samples[: len(speech) * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)[~near]
    if len(room) < _FEWEST_CHUNKS:
        return None
    mels: Float32 = np.median(mel_spectrogram(room.ravel()), axis=0).astype(np.float32)
    return mels / np.float32(math.log(2.0))


def subtract_room(mels: Float32, room: Float32) -> Float32:
    """float32 [frames, 40] of power less twice that of the room, float32 [40], never below 3 % of itself."""
    left: Float32 = np.maximum(mels - np.float32(_OVERSUBTRACTION) * room, np.float32(_FLOOR) * mels)
    return left
