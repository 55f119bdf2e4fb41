"""Microphone and loudspeaker through PortAudio, with blocking streams.

Blocking, because callbacks need memory that is writable and executable, which the sandbox refuses. A device
that does not do 16 kHz mono is opened as it likes it best, and converted.
"""

from __future__ import annotations

import time

import numpy as np

from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Int16
from agent.hearing.rate_conversion import FromMono16k, ToMono16k
from agent.hearing.sound_devices import find_device, portaudio
from agent.plumbing.errors import AudioError

_NEXT_STEP = "earmark audio test"
_MOST_CHANNELS = 8


class Microphone:
    """`device`: as `find_device` takes it. `channel`: as `ToMono16k` takes it.

    Raises AudioError: audio_no_library, audio_no_device, audio_device_ambiguous, audio_device_busy; from
    `read` and `drop_pending` audio_no_frames.
    """

    live = True

    def __init__(self, device: str, channel: int = 0) -> None:
        library = portaudio()
        self._error: type[Exception] = library.PortAudioError
        found = find_device(device, "input")
        self.name, self.rate_hz, channels = found.name, SAMPLE_RATE, 1
        try:
            if channel or not _does(library.check_input_settings, found.number, self._error):
                self.rate_hz, channels = found.rate_hz, min(found.channels, _MOST_CHANNELS)
            self._block = self.rate_hz * FRAME_MS // 1_000
            self._stream = library.RawInputStream(
                samplerate=self.rate_hz,
                blocksize=self._block,
                channels=channels,
                dtype="int16",
                device=found.number,
            )
            self._stream.start()
        except (self._error, ValueError) as error:
            raise _cannot_open("microphone", found.name, error) from error
        self._convert = ToMono16k(self.rate_hz, channels, channel)
        self._samples = np.zeros(0, np.int16)
        self.overflows = 0
        """Reads before which something was lost."""

    def read(self, timeout_s: float) -> Int16 | None:
        deadline = time.monotonic() + timeout_s
        while len(self._samples) < FRAME_SAMPLES:
            block = self._read_block(deadline)
            if block is None:
                return None
            self._samples = np.concatenate([self._samples, self._convert.push(block)])
        frame, self._samples = self._samples[:FRAME_SAMPLES], self._samples[FRAME_SAMPLES:]
        return frame

    def _read_block(self, deadline: float) -> bytes | None:
        try:
            while (missing := self._block - self._stream.read_available) > 0:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                time.sleep(min(left, missing / self.rate_hz))
            data, overflowed = self._stream.read(self._block)
        except self._error as error:
            raise AudioError("audio_no_frames", f"the microphone stopped: {error}", _NEXT_STEP) from error
        self.overflows += bool(overflowed)
        return bytes(data)

    def drop_pending(self) -> None:
        self._samples = self._samples[:0]
        try:
            while (waiting := self._stream.read_available) > 0:
                self._stream.read(waiting)
        except self._error as error:
            raise AudioError("audio_no_frames", f"the microphone stopped: {error}", _NEXT_STEP) from error

    def close(self) -> None:
        self._stream.close()


class Loudspeaker:
    """`device`: as `find_device` takes it. Raises AudioError as `Microphone` does; from `write` and `finish`
    audio_sink_gone."""

    def __init__(self, device: str) -> None:
        library = portaudio()
        self._error: type[Exception] = library.PortAudioError
        found = find_device(device, "output")
        self.name, self.rate_hz, channels = found.name, SAMPLE_RATE, 1
        try:
            if not _does(library.check_output_settings, found.number, self._error):
                self.rate_hz, channels = found.rate_hz, min(found.channels, 2)
            self._stream = library.RawOutputStream(
                samplerate=self.rate_hz, channels=channels, dtype="int16", device=found.number
            )
        except (self._error, ValueError) as error:
            raise _cannot_open("loudspeaker", found.name, error) from error
        self._convert = FromMono16k(self.rate_hz, channels)

    def write(self, samples: Int16) -> None:
        try:
            if self._stream.stopped:
                self._stream.start()
            self._stream.write(self._convert.push(samples))
        except self._error as error:
            raise AudioError("audio_sink_gone", f"the loudspeaker stopped: {error}", _NEXT_STEP) from error

    def finish(self) -> None:
        try:
            if not self._stream.stopped:
                self._stream.write(self._convert.finish())
                self._stream.stop()  # returns when the last buffer has been played
        except self._error as error:
            raise AudioError("audio_sink_gone", f"the loudspeaker stopped: {error}", _NEXT_STEP) from error

    def close(self) -> None:
        self._stream.close()


def _does(check, index: int, refusal: type[Exception]) -> bool:  # type: ignore[no-untyped-def]
    """Whether the device takes 16 kHz, mono, int16."""
    try:
        check(device=index, samplerate=SAMPLE_RATE, channels=1, dtype="int16")
    except (refusal, ValueError):
        return False
    return True


def _cannot_open(what: str, name: str, error: Exception) -> AudioError:
    if "unavailable" in str(error).lower() or "busy" in str(error).lower():
        step = "another program has it: stop that, or the device itself (systemctl stop earmark.target)"
        return AudioError("audio_device_busy", f"the {what} '{name}' is in use: {error}", step)
    return AudioError("audio_no_device", f"no {what} '{name}': {error}", _NEXT_STEP)
