"""`earmark bench latency`: what its rows hold and how they are reckoned. No figure here depends on speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.bench import latency
from agent.bench.cut_off import PAUSES_MS, TurnEar
from agent.bench.latency import _Heard, _row, run_latency_bench
from agent.bench.made_people import people
from agent.bench.made_room import sounding
from agent.bench.pauses import beside, said_apart, with_pause
from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.recogniser import Recogniser
from agent.plumbing.errors import AudioError
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import room, spoken
from tests.hearing.spoken_order_set import write_order_set


def _heard(*, wait: float, after: float, recognition: float, wasted: float = 0.0) -> _Heard:
    return _Heard(wait, after, recognition, wasted, np.zeros(0, np.float32))


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


_WORDS = {300: "milk", 600: "and", 900: "sugar"}


def _in_tones(samples: Float32) -> str:
    """An open decode of words that are tones."""
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    bursts = np.split(loud, np.flatnonzero(np.diff(loud) > 400) + 1)
    heard = []
    for burst in bursts:
        if len(burst) > 800:
            spectrum = np.abs(np.fft.rfft(samples[burst[0] : burst[-1]], SAMPLE_RATE))
            heard.append(_WORDS[min(_WORDS, key=lambda hertz: abs(hertz - int(spectrum.argmax())))])
    return " ".join(heard)


def test_the_places_beside_a_word_are_found_by_what_is_heard_on_both_sides() -> None:
    times = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    gap = np.zeros(SAMPLE_RATE // 10)
    tones = [part for hertz in _WORDS for part in (0.3 * np.sin(2 * np.pi * hertz * times), gap)]
    noise = np.random.default_rng(1).normal(0, 1e-3, SAMPLE_RATE * 2)
    samples = np.concatenate([np.zeros(SAMPLE_RATE // 2), *tones, np.zeros(SAMPLE_RATE * 2)])[: len(noise)]
    samples = (samples + noise).astype(np.float32)
    assert _in_tones(samples) == "milk and sugar"
    places = beside("and", samples, _in_tones)
    assert 0.75 <= places["before"] / SAMPLE_RATE <= 0.85
    assert 1.1 <= places["after"] / SAMPLE_RATE <= 1.2
    assert beside("never", samples, _in_tones) == {}


@pytest.mark.parametrize(("pause_ms", "cut"), [(850, False), (2_500, True)])
def test_who_goes_on_before_the_answer_is_not_cut_off(
    recogniser: Recogniser, pause_ms: int, cut: bool
) -> None:
    parts = [sounding(spoken("slt", text)) for text in ("order olive oil", "and a box of green tea")]
    order = said_apart(parts, pause_ms, np.random.default_rng(1))
    assert len(order.samples) == sum(map(len, parts)) + pause_ms * SAMPLE_RATE // 1_000
    sound = np.concatenate([room(0.5), order.samples, room(3.0)])
    goes_on = order.goes_on + SAMPLE_RATE // 2
    ear = TurnEar(recogniser)
    turn = ear.turn(sound)
    assert turn.first < goes_on
    assert (turn.whole < goes_on) == cut
    assert ear.fixed(sound) < goes_on


def _set(folder: Path) -> Path:
    order = ("give me a large latte with soy milk", {"coffeeDrink": "latte", "size": "large"})
    return write_order_set(folder, order)


@pytest.mark.slow
def test_a_set_of_one_order_is_measured_clean_and_in_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = people()[::4]  # each is heard with a pause of each length in each place
    monkeypatch.setattr(latency, "people", lambda: two)
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
    inside = [pause for pause in result["pauses"] if pause["place"] == "anywhere"]
    assert [pause["pause_ms"] for pause in inside] == list(PAUSES_MS)
    for pause in result["pauses"]:
        assert pause["utterances"] == (1 if pause["place"] == "anywhere" else len(two))
        assert 0 <= pause["cut_off"] + pause["went_on"] <= pause["utterances"]
    assert {pause["place"] for pause in result["pauses"]} == {"anywhere", "before no", "after no"}
    longest = [pause for pause in result["pauses"] if pause["pause_ms"] == max(PAUSES_MS)]
    assert all(pause["cut_off_fixed"] == pause["utterances"] for pause in longest)
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
