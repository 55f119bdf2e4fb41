"""The loudspeaker's sound taken out of the microphone's: a partitioned-block frequency-domain Kalman filter.

Enzner and Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones",
Signal Processing 86 (2006); in partitions: Kuech, Mabande and Enzner, "State-space architecture of the
partitioned-block-based acoustic echo controller", ICASSP 2014. Unlike NLMS it needs no detector of double
talk: what it cannot explain counts as somebody else's sound and slows its learning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32

BLOCK = 256
"""Samples in and out at a time, 16 ms."""

PARTITIONS = 16
"""Blocks of echo path: 256 ms."""

_FFT = 2 * BLOCK
_OVERLAP = BLOCK / _FFT
_STAYS = 0.999  # how much of the path is the same a block later
_SMOOTHED = 0.7  # of the power of what is not explained
_FIRST_UNCERTAINTY = 1.0  # of the path's squared magnitude, before anything was heard
_LITTLE = 1e-6  # power for each bin: a room at about -85 dBFS


class EchoCanceller:
    """Keeps its picture of the room from one block to the next."""

    def __init__(self) -> None:
        bins = BLOCK + 1
        self._played = np.zeros(_FFT, np.float32)
        self._spectra = np.zeros((PARTITIONS, bins), np.complex64)
        self._path = np.zeros((PARTITIONS, bins), np.complex64)
        self._uncertainty = np.full((PARTITIONS, bins), _FIRST_UNCERTAINTY, np.float32)
        self._unexplained = np.full(bins, _LITTLE, np.float32)

    def push(self, heard: Float32, played: Float32) -> Float32:
        """float32 [BLOCK] of the microphone and of the loudspeaker, as they belong together within
        PARTITIONS blocks (the loudspeaker first) -> float32 [BLOCK] without the echo."""
        self._played[:BLOCK] = self._played[BLOCK:]
        self._played[BLOCK:] = played
        self._spectra = np.roll(self._spectra, 1, axis=0)
        self._spectra[0] = np.fft.rfft(self._played)
        estimate = np.fft.irfft((self._spectra * self._path).sum(axis=0), _FFT)[BLOCK:]
        residual: Float32 = (heard - estimate).astype(np.float32)
        if played.any() or self._played.any():
            self._learn(residual)
        return residual

    def forget_sound(self) -> None:
        """A new playback begins: the room is as it was, what was played before is over."""
        self._played[:] = 0
        self._spectra[:] = 0

    def _learn(self, residual: Float32) -> None:
        error = np.fft.rfft(np.concatenate([np.zeros(BLOCK, np.float32), residual]))
        power = np.abs(self._spectra) ** 2
        self._unexplained = (_SMOOTHED * self._unexplained + (1 - _SMOOTHED) * np.abs(error) ** 2).astype(
            np.float32
        )
        doubt = _OVERLAP * (power * self._uncertainty).sum(axis=0) + self._unexplained + _LITTLE
        gain = self._uncertainty / doubt
        step = gain * self._spectra.conj() * error
        self._path = (_STAYS * (self._path + _causal(step))).astype(np.complex64)
        self._uncertainty = (
            _STAYS**2 * (1 - _OVERLAP * gain * power) * self._uncertainty
            + (1 - _STAYS**2) * np.abs(self._path) ** 2
        ).astype(np.float32)


def _causal(step: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """Each partition's impulse response lies in the first half of its block."""
    response = np.fft.irfft(step, _FFT, axis=1)
    response[:, BLOCK:] = 0
    causal: npt.NDArray[np.complex128] = np.fft.rfft(response, axis=1)
    return causal
