"""`earmark bench latency`: what its rows hold and how they are reckoned. No figure here depends on speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.bench.latency import PAUSES_MS, _Heard, _row, run_latency_bench
from agent.bench.pauses import with_pause
from agent.hearing.audio import SAMPLE_RATE
from agent.plumbing.errors import AudioError
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import room
from tests.hearing.spoken_order_set import write_order_set

pytestmark = pytest.mark.timeout(600)  # for a hang, on a busy machine


def _heard(*, wait: float, after: float, recognition: float, wasted: float = 0.0) -> _Heard:
    return _Heard(wait, after, recognition, wasted, np.zeros(0, np.float32), 0)


def test_a_row_divides_each_time_by_its_own_reference() -> None:
    fast = _heard(wait=500, after=10, recognition=100, wasted=50)
    slow = _heard(wait=700, after=200, recognition=150)
    row = _row([(fast, 100.0), (slow, 50.0)])
    assert row["utterances"] == 2
    assert row["wait_ms"] == {"p50": 600.0, "p95": 690.0}
    assert row["ratio"] == {"p50": 2.05, "p95": pytest.approx(0.1 + 0.95 * 3.9, abs=0.01)}
    assert row["recognition_ratio"] == {"p50": 2.0, "p95": pytest.approx(2.9, abs=0.01)}
    assert row["reference_ms"]["p50"] == 75.0
    assert row["wasted_share"] == round(50 / 300, 3)


def test_a_pause_is_room_in_the_middle_of_the_speech() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 300 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    rng = np.random.default_rng(1)
    samples = (np.pad(tone, SAMPLE_RATE // 2) + rng.normal(0, 1e-4, 2 * SAMPLE_RATE)).astype(np.float32)
    longer, goes_on = with_pause(samples, 500, rng)
    assert len(longer) == len(samples) + SAMPLE_RATE // 2
    assert 0.75 * SAMPLE_RATE + SAMPLE_RATE // 2 <= goes_on <= 1.25 * SAMPLE_RATE + SAMPLE_RATE // 2
    np.testing.assert_array_equal(longer[goes_on:], samples[goes_on - SAMPLE_RATE // 2 :])
    assert np.abs(longer[goes_on - SAMPLE_RATE // 2 : goes_on]).max() < 0.01


def _set(folder: Path) -> Path:
    order = ("give me a large latte with soy milk", {"coffeeDrink": "latte", "size": "large"})
    return write_order_set(folder, order)


def test_a_set_of_one_order_is_measured_clean_and_in_noise(tmp_path: Path) -> None:
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, room(5.0) * 100, SAMPLE_RATE)
    result = run_latency_bench(_set(tmp_path), noise, [20.0], default_models_dir())
    clean, noisy = result["results"]
    assert (clean["snr_db"], noisy["snr_db"]) == (None, 20.0)
    for row in (clean, noisy):
        assert row["utterances"] == 1
        assert 300 < row["wait_ms"]["p50"] < 1_500  # audio time: the same on any machine
        assert row["recognition_ms"]["p50"] > 0 < row["reference_ms"]["p50"]
        assert 0.0 <= row["wasted_share"] < 1.0
    assert [pause["pause_ms"] for pause in result["pauses"]] == list(PAUSES_MS)
    for pause in result["pauses"]:
        assert pause["utterances"] == 1
        assert 0 <= pause["cut_off"] <= 1
    assert result["pauses"][-1]["cut_off_fixed"] == 1  # 1.2 s are longer than any fixed silence
    assert result["reference"]


def test_a_recording_without_speech_and_a_ratio_without_noise_are_errors(tmp_path: Path) -> None:
    folder = _set(tmp_path)
    with pytest.raises(AudioError) as caught:
        run_latency_bench(folder, None, [12.0], default_models_dir())
    assert caught.value.code == "bench_noise"
    soundfile.write(folder / "1.wav", room(2.0), SAMPLE_RATE)
    with pytest.raises(AudioError) as caught:
        run_latency_bench(folder, None, [], default_models_dir())
    assert caught.value.code == "bench_set_invalid"
