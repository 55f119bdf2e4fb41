"""How loud the speech stands above the room, estimated from one recording and its voice activity."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.voice_activity import CHUNK_SAMPLES

LARGEST_SNR_DB = 60.0
_FEWEST_CHUNKS = 5  # 160 ms of each, or it is a guess


def estimate_snr_db(samples: Float32, speech: npt.NDArray[np.bool_]) -> float | None:
    """Mean power in speech, less that of the room, over that of the room, in dB; at most LARGEST_SNR_DB.

    samples: float32 [n]; speech: bool, one for each whole chunk of CHUNK_SAMPLES. The room's power is the
    median of its chunks, as the quiet ends of words are among them. None where there is too little of
    either to measure, or speech is no louder than the room.
    """
    chunks = min(len(speech), len(samples) // CHUNK_SAMPLES)
    speech = speech[:chunks]
    power = np.square(samples[: chunks * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES), dtype=np.float64).mean(
        axis=1
    )
    room = ~speech
    if speech.sum() < _FEWEST_CHUNKS or room.sum() < _FEWEST_CHUNKS:
        return None
    noise = float(np.median(power[room]))
    signal = float(power[speech].mean()) - noise
    if signal <= 0.0:
        return None
    if noise == 0.0:
        return LARGEST_SNR_DB
    return min(LARGEST_SNR_DB, 10.0 * math.log10(signal / noise))
