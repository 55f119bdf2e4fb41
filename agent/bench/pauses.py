"""A pause put into a recording where the voice is lowest: mostly between two words."""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32

_FRAME_SAMPLES = 320  # 20 ms
_SMOOTHED_FRAMES = 3
_SPEECH_DB = 25.0  # above the quietest tenth it is speech
_MIDDLE = (0.25, 0.75)


def with_pause(samples: Float32, pause_ms: int, rng: np.random.Generator) -> tuple[Float32, int]:
    """`samples` with `pause_ms` of its own room in the middle half of the speech, and the sample at which
    the speech goes on."""
    frames = len(samples) // _FRAME_SAMPLES
    power = np.square(samples[: frames * _FRAME_SAMPLES]).reshape(frames, _FRAME_SAMPLES).mean(axis=1)
    smooth = np.convolve(power, np.ones(_SMOOTHED_FRAMES) / _SMOOTHED_FRAMES, "same")
    room = float(np.percentile(power, 10))
    spoken = np.flatnonzero(smooth > max(room, 1e-10) * 10 ** (_SPEECH_DB / 10))
    first, last = (int(spoken[0]), int(spoken[-1])) if len(spoken) else (0, frames - 1)
    low, high = (round(first + share * (last - first)) for share in _MIDDLE)
    at = (low + int(smooth[low : high + 1].argmin())) * _FRAME_SAMPLES + _FRAME_SAMPLES // 2
    silence = rng.normal(0, np.sqrt(room), pause_ms * SAMPLE_RATE // 1_000).astype(np.float32)
    return np.concatenate([samples[:at], silence, samples[at:]]), at + len(silence)
