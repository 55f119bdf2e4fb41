"""How loud a sound is, in decibels below full scale, and whether a known sound is in a recording."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32, Int16, to_float, to_int16
from agent.hearing.ear_health import CLIPPED_AT

SILENCE_DBFS = -120.0
"""Stands for digital silence."""

_PROBE_SECONDS = 0.6
_PROBE_HZ = (400.0, 3_200.0)  # what small loudspeakers and telephones pass
_PROBE_PEAK = 0.25


class Level(NamedTuple):
    """`rms_dbfs`: 0 is a square wave at full scale. `clipped_share`: of the samples."""

    rms_dbfs: float
    peak_dbfs: float
    clipped_share: float


def level_of(samples: Int16) -> Level:
    """Of int16 [n]; digital silence, or nothing, is SILENCE_DBFS."""
    if not len(samples):
        return Level(SILENCE_DBFS, SILENCE_DBFS, 0.0)
    wave = to_float(samples).astype(np.float64)
    clipped = float((np.abs(samples.astype(np.int32)) >= CLIPPED_AT).mean())
    return Level(_dbfs(math.sqrt(float((wave**2).mean()))), _dbfs(float(np.abs(wave).max())), clipped)


def probe() -> Int16:
    """A sweep (0.6 s, 400 to 3,200 Hz, linear) that is found again by its shape."""
    times = np.arange(int(_PROBE_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    low, high = _PROBE_HZ
    phase = 2 * np.pi * (low * times + (high - low) / (2 * _PROBE_SECONDS) * times**2)
    fade = np.minimum(1.0, np.minimum(times, times[::-1]) / 0.02)
    return to_int16((_PROBE_PEAK * fade * np.sin(phase)).astype(np.float32))


class Found(NamedTuple):
    """`similarity`: correlation with the recording at its best place, 0..1: speech and noise stay below 0.2.
    `at_ms`: where that is."""

    similarity: float
    at_ms: int


def find_probe(recording: Int16) -> Found:
    """Where `probe` is in int16 [n] at 16 kHz: normalised cross-correlation."""
    known = to_float(probe())
    margin = len(known) // 2  # its beginning may be cut off
    heard = np.pad(_centred(to_float(recording)), (margin, 0))
    if len(heard) < len(known) or not heard.any():
        return Found(0.0, 0)
    size = 1 << (len(heard) + len(known) - 1).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(known, size))
    places = len(heard) - len(known) + 1
    correlation = np.abs(np.fft.irfft(product, size)[:places])
    energy = np.concatenate([[0.0], np.cumsum(heard.astype(np.float64) ** 2)])
    around = np.sqrt(np.maximum(energy[len(known) :] - energy[: -len(known)], 1e-9))
    similarity = correlation / (around * math.sqrt(float((known**2).sum())))
    best = int(similarity.argmax())
    return Found(min(1.0, float(similarity[best])), max(0, best - margin) * 1_000 // SAMPLE_RATE)


def _centred(wave: Float32) -> Float32:
    centred: Float32 = wave - wave.mean() if len(wave) else wave
    return centred


def _dbfs(value: float) -> float:
    return max(SILENCE_DBFS, 20 * math.log10(value)) if value > 0 else SILENCE_DBFS
