"""`earmark hear` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.cli import main
from tests.hearing.conftest import room, spoken

CATALOGUE = "order_backend/catalogues/corner_shop.json"
ROOT = Path(__file__).resolve().parents[2]


def heard(sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the command prints of a recording of `sentence`."""
    path = folder / "said.wav"
    soundfile.write(path, np.concatenate([room(1.0), spoken("slt", sentence), room(1.0)]), 16_000)
    settings = str(folder / "earmark.toml")
    assert main(["-s", settings, "hear", "--json", "--catalogue", str(ROOT / CATALOGUE), str(path)]) == 0
    shown: dict[str, object] = json.loads(capsys.readouterr().out)
    return shown


def test_every_line_of_an_order_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = heard("order two bags of rice and a box of green tea, no, three boxes", tmp_path, capsys)
    assert shown["lines"] == [
        {"sku": "rice", "quantity": 2, "unit": "bag"},
        {"sku": "green-tea", "quantity": 3, "unit": "box"},
    ]


def test_what_is_no_order_comes_to_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = heard("the weather in the mountains was terrible yesterday", tmp_path, capsys)
    assert (shown["slots"], shown["lines"]) == ({}, [])


def test_a_file_that_is_no_sound_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound")
    arguments = ["hear", "--json", "--catalogue", str(ROOT / CATALOGUE), str(tmp_path / "a.wav")]
    assert main(["-s", str(tmp_path / "earmark.toml"), *arguments]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "audio_file_format"
