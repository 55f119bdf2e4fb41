"""Speaks the four wake phrases with synthetic voices, for `earmark bench wake --set DIR/PHRASE`.

python scripts/wake_phrases.py DIR

Each phrase 121 times: flite's slt, rms, awb and kal16, and hibari, at three speeds; hibari also as a smaller
and a larger person; espeak-ng's seven English accents in 14 variants each, and three of the accents slower
and faster.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from agent.bench.made_people import MadePerson  # noqa: E402
from agent.bench.made_speech import ACCENTS, VARIANTS  # noqa: E402
from agent.hearing.audio import SAMPLE_RATE, Float32, resample  # noqa: E402

PHRASES = ("okay nabu", "hey jarvis", "alexa", "hey mycroft")
_SPEEDS = (0.85, 1.0, 1.2)
_SIZES = (0.88, 1.14)  # of the vocal tract
_PEAK = 0.5


class _Voice(NamedTuple):
    person: MadePerson
    speed: float = 1.0
    size: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.person.program}-{self.person.voice}-{self.speed:g}-{self.size:g}"

    def says(self, text: str) -> Float32:
        sound = resample(self.person.says(text, self.speed), round(SAMPLE_RATE * self.size))
        levelled: Float32 = sound * np.float32(_PEAK / np.abs(sound).max())
        return levelled


def voices() -> Iterator[_Voice]:
    """All of them."""
    natural = [MadePerson("flite", name) for name in ("slt", "rms", "awb", "kal16")]
    heart = MadePerson("hibari", "heart")
    for speed in _SPEEDS:
        yield from (_Voice(person, speed) for person in (*natural, heart))
    yield from (_Voice(heart, size=size) for size in _SIZES)
    for accent in ACCENTS:
        yield from (_Voice(MadePerson("espeak-ng", accent + variant)) for variant in VARIANTS)
    for speed in (_SPEEDS[0], _SPEEDS[-1]):
        yield from (_Voice(MadePerson("espeak-ng", accent), speed) for accent in ACCENTS[:3])


def main(arguments: list[str]) -> int:
    """0 when every phrase was spoken by every voice."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    spoken = list(voices())
    for phrase in PHRASES:
        folder = Path(arguments[0]) / phrase.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        for voice in spoken:
            soundfile.write(folder / f"{voice.name}.wav", voice.says(phrase), SAMPLE_RATE)
        print(f"{len(spoken)} recordings in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
