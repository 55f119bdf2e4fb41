"""Synthetic people for benchmarks without recordings: flite's and espeak-ng's voices."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from agent.hearing.audio import Float32, read_audio_file
from agent.plumbing.errors import AudioError
from agent.plumbing.sound_server import WITHOUT_SOUND_SERVER


class MadePerson(NamedTuple):
    """A voice of a program."""

    program: str
    voice: str

    def says(self, text: str) -> Float32:
        """float32 [n] at 16 kHz. Raises AudioError bench_no_voices."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            if self.program == "flite":
                command = ["flite", "-voice", self.voice, "-t", text, "-o", str(path)]
            else:
                command = ["espeak-ng", "-v", self.voice, "-w", str(path), text]
            try:
                environment = {**os.environ, **WITHOUT_SOUND_SERVER}
                subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
            except (OSError, subprocess.SubprocessError) as error:
                raise _no_voices(f"{self.program} says nothing: {error}") from error
            return read_audio_file(path)


PEOPLE = (
    *(MadePerson("flite", voice) for voice in ("slt", "rms", "awb", "kal16")),
    *(MadePerson("espeak-ng", voice) for voice in ("en-us", "en-gb", "en-us+f3", "en-gb+m5")),
)


def people() -> list[MadePerson]:
    """Those whose program is installed. Raises AudioError bench_no_voices."""
    found = [person for person in PEOPLE if shutil.which(person.program)]
    if not found:
        raise _no_voices("neither flite nor espeak-ng is installed")
    return found


def _no_voices(detail: str) -> AudioError:
    return AudioError("bench_no_voices", detail, "apt-get install flite espeak-ng")
