"""`scripts/other_speech.py`: what comes with Debian packages becomes a folder of recordings."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from scripts.other_speech import main, speech_of_the_game


def _game(**entries: bytes) -> bytes:
    at = 15 + 21 * len(entries)
    table, data = b"", b""
    for name, content in entries.items():
        file = name.replace("_", ".").encode()
        table += struct.pack(">12sBII", file, 1, at + len(data), len(content))
        data += content
    return b"QTBLCEM10\0\0\0\1" + struct.pack(">H", len(entries)) + table + data


def test_lines_are_taken_out_of_the_game_and_announcements_out_of_the_exchange(tmp_path: Path) -> None:
    share, out = tmp_path / "share", tmp_path / "out"
    game = share / "scummvm" / "flight-of-the-amazon-queen"
    game.mkdir(parents=True)
    (game / "queen.1c").write_bytes(_game(A1_SB=b"one", PICTURE_PCX=b"no sound", B2_SB=b"three"))
    sounds = share / "asterisk" / "sounds" / "en"
    (sounds / "silence").mkdir(parents=True)
    hello, header_alone = b"RIFF" + bytes(42), b"RIFF" + bytes(40)
    (sounds / "hello.wav").write_bytes(hello)
    (sounds / "is.wav").write_bytes(header_alone)  # Debian's Russian package has one of these
    (sounds / "silence" / "1.wav").write_bytes(hello)
    assert main([str(out), str(share)]) == 0
    found = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert found == {"game/A1.mp3": b"one", "game/B2.mp3": b"three", "telephone/en/hello.wav": hello}


def test_without_the_packages_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "out"), str(tmp_path)]) == 1
    assert "apt-get install" in capsys.readouterr().out


def test_data_of_another_kind_is_refused() -> None:
    for packed in (b"", b"QTBLCEM10\0\0\0\2\0\0", b"RIFF" + bytes(20)):
        with pytest.raises(ValueError, match="not the game's data"):
            list(speech_of_the_game(packed))
