"""Speech in noise at a given signal-to-noise ratio, as the speech-to-intent benchmark mixes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from agent.hearing.audio import Float32, read_audio_file
from agent.plumbing.errors import AudioError

_FRAME_SAMPLES = 2_048
_PEAK = 0.5


def mix(speech: Float32, noise: Float32, snr_db: float, rng: np.random.Generator) -> Float32:
    """`speech` with a random piece of `noise` of the same length (repeated where it is shorter); float32
    [n].

    The ratio is that of the loudest frame of the one (energy over 2,048 samples) to the loudest of the other;
    the sum is scaled to half of full scale. Raises ValueError for noise without energy, or speech shorter
    than a frame.
    """
    if len(noise) <= len(speech):
        noise = np.tile(noise, len(speech) // max(1, len(noise)) + 2)
    start = int(rng.integers(0, len(noise) - len(speech)))
    piece = noise[start : start + len(speech)]
    loudest = _loudest_frame(piece)
    if loudest == 0.0:
        raise ValueError("the noise is silent")
    scale = np.sqrt(_loudest_frame(speech) / (loudest * 10.0 ** (snr_db / 10.0)))
    both = speech + piece * np.float32(scale)
    peak = float(np.abs(both).max())
    return (both * np.float32(_PEAK / peak)).astype(np.float32) if peak > 0.0 else both


def mixed(speech: Float32, noise: Float32 | None, snr_db: float | None, rng: np.random.Generator) -> Float32:
    """As `mix`; `speech` as it is where there is no noise or no ratio."""
    return speech if snr_db is None or noise is None else mix(speech, noise, snr_db, rng)


def read_noise(path: Path | None, snrs: Sequence[float] = ()) -> Float32 | None:
    """The recording to mix in, float32 [n]; None without a path. Raises AudioError: bench_noise for a silent
    one, or for `snrs` without one; audio_… as `read_audio_file`."""
    if path is None:
        if snrs:
            detail = "a signal-to-noise ratio without noise"
            raise AudioError("bench_noise", detail, "give --noise FILE as well")
        return None
    noise = read_audio_file(path)
    if not noise.any():
        raise AudioError("bench_noise", f"{path} is silent", "give a recording of noise")
    return noise


def _loudest_frame(samples: Float32) -> float:
    frames = len(samples) // _FRAME_SAMPLES
    if frames == 0:
        raise ValueError(f"shorter than {_FRAME_SAMPLES} samples")
    return float(
        np.square(samples[: frames * _FRAME_SAMPLES].reshape(frames, _FRAME_SAMPLES)).sum(axis=1).max()
    )
