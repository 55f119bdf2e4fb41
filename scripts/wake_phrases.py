"""Speaks the four wake phrases with synthetic voices, for `earmark bench wake --set DIR/PHRASE`.

python scripts/wake_phrases.py DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.story.customers import SAMPLE_RATE_HZ, Customer  # noqa: E402

VOICES = (
    *(Customer(name, "flite", name) for name in ("slt", "rms", "awb", "kal16")),
    *(Customer(name, "espeak-ng", name) for name in ("en-us", "en-gb", "en-gb-scotland", "en-us+f3")),
    Customer("heart", "hibari", "heart"),
)
PHRASES = ("okay nabu", "hey jarvis", "alexa", "hey mycroft")


def main(arguments: list[str]) -> int:
    """0 when every phrase was spoken by every voice."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    for phrase in PHRASES:
        folder = Path(arguments[0]) / phrase.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        for voice in VOICES:
            soundfile.write(folder / f"{voice.name}.wav", voice.says(phrase), SAMPLE_RATE_HZ)
        print(f"{len(VOICES)} recordings in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
