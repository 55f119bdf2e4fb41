"""The made noises of the orders benchmark: a seed makes the same noise again, and each is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.bench.columns import write_columns
from agent.bench.noise_kinds import KINDS, SECONDS, noise_kind
from agent.cli import main
from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.plumbing.errors import AudioError


@pytest.fixture
def talkers(tmp_path: Path) -> Path:
    """Four 'people': tones with pauses around them."""
    for name, hz in (("a", 200.0), ("b", 900.0), ("c", 500.0), ("d", 300.0)):
        tone = np.sin(2 * np.pi * hz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
        soundfile.write(tmp_path / f"{name}.wav", np.pad(0.1 * tone, SAMPLE_RATE), SAMPLE_RATE)
    return tmp_path


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_makes_the_same_noise_and_another_another(name: str, talkers: Path) -> None:
    one, same, other = (noise_kind(name, seed, talkers) for seed in (1, 1, 4))
    np.testing.assert_array_equal(one.noise, same.noise)
    assert one.noise.dtype == np.float32
    assert np.isfinite(one.noise).all()
    assert len(one.noise) != len(other.noise) or not np.array_equal(one.noise, other.noise)


def _share(noise: Float32, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(noise[: SECONDS * SAMPLE_RATE // 4])) ** 2
    hz = np.fft.rfftfreq(SECONDS * SAMPLE_RATE // 4, 1 / SAMPLE_RATE)
    return float(power[(hz >= low) & (hz < high)].sum() / power.sum())


def _crest(noise: Float32) -> float:
    return float(np.abs(noise).max() / np.sqrt(np.mean(np.square(noise, dtype=np.float64))))


def test_hum_is_low_impulses_stand_out_and_broadband_is_everywhere() -> None:
    hum, impulses, broadband = (noise_kind(name, 1).noise for name in ("hum", "impulses", "broadband"))
    assert _share(hum, 0, 500) > 0.9
    assert _share(broadband, 1_000, 8_000) > 0.2
    assert _crest(impulses) > 2 * _crest(broadband)


def test_a_headset_takes_the_speech_in_its_band_only_and_a_talker_has_no_pauses(talkers: Path) -> None:
    headset = noise_kind("headset", 1, talkers)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    low, middle, high = (np.sin(2 * np.pi * hz * time).astype(np.float32) for hz in (60, 1_000, 7_500))
    power = [float(np.square(headset.microphone(tone)).mean()) for tone in (low, middle, high)]
    assert power[0] < 1e-3 < 0.4 < power[1] and power[2] < 0.1 * power[1]
    talker = noise_kind("talker", 1, talkers)
    assert len(talker.noise) == pytest.approx(4 * SAMPLE_RATE, abs=400)
    assert np.array_equal(talker.microphone(low), low)


def _rows(accepted: int, *snrs: float | None) -> list[dict[str, float | None]]:
    return [{"snr_db": snr, "utterances": 4, "accepted": accepted} for snr in snrs or (12.0, 6.0, None)]


def test_columns_are_data_and_a_picture_and_a_later_run_adds_its_own(tmp_path: Path) -> None:
    columns = tmp_path / "c.json"
    write_columns(columns, {"results": _rows(4), "noise_kinds": {"hum": _rows(2), "music": _rows(1)}})
    first = (tmp_path / "c.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    write_columns(columns, {"results": _rows(0, None), "noise_kinds": {"music": _rows(3, 20.0, 6.0)}})
    music = _rows(3, 20.0) + _rows(1, 12.0) + _rows(3, 6.0) + _rows(1, None)
    assert json.loads(columns.read_text()) == {"hum": _rows(2), "music": music, "file": _rows(4)}
    assert (tmp_path / "c.png").read_bytes() != first


def test_columns_do_not_overwrite_what_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"version": 1}')
    with pytest.raises(AudioError) as caught:
        write_columns(tmp_path / "c.json", {"results": [], "noise_kinds": {"hum": _rows(2)}})
    assert caught.value.code == "bench_columns"
    assert (tmp_path / "c.json").read_text() == '{"version": 1}'


def test_a_file_that_columns_cannot_go_to_is_told_before_any_order_is_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = tmp_path / "c.json"
    columns.write_text('{"version": 1}')
    absent = str(tmp_path / "no such set")
    asked = ["--noise-kind", "hum", "--snr", "6", "--columns", str(columns)]
    assert main(["bench", "orders", "--set", absent, *asked]) != 0
    assert "bench_columns" in capsys.readouterr().err


def test_a_noise_that_there_is_not_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "orders", "--set", str(tmp_path), "--noise-kind", "hum,thunder", "--snr", "6"]) != 0
    assert "thunder" in capsys.readouterr().err
