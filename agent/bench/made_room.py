"""A room between loudspeaker and microphone, made from a seed: delay, walls, a loudspeaker that bends what is
loud, noise, and somebody who speaks. Time passes as frames are played and read; there is no clock."""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Float32, Int16, to_float, to_int16

_NOISE = 3e-4  # about -70 dBFS
_BENT = 1.2  # how hard the loudspeaker is driven: tanh
_RESPONSE_SECONDS = 0.4


class MadeRoom:
    """Microphone and loudspeaker in one (`AudioSource`, `AudioSink`)."""

    live = True
    fault = ""

    def __init__(self, seed: int, *, delay_ms: float, reverberation_s: float) -> None:
        """`delay_ms` from what is written to its first sound at the microphone; `reverberation_s`: RT60. The
        walls return as much as comes straight."""
        self._random = np.random.default_rng(seed)
        times = np.arange(int(_RESPONSE_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
        walls = self._random.normal(0, 1, len(times)) * 10 ** (-3 * times / reverberation_s)
        response = walls / np.sqrt((walls**2).sum())
        response[0] += 1.0
        self._response = np.concatenate([np.zeros(int(delay_ms * SAMPLE_RATE / 1_000)), response])
        self.gain = 1.0
        self._played = np.zeros(0, np.float32)
        self._person = np.zeros(0, np.float32)
        self._now = self._read = 0

    def echo(self, samples: Int16) -> Float32:
        """What comes back of int16 [n] at a gain of 1, float32 [n + the room's]."""
        bent = np.tanh(_BENT * to_float(samples)) / _BENT
        size = 1 << (len(bent) + len(self._response)).bit_length()
        whole = np.fft.irfft(np.fft.rfft(bent, size) * np.fft.rfft(self._response, size), size)
        return whole[: len(bent) + len(self._response)].astype(np.float32)

    def begin(self, gain: float) -> None:
        """A new playback, at this gain of its echo."""
        self.gain = gain
        self._now = self._read = 0
        self._played = np.zeros(0, np.float32)
        self._person = np.zeros(0, np.float32)

    def speaks(self, samples: Float32, at: int) -> None:
        """Somebody will say float32 [n], from sample `at` on."""
        self._person = np.concatenate([np.zeros(at, np.float32), samples])

    @property
    def now_samples(self) -> int:
        """How much of the microphone's sound was read."""
        return self._read

    def write(self, samples: Int16) -> None:
        self._played = np.concatenate([self._played, to_float(samples)])
        self._now += len(samples)

    def finish(self) -> None:
        """The loudspeaker's delay is over."""

    def chime(self, samples: Int16) -> None:
        """Nobody listens to it here."""

    def read(self, timeout_s: float) -> Int16 | None:
        if self._read + FRAME_SAMPLES > self._now:
            if timeout_s == 0.0:
                return None
            self._now += FRAME_SAMPLES
        begin, end = self._read, self._read + FRAME_SAMPLES
        self._read = end
        past = self._played[max(0, begin - len(self._response)) : min(end, len(self._played))]
        frame = self._random.normal(0, _NOISE, FRAME_SAMPLES)
        if len(past):
            start = max(0, begin - len(self._response))
            sound = self.echo(to_int16(past))[begin - start : end - start]
            frame[: len(sound)] += self.gain * sound
        voice = self._person[begin:end]
        frame[: len(voice)] += voice
        return to_int16(frame.astype(np.float32))

    def drop_pending(self) -> None:
        while self.read(0.0) is not None:
            pass

    def reopen(self) -> None:
        """It is never away."""

    def close(self) -> None:
        """Nothing is open."""


def active_rms(samples: Float32) -> float:
    """Of the parts of float32 [n] in which something sounds."""
    frames = samples[: len(samples) // 512 * 512].reshape(-1, 512).astype(np.float64)
    energy = (frames**2).mean(axis=1)
    return float(np.sqrt(energy[energy > 1e-3 * energy.max()].mean()))


def sounding(samples: Float32) -> Float32:
    """float32 [n] without the silence before and after: all above a hundredth of its peak."""
    loud = np.flatnonzero(np.abs(samples) >= 0.01 * np.abs(samples).max(initial=0))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def in_quiet_room(speech: Float32, before_s: float = 1.5, after_s: float = 3.0) -> Float32:
    """float32 [n] with a room of about -70 dBFS before, under and after it."""
    around = np.pad(speech, (int(before_s * SAMPLE_RATE), int(after_s * SAMPLE_RATE)))
    quiet = np.random.default_rng(1).normal(0, _NOISE, len(around))
    return (around + quiet).astype(np.float32)
