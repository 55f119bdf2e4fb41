"""Mel power spectrogram as the GE2E speaker encoder was trained on: no logarithm.

The numbers are those of `librosa.feature.melspectrogram(sr=16000, n_fft=400, hop_length=160, n_mels=40)` with
its defaults: periodic Hann window, frames centred with zeros outside, power, Slaney's mel scale and area
normalisation.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import SAMPLE_RATE, Float32

Float64 = npt.NDArray[np.float64]

WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
BANDS = 40

_LINEAR_HZ = 200.0 / 3.0  # Hz per mel below 1 kHz
_BREAK_HZ = 1_000.0
_LOG_STEP = np.log(6.4) / 27.0  # per mel above


def mel_spectrogram(samples: Float32) -> Float32:
    """float32 [n] at 16 kHz -> float32 [1 + n // 160, 40]."""
    padded = np.pad(samples, WINDOW_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
    spectrum = np.fft.rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    result: Float32 = (power @ _filters().T).astype(np.float32)
    return result


def _hz_to_mel(hz: Float64) -> Float64:
    above = _BREAK_HZ / _LINEAR_HZ + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ, above)


def _mel_to_hz(mel: Float64) -> Float64:
    at_break = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, at_break) - at_break))
    return np.where(mel < at_break, mel * _LINEAR_HZ, above)


@cache
def _filters() -> Float64:
    """float64 [40, 201]: triangles of equal area."""
    edges = _mel_to_hz(np.linspace(0.0, float(_hz_to_mel(np.array(SAMPLE_RATE / 2.0))), BANDS + 2))
    bins = np.fft.rfftfreq(WINDOW_SAMPLES, 1.0 / SAMPLE_RATE)
    rising = (bins[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None]) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters: Float64 = triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return filters
