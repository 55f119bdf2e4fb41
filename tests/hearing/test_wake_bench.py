"""`earmark bench wake`: clips that wake, clips that do not, and other speech."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from agent.bench.wake import run_wake_bench
from agent.plumbing.errors import AudioError, ModelError
from agent.plumbing.settings import Wake
from tests.hearing.conftest import room, shared_data, spoken

THRESHOLD = Wake().threshold


def _clips(folder: Path, *sentences: str) -> Path:
    folder.mkdir()
    for number, sentence in enumerate(sentences):
        soundfile.write(folder / f"{number}.wav", spoken("slt", sentence), 16_000)
    return folder


def test_misses_and_false_alarms_are_counted(tmp_path: Path) -> None:
    clips = _clips(tmp_path / "clips", "okay nabu", "good morning")
    others = _clips(tmp_path / "others", "the weather was terrible", "okay nabu", "hey jarvis")
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, room(5.0) * 100, 16_000)
    result = run_wake_bench(clips, "okay nabu", noise, [20.0], others, THRESHOLD)
    assert result["results"] == [
        {"snr_db": None, "clips": 2, "missed": 1},
        {"snr_db": 20.0, "clips": 2, "missed": 1},
    ]
    assert result["false_alarms"] == 1
    assert 2 / 3_600 < result["negative_hours"] < 10 / 3_600


def test_without_negatives_nothing_is_said_about_false_alarms(tmp_path: Path) -> None:
    result = run_wake_bench(_clips(tmp_path / "clips", "alexa"), "alexa", None, [], None, THRESHOLD)
    assert (result["false_alarms"], result["negative_hours"]) == (None, 0.0)


def test_what_cannot_be_measured_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="no audio"):
        run_wake_bench(tmp_path / "empty", "alexa", None, [], None, THRESHOLD)
    with pytest.raises(AudioError, match="without noise"):
        run_wake_bench(_clips(tmp_path / "clips", "alexa"), "alexa", None, [10.0], None, THRESHOLD)
    with pytest.raises(ModelError):
        run_wake_bench(tmp_path / "clips", "hello computer", None, [], None, THRESHOLD)


def test_people_who_say_alexa_are_heard_in_a_quiet_kitchen() -> None:
    noise = shared_data("noise", "kitchen.flac")
    clean, noisy = run_wake_bench(shared_data("wake", "alexa"), "alexa", noise, [20.0], None, THRESHOLD)[
        "results"
    ]
    assert clean["missed"] <= 1
    assert noisy["missed"] <= 2
