"""Noise made with numpy, so that a voice can be learned as it sounds in noise without anybody making a din.

The encoder moves a voice that it hears in noise; a template of the clean voice alone is then too far away.
Copies in noise of many kinds teach the template the move, not one noise: each piece draws a spectral slope
between white and brown (a fan, a tap, a road), up to three broad resonances (a hood, a machine), slow swells
(other voices through a wall), and in one piece of three, ringing knocks (dishes, tools)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.voice_activity import CHUNK_SAMPLES

_LOWEST_HZ = 60.0
_STEEPEST_SLOPE = 2.0  # power falls with the frequency to this: brown
_MOST_RESONANCES = 3
_RESONANCE_HZ = (150.0, 6_000.0)
_RESONANCE_OCTAVES = (0.1, 0.5)
_LOUDEST_RESONANCE_DB = 15.0
_SWELL_SAMPLES = SAMPLE_RATE // 10
_DEEPEST_SWELL = 0.7  # standard deviation of the logarithm of the amplitude
_KNOCK_SAMPLES = SAMPLE_RATE // 2
_KNOCK_HZ = (800.0, 6_000.0)
_KNOCK_SECONDS = (0.01, 0.1)
_KNOCK_LOUDNESS = (2.0, 10.0)  # times the noise around it


def made_noise(length: int, rng: np.random.Generator) -> Float32:
    """float32 [length] at 16 kHz, of about unit power; another kind with every call."""
    hz = np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE)
    hz[0] = hz[1] if length > 1 else _LOWEST_HZ
    amplitude = hz ** (-rng.uniform(0.0, _STEEPEST_SLOPE) / 2.0) / np.sqrt(1.0 + (_LOWEST_HZ / hz) ** 4)
    for _ in range(rng.integers(0, _MOST_RESONANCES + 1)):
        centre = np.exp(rng.uniform(*np.log(_RESONANCE_HZ)))
        width = rng.uniform(*_RESONANCE_OCTAVES)
        bump = np.exp(-0.5 * (np.log2(hz / centre) / width) ** 2)
        amplitude *= 10.0 ** (rng.uniform(0.0, _LOUDEST_RESONANCE_DB) / 20.0 * bump)
    noise = np.fft.irfft(amplitude * (rng.normal(size=len(hz)) + 1j * rng.normal(size=len(hz))), length)
    noise /= np.sqrt(np.mean(noise**2))
    steps = np.arange(0, length + 2 * _SWELL_SAMPLES, _SWELL_SAMPLES)
    swell = np.interp(np.arange(length), steps, rng.normal(size=len(steps)))
    noise *= np.exp(rng.uniform(0.0, 1.0) * _DEEPEST_SWELL * swell)
    for _ in range(rng.poisson(length / SAMPLE_RATE) if rng.uniform() < 1.0 / 3.0 else 0):
        at = int(rng.integers(0, length))
        time = np.arange(min(length - at, _KNOCK_SAMPLES)) / SAMPLE_RATE
        ring = np.sin(2.0 * np.pi * rng.uniform(*_KNOCK_HZ) * time)
        noise[at : at + len(time)] += (
            rng.uniform(*_KNOCK_LOUDNESS) * np.exp(-time / rng.uniform(*_KNOCK_SECONDS)) * ring
        )
    return noise.astype(np.float32)


def in_noise(
    samples: Float32, speech: npt.NDArray[np.bool_], snr_db: float, rng: np.random.Generator
) -> Float32:
    """float32 [n] of `samples` with made noise, `snr_db` below the speech in them.

    `speech`: bool, for each whole chunk of CHUNK_SAMPLES. The ratio is that of mean powers, as
    `estimate_snr_db` measures it. Raises ValueError where there is no speech.
    """
    spoken = samples[: len(speech) * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)[speech]
    if spoken.size == 0:
        raise ValueError("no speech to set the noise against")
    power = float(np.square(spoken, dtype=np.float64).mean())
    noise = made_noise(len(samples), rng)
    loudness = np.sqrt(power / 10.0 ** (snr_db / 10.0) / float(np.square(noise, dtype=np.float64).mean()))
    return samples + noise * np.float32(loudness)
