"""Microphone and loudspeaker through PortAudio, with blocking streams.

Blocking, because callbacks need memory that is writable and executable, which the sandbox refuses. Both
streams are opened before the sandbox closes and stay open.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Int16
from agent.plumbing.errors import AudioError


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:  # the package is there, the shared library is not
        raise AudioError(
            "audio_no_library", "PortAudio is missing", "apt-get install libportaudio2"
        ) from error
    return sounddevice


class Microphone:
    """`device`: a sounddevice name, '' for the default. Raises AudioError: audio_no_library,
    audio_no_device.
    """

    live = True

    def __init__(self, device: str) -> None:
        library = _sounddevice()
        self._error: type[Exception] = library.PortAudioError
        try:
            self._stream = library.RawInputStream(
                samplerate=SAMPLE_RATE,
                blocksize=FRAME_SAMPLES,
                channels=1,
                dtype="int16",
                device=device or None,
            )
            self._stream.start()
        except (self._error, ValueError) as error:
            raise AudioError("audio_no_device", f"no microphone: {error}", "earmark doctor") from error

    def read(self, timeout_s: float) -> Int16 | None:
        deadline = time.monotonic() + timeout_s
        try:
            while (missing := FRAME_SAMPLES - self._stream.read_available) > 0:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                time.sleep(min(left, missing / SAMPLE_RATE))
            data, _ = self._stream.read(FRAME_SAMPLES)
        except self._error as error:
            raise AudioError(
                "audio_no_frames", f"the microphone stopped: {error}", "earmark doctor"
            ) from error
        return np.frombuffer(bytes(data), np.int16)

    def drop_pending(self) -> None:
        try:
            while (waiting := self._stream.read_available) > 0:
                self._stream.read(waiting)
        except self._error as error:
            raise AudioError(
                "audio_no_frames", f"the microphone stopped: {error}", "earmark doctor"
            ) from error

    def close(self) -> None:
        self._stream.close()


class Loudspeaker:
    """`device`: a sounddevice name, '' for the default. Raises AudioError: audio_no_library,
    audio_no_device.
    """

    def __init__(self, device: str) -> None:
        library = _sounddevice()
        self._error: type[Exception] = library.PortAudioError
        try:
            self._stream = library.RawOutputStream(
                samplerate=SAMPLE_RATE, channels=1, dtype="int16", device=device or None
            )
        except (self._error, ValueError) as error:
            raise AudioError("audio_no_device", f"no loudspeaker: {error}", "earmark doctor") from error

    def write(self, samples: Int16) -> None:
        try:
            if self._stream.stopped:
                self._stream.start()
            self._stream.write(samples.tobytes())
        except self._error as error:
            raise AudioError(
                "audio_sink_gone", f"the loudspeaker stopped: {error}", "earmark doctor"
            ) from error

    def finish(self) -> None:
        try:
            self._stream.stop()  # returns when the last buffer has been played
        except self._error as error:
            raise AudioError(
                "audio_sink_gone", f"the loudspeaker stopped: {error}", "earmark doctor"
            ) from error

    def close(self) -> None:
        self._stream.close()
