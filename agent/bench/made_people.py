"""Synthetic people for benchmarks without recordings: the voices of flite, espeak-ng and hibari."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.hearing import onnx_session  # noqa: F401  (first: it silences the runtime that hibari imports)
from agent.hearing.audio import Float32, read_audio_file, resample
from agent.plumbing.errors import AudioError
from agent.plumbing.sound_server import WITHOUT_SOUND_SERVER

if TYPE_CHECKING:
    from hibari import Hibari

_ESPEAK_WORDS_A_MINUTE = 175


class MadePerson(NamedTuple):
    """A voice of a program."""

    program: str
    voice: str

    def says(self, text: str, speed: float = 1.0) -> Float32:
        """float32 [n] at 16 kHz, `speed` times as fast as the voice's own pace. Raises AudioError:
        benchno_voices, speech_text (beyond the voice)."""
        if self.program == "hibari":
            return self._hibari_says(text, speed)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            if self.program == "flite":
                paced = [] if speed == 1.0 else ["--setf", f"duration_stretch={1 / speed:.3f}"]
                command = ["flite", "-voice", self.voice, *paced, "-t", text, "-o", str(path)]
            else:
                paced = ["-s", str(round(_ESPEAK_WORDS_A_MINUTE * speed))]
                command = ["espeak-ng", "-v", self.voice, *paced, "-w", str(path), "--", text]
            try:
                environment = {**os.environ, **WITHOUT_SOUND_SERVER}
                subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
            except (OSError, subprocess.SubprocessError) as error:
                raise no_voices(f"{self.program} says nothing: {error}") from error
            return read_audio_file(path)

    def _hibari_says(self, text: str, speed: float) -> Float32:
        voice, rate = _hibari()
        try:
            return resample(voice(text, speed=speed, seed=1), rate)
        except Exception as error:  # the library's word rules fail on odd text in ways of their own
            raise AudioError("speech_text", f"cannot be spoken: {type(error).__name__}") from error


PEOPLE = (
    *(MadePerson("flite", voice) for voice in ("slt", "rms", "awb", "kal16")),
    *(MadePerson("espeak-ng", voice) for voice in ("en-us", "en-gb", "en-us+f3", "en-gb+m5")),
)


def people() -> list[MadePerson]:
    """Those whose program is installed. Raises AudioError benchno_voices."""
    found = [person for person in PEOPLE if shutil.which(person.program)]
    if not found:
        raise no_voices("neither flite nor espeak-ng is installed")
    return found


@cache
def _hibari() -> tuple[Hibari, int]:
    from hibari import SAMPLE_RATE, Hibari

    return Hibari(threads=1), int(SAMPLE_RATE)


def no_voices(detail: str) -> AudioError:
    """The error that says so, with what brings some."""
    return AudioError("benchno_voices", detail, "apt-get install flite espeak-ng")
