"""Recordings of people that come with Debian packages, unpacked for `earmark bench wake --negatives OUT` and
`earmark bench orders --rejects OUT`. Nothing of them is part of this repository.

    apt-get install flight-of-the-amazon-queen asterisk-core-sounds-{en,es,fr,it,ru}-wav
    python scripts/other_speech.py OUT [SHARE]

The first is a computer game with some 30 actors (English, 4.6 h, 11 kHz), the others are announcements for
telephones by four speakers in five languages (8 kHz). SHARE is the folder with the packages' data:
/usr/share, unless they were unpacked elsewhere.
"""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_GAME = Path("scummvm/flight-of-the-amazon-queen/queen.1c")
_SOUNDS = Path("asterisk/sounds")
_WAV_HEADER_BYTES = 44
_MAGIC, _MP3 = b"QTBL", b"\1"
_ENTRY = struct.Struct(">12sBII")  # name, disc, offset, size


class _Entry(NamedTuple):
    name: str
    data: bytes


def speech_of_the_game(packed: bytes) -> Iterator[_Entry]:
    """Name and MP3 of each line that is spoken in `queen.1c`, as ScummVM's tools compress it: magic, version
    (nine bytes with the compression at their end), table. Raises ValueError for any other file."""
    if packed[:4] != _MAGIC or packed[12:13] != _MP3:
        raise ValueError("not the game's data with speech in MP3")
    (entries,) = struct.unpack_from(">H", packed, 13)
    for number in range(entries):
        name, _, offset, size = _ENTRY.unpack_from(packed, 15 + number * _ENTRY.size)
        text = name.rstrip(b"\0").decode("ascii")
        if text.endswith(".SB"):
            yield _Entry(text.removesuffix(".SB"), packed[offset : offset + size])


def main(arguments: list[str]) -> int:
    """0 when something was unpacked."""
    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    out, share = Path(arguments[0]), Path(arguments[1] if len(arguments) == 2 else "/usr/share")
    many = 0
    if (share / _GAME).is_file():
        folder = out / "game"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lines = list(speech_of_the_game((share / _GAME).read_bytes()))
        except ValueError as error:
            print(f"{share / _GAME}: {error}")
            return 1
        for entry in lines:
            (folder / f"{entry.name}.mp3").write_bytes(entry.data)
        many += len(lines)
    for path in sorted((share / _SOUNDS).rglob("*.wav")):
        if "silence" not in path.parts and path.stat().st_size > _WAV_HEADER_BYTES:  # one has no sound
            copy = out / "telephone" / path.relative_to(share / _SOUNDS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            many += 1
    print(f"{many} recordings in {out}" if many else f"none of the packages is in {share}\n{__doc__}")
    return 0 if many else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
