"""`earmark bench room`: the device in a room in which noise goes on, and what it says there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.bench.room import run_room_bench
from agent.cli import main
from agent.hearing.audio import SAMPLE_RATE
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.spoken_order_set import write_order_set


def _set(folder: Path) -> Path:
    """An order, one whose label is wrong, and a sentence that orders nothing."""
    return write_order_set(
        folder,
        ("give me a large latte", {"coffeeDrink": "latte", "size": "large"}),
        ("give me a small mocha", {"coffeeDrink": "latte"}),
        ("the weather was terrible yesterday", {"coffeeDrink": "mocha"}),
    )


def test_orders_are_right_or_wrong_and_for_the_rest_it_is_counted_what_was_said(tmp_path: Path) -> None:
    noise = tmp_path / "noise.wav"
    crowd = np.random.default_rng(1).normal(0, 0.1, 5 * SAMPLE_RATE).astype(np.float32)
    soundfile.write(noise, crowd, SAMPLE_RATE)
    result = run_room_bench(_set(tmp_path / "set"), noise, [-20.0], default_models_dir())
    (quiet,), (drowned,) = result["quiet"], result["file"]
    counts = {"right": 1, "wrong": 1, "nothing_heard": 0, "said": {"not_understood": 1}, "late": 0}
    assert quiet == {"snr_db": None, "utterances": 3, **counts}
    assert (drowned["snr_db"], drowned["right"], drowned["wrong"]) == (-20.0, 0, 0)
    assert drowned["nothing_heard"] + sum(drowned["said"].values()) == 3


def test_only_every_nth_order_may_be_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _set(tmp_path / "set")
    assert main(["bench", "room", "--set", str(folder), "--every", "3", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["quiet"]
    assert (row["utterances"], row["right"]) == (1, 1)


def test_a_kind_of_noise_that_there_is_not_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(_set(tmp_path / "set"))
    assert main(["bench", "room", "--set", folder, "--noise-kind", "hum", "--every", "2"]) != 0
    assert "--snr" in capsys.readouterr().err
    assert main(["bench", "room", "--set", folder, "--noise-kind", "thunder", "--snr", "6"]) != 0
    assert "thunder" in capsys.readouterr().err
