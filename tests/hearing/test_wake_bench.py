"""`earmark bench wake`: clips that wake, clips that do not, and other speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import soundfile

from agent.bench.wake import WakeSet, run_wake_bench
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Wake
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import room, shared_data, spoken


def _bench(wake_set: WakeSet, phrase: str) -> dict[str, Any]:
    return run_wake_bench(wake_set, phrase, Wake(), default_models_dir())


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
    result = _bench(WakeSet(clips, noise, (20.0,), negatives=others), "okay nabu")
    assert result["results"] == [
        {"snr_db": None, "clips": 2, "missed": 1},
        {"snr_db": 20.0, "clips": 2, "missed": 1},
    ]
    assert result["false_alarms"] == 1
    assert 2 / 3_600 < result["negative_hours"] < 10 / 3_600
    assert result["distinct_hours"] == result["negative_hours"]
    (alarm,) = result["alarms"]
    assert alarm["heard"] == "1.wav"
    assert result["made"] == []


def test_variations_make_more_hours_of_the_same_speech(tmp_path: Path) -> None:
    others = _clips(tmp_path / "others", "the weather was terrible")
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, room(5.0) * 100, 16_000)
    clips = _clips(tmp_path / "clips", "okay nabu")
    result = _bench(WakeSet(clips, noise, negatives=others, variations=True), "okay nabu")
    assert 9.5 < result["negative_hours"] / result["distinct_hours"] < 10.5


def test_made_speech_is_counted_by_its_kind_and_apart_from_recordings(tmp_path: Path) -> None:
    clips = _clips(tmp_path / "clips", "okay nabu")
    result = _bench(WakeSet(clips, made_hours=0.02), "okay nabu")
    assert (result["false_alarms"], result["negative_hours"]) == (None, 0.0)
    read, near = result["made"]
    assert (read["kind"], near["kind"]) == ("read", "near phrases")
    assert 0.02 <= read["hours"] + near["hours"] < 0.04
    assert read["passages"] > near["passages"] > 0
    assert read["false_alarms"] == len(read["alarms"]) == 0


def test_an_order_may_follow_without_a_pause(tmp_path: Path) -> None:
    clips, orders = (
        _clips(tmp_path / "clips", "okay nabu"),
        _clips(tmp_path / "orders", "two cans of dog food"),
    )
    assert _bench(WakeSet(clips, followed_by=orders), "okay nabu")["results"][0]["missed"] == 0


def test_without_negatives_nothing_is_said_about_false_alarms(tmp_path: Path) -> None:
    result = _bench(WakeSet(_clips(tmp_path / "clips", "alexa")), "alexa")
    assert (result["false_alarms"], result["negative_hours"]) == (None, 0.0)


def test_what_cannot_be_measured_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    clips = _clips(tmp_path / "clips", "alexa")
    for wake_set, phrase, code in (
        (WakeSet(tmp_path / "empty"), "alexa", "bench_set_invalid"),
        (WakeSet(clips, snrs=(10.0,)), "alexa", "bench_noise"),
        (WakeSet(clips), "hello computer", "bench_phrase"),
    ):
        with pytest.raises(AudioError) as caught:
            _bench(wake_set, phrase)
        assert caught.value.code == code


@pytest.mark.slow
def test_people_who_say_alexa_are_heard_in_a_quiet_kitchen() -> None:
    noise = shared_data("noise", "kitchen.flac")
    clips = shared_data("wake", "alexa")
    clean, noisy = _bench(WakeSet(clips, noise, (10.0,)), "alexa")["results"]
    assert clean["missed"] == 0
    assert noisy["missed"] <= 2
