"""Sound as this process handles it: 16 kHz, mono, int16, in frames of 80 ms; where it comes from and goes
to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from agent.plumbing.errors import AudioError

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 1_280
FRAME_MS = 80

Int16 = npt.NDArray[np.int16]
Float32 = npt.NDArray[np.float32]

_LONGEST_FILE_SECONDS = 3_600
_LOUDEST = 8.0  # recordings of floats may go beyond full scale; further is damage, and would overflow


class AudioSource(Protocol):
    """Where frames come from. `live`: a real room, where frames never pause and what the loudspeaker said
    echoes.
    """

    live: bool
    fault: str
    """Why no frames come, where that is known; ''."""

    def read(self, timeout_s: float) -> Int16 | None:
        """One frame, int16 [FRAME_SAMPLES]; None when none came in time. Raises
        AudioError('audio_no_frames').
        """

    def drop_pending(self) -> None:
        """Forgets everything that has arrived and was not read."""

    def reopen(self) -> None:
        """Opens the device again, where there is one; frames come when that is done."""

    def close(self) -> None: ...


class AudioSink(Protocol):
    """Where speech goes to."""

    def write(self, samples: Int16) -> None:
        """Plays int16 [n] at 16 kHz; returns when they are on their way. Raises
        AudioError('audio_sink_gone').
        """

    def finish(self) -> None:
        """Ends one playback: returns when the last sample written has been played."""

    def chime(self, samples: Int16) -> None:
        """Plays int16 [n], short, and does not wait. Where playbacks are told apart it is none, and left
        out."""

    def close(self) -> None: ...


def to_float(samples: Int16) -> Float32:
    """int16 -> float32 in -1..1."""
    return samples.astype(np.float32) / 32_768.0


def to_int16(samples: Float32) -> Int16:
    """float32 in -1..1 (beyond is clipped) -> int16."""
    return (np.clip(samples, -1.0, 1.0) * 32_767.0).round().astype(np.int16)


def resample(samples: Float32, rate: int) -> Float32:
    """float32 [n] at `rate` -> float32 at 16 kHz."""
    if rate == SAMPLE_RATE:
        return samples
    import soxr

    result: Float32 = soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32)
    return result


def read_audio_file(path: Path) -> Float32:
    """A recording of any rate and number of channels as float32 [n] at 16 kHz, mono.

    Raises AudioError: audio_file_missing, audio_file_empty, audio_file_format (not audio), audio_file_nan,
    audio_file_long (over an hour).
    """
    import soundfile

    record_anew = f"record it again, for instance: arecord -f S16_LE -r 16000 -c 1 {path.name}"
    if not path.is_file():
        raise AudioError("audio_file_missing", f"{path} is not a file", "check the name")
    if path.stat().st_size == 0:
        raise AudioError("audio_file_empty", f"{path} has 0 bytes", record_anew)
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            if file.frames > _LONGEST_FILE_SECONDS * rate:
                raise AudioError("audio_file_long", f"{path} is longer than an hour", "cut it into pieces")
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise AudioError(
            "audio_file_format",
            f"{path} is no audio file that can be read",
            "give a WAV, FLAC, OGG or MP3 file",
        ) from error
    if len(samples) == 0:
        raise AudioError("audio_file_empty", f"{path} holds no samples", record_anew)
    if not np.isfinite(samples).all():
        raise AudioError("audio_file_nan", f"{path} holds samples that are not numbers", record_anew)
    mono: Float32 = np.clip(samples, -_LOUDEST, _LOUDEST).mean(axis=1, dtype=np.float32)
    return resample(mono, rate)
