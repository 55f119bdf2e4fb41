"""Between what a sound card does (any rate, several channels) and 16 kHz mono; soxr resamples, streaming."""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Int16


class ToMono16k:
    """`channel`: 1 for the first; 0 takes the mean of all. Keeps its filter's state between blocks."""

    def __init__(self, rate_hz: int, channels: int, channel: int = 0) -> None:
        self._channels, self._channel = channels, channel
        self._resampler = _resampler(rate_hz, SAMPLE_RATE)

    def push(self, block: bytes) -> Int16:
        """Interleaved int16 frames -> int16 [n] at 16 kHz; n may be a little more or less than the block's
        length."""
        frames = np.frombuffer(block, np.int16).reshape(-1, self._channels)
        if self._channels == 1:
            mono = frames[:, 0]
        elif self._channel:
            mono = frames[:, min(self._channel, self._channels) - 1]
        else:
            mono = frames.mean(axis=1).round().astype(np.int16)
        if self._resampler is None:
            return np.ascontiguousarray(mono)
        resampled: Int16 = self._resampler.resample_chunk(np.ascontiguousarray(mono))
        return resampled


class FromMono16k:
    """The way back: the same sample on every channel."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate, self._channels = rate_hz, channels
        self._resampler = _resampler(SAMPLE_RATE, rate_hz)

    def push(self, samples: Int16) -> bytes:
        """int16 [n] at 16 kHz -> interleaved frames."""
        return self._interleaved(self._resampler.resample_chunk(samples) if self._resampler else samples)

    def finish(self) -> bytes:
        """What the filter still holds back; the next sound begins afresh."""
        if self._resampler is None:
            return b""
        rest = self._resampler.resample_chunk(np.zeros(0, np.int16), last=True)
        self._resampler = _resampler(SAMPLE_RATE, self._rate)
        return self._interleaved(rest)

    def _interleaved(self, samples: Int16) -> bytes:
        return np.repeat(samples, self._channels).tobytes()


def _resampler(rate_in: int, rate_out: int):  # type: ignore[no-untyped-def]  # soxr has no types
    if rate_in == rate_out:
        return None
    import soxr

    return soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16")
