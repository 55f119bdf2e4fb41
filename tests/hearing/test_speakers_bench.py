"""The error rates against known distributions, the trials that are cut, and the bench on synthetic voices."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from agent import cli
from agent.bench.detection_error import Scored, error_rates, intervals
from agent.bench.speaker_set import ENROLMENT_FILES, read_speaker_set
from agent.bench.speakers import run_speakers_bench
from agent.bench.spoken_windows import ROOM_CHUNKS, speech_windows
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.hearing.voice_activity import CHUNK_SAMPLES
from agent.plumbing.errors import AudioError
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import room, shared_data, spoken


def _rates(genuine: list[float], impostor: list[float]) -> tuple[float, float]:
    kinds = np.array([True] * len(genuine) + [False] * len(impostor))
    rates = error_rates(np.array(genuine + impostor), kinds)
    return rates.eer, rates.frr


def test_two_normal_distributions_have_the_error_rates_of_theory() -> None:
    """Means 0 and 3, deviation 1: equal errors at 1.5, Q(1.5) = 6.68 %; at one false accept in 1,000 the
    threshold is 3.0902 and Q(-0.0902) = 53.6 % are rejected."""
    rng = np.random.default_rng(1)
    genuine, impostor = rng.normal(3.0, 1.0, 200_000), rng.normal(0.0, 1.0, 200_000)
    eer, frr = _rates(genuine.tolist(), impostor.tolist())
    assert eer == pytest.approx(0.0668, abs=0.001)
    assert frr == pytest.approx(0.536, abs=0.01)


def test_voices_that_never_overlap_have_no_errors_and_swapped_ones_nothing_else() -> None:
    assert _rates([0.8, 0.9], [0.1, 0.2]) == (0.0, 0.0)
    assert _rates([0.1, 0.2], [0.8, 0.9]) == (1.0, 1.0)


def test_equal_scores_are_accepted_or_rejected_together() -> None:
    assert _rates([0.5, 0.5], [0.5, 0.5]) == (0.5, 1.0)
    # A quarter of the impostors ties with a genuine trial: the threshold must lie above both.
    assert _rates([0.5, 0.9], [0.5, 0.1, 0.1, 0.1]) == (0.25 / 0.75 * 0.5, 0.5)


@given(
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12),
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12),
)
def test_false_rejects_are_counted_at_the_lowest_threshold_that_is_strict_enough(
    genuine: list[float], impostor: list[float]
) -> None:
    strict = min(t for t in (0.0, 0.25, 0.5, 0.75, 1.0, math.inf) if not any(s >= t for s in impostor))
    eer, frr = _rates(genuine, impostor)
    assert frr == pytest.approx(sum(score < strict for score in genuine) / len(genuine))
    assert 0.0 <= eer <= 1.0


def test_a_weight_counts_like_so_many_trials() -> None:
    scores, genuine = np.array([0.3, 0.6, 0.4, 0.7]), np.array([True, True, False, False])
    weighted = error_rates(scores, genuine, np.array([2.0, 1.0, 3.0, 1.0]))
    repeated = error_rates(np.repeat(scores, [2, 1, 3, 1]), np.repeat(genuine, [2, 1, 3, 1]))
    assert weighted == repeated
    with pytest.raises(ValueError, match="genuine and impostor"):
        error_rates(scores, np.ones(4, bool))


def test_intervals_hold_the_rate_and_widen_when_trials_hang_together() -> None:
    """The same scores, once every trial a recording of its own and once all windows of one recording."""
    rng = np.random.default_rng(2)

    def trials(windows: int) -> list[Scored]:
        drawn = np.repeat(rng.normal(0.0, 0.2, 400 // windows), windows)
        return [
            Scored(f"p{n % 4}", f"p{n % 4}" if n % 2 else "s", f"r{n // windows}", float(n % 2 + x))
            for n, x in enumerate(drawn * 4)
        ]

    loose, tight = intervals(trials(50))[0], intervals(trials(1))[0]
    assert 0.0 <= loose[0] <= loose[1] <= 1.0
    assert loose[1] - loose[0] > tight[1] - tight[0]
    assert intervals(trials(1)) != intervals(trials(1))  # other scores
    same = trials(1)
    assert intervals(same) == intervals(same)


def test_a_window_holds_exactly_the_speech_that_was_asked_for_and_its_pauses() -> None:
    speech = np.array([False] * 30 + [True] * 20 + [False] * 10 + [True] * 25 + [False] * 15)
    samples = np.repeat(np.arange(len(speech), dtype=np.float32), CHUNK_SAMPLES)
    seconds = 30 * CHUNK_SAMPLES / 16_000
    (window,) = speech_windows(samples, speech, seconds)
    inside = window.reshape(-1, CHUNK_SAMPLES)[ROOM_CHUNKS:-ROOM_CHUNKS, 0].astype(int)
    assert inside.tolist() == list(range(30, 70))
    assert int(speech[inside].sum()) == 30
    around = window.reshape(-1, CHUNK_SAMPLES)[:ROOM_CHUNKS, 0].astype(int)
    assert not speech[around].any()
    assert len(speech_windows(samples, speech, seconds / 2)) == 3
    assert speech_windows(samples, speech, 50 * CHUNK_SAMPLES / 16_000) == []
    assert speech_windows(samples[:100], speech[:0], seconds) == []


def test_a_recording_without_a_pause_gets_digital_silence_around_it() -> None:
    samples = np.ones(40 * CHUNK_SAMPLES, np.float32)
    (window,) = speech_windows(samples, np.ones(40, bool), 40 * CHUNK_SAMPLES / 16_000)
    assert not window[: ROOM_CHUNKS * CHUNK_SAMPLES].any()
    assert len(window) == (40 + 2 * ROOM_CHUNKS) * CHUNK_SAMPLES


@pytest.fixture(scope="module")
def synthetic_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two synthetic voices enrolled, a third as stranger."""
    folder = tmp_path_factory.mktemp("speakers")
    orders = [
        "order two bags of dark roast coffee and bring them home",
        "what a long day it was at the market",
    ]
    for voice in ("slt", "rms"):
        (folder / "enrolled" / voice).mkdir(parents=True)
        for number, text in enumerate([*ENROLMENT_PHRASES["en"][:ENROLMENT_FILES], *orders]):
            _write(folder / "enrolled" / voice / f"{number}.wav", voice, text)
    (folder / "others").mkdir()
    for number, text in enumerate(orders):
        _write(folder / "others" / f"awb-{number}.wav", "awb", text)
    noise = np.random.default_rng(3).normal(0.0, 0.1, 80_000)
    soundfile.write(folder / "noise.wav", noise, 16_000)
    return folder


def _write(path: Path, voice: str, text: str) -> None:
    soundfile.write(path, np.concatenate([room(0.8), spoken(voice, text), room(0.8)]), 16_000)


@pytest.mark.slow
def test_synthetic_voices_are_told_apart_clean_and_the_command_says_so(
    synthetic_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "speakers", "--set", str(synthetic_set), "--seconds", "2"]
    noise = ["--noise", str(synthetic_set / "noise.wav"), "--snr", "20"]
    assert cli.main([*command, *noise, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    clean, noisy = result["results"]
    assert (clean["snr_db"], noisy["snr_db"]) == (None, 20.0)
    for row in (clean, noisy):
        assert row["seconds"] == 2.0
        assert row["genuine"] >= 2
        # Every window of the two against the other's template, and the stranger's against both.
        assert row["impostor"] >= row["genuine"] + 2
        for rate in ("eer", "frr_at_far_0.001"):
            low, high = row[f"{rate}_interval"]
            assert 0.0 <= low <= high <= 1.0
        told = row["device"]
        assert told["recognised"] <= told["enrolled_trials"] == row["genuine"]
    assert clean["eer"] == 0.0
    assert clean["device"]["recognised"] == clean["genuine"]
    assert clean["device"]["taken_for_another"] == clean["device"]["strangers_accepted"] == 0
    assert result["embedding_ms"] > 0.0
    assert cli.main(command) == 0
    table = capsys.readouterr().out
    assert "EER" in table
    assert "none" in table


@pytest.mark.slow
def test_order_and_consent_of_synthetic_voices_are_one_voice_or_two(
    synthetic_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "speakers", "--set", str(synthetic_set), "--seconds", "2", "--pooled"]
    assert cli.main([*command, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["same"] >= 2
    assert row["different"] > row["same"]
    assert row["change"]["cosine_same"][1] > row["change"]["cosine_different"][1]
    assert row["consent_pooled"]["false_accepts"] == 0.0
    assert row["pooled"]["eer"] == 0.0
    assert cli.main(command) == 0
    assert "consent_pooled" in capsys.readouterr().out


def test_what_is_no_set_is_an_error_that_says_what_is_missing(tmp_path: Path, synthetic_set: Path) -> None:
    with pytest.raises(AudioError, match="enrolled"):
        read_speaker_set(tmp_path)
    (tmp_path / "enrolled" / "one").mkdir(parents=True)
    with pytest.raises(AudioError, match="0 files"):
        read_speaker_set(tmp_path)
    for arguments in ((None, [10.0], 1.5), (None, [], 30.0)):
        with pytest.raises(AudioError):
            run_speakers_bench(synthetic_set, *arguments, default_models_dir())


@pytest.mark.slow
def test_people_are_told_apart_clean_and_in_kitchen_noise() -> None:
    """The marks, on the development recordings; and what the device answers at its default settings."""
    folder, noise = shared_data("speakers"), shared_data("noise", "kitchen.flac")
    rows = run_speakers_bench(folder, noise, [20.0, 10.0], 2.5, default_models_dir())["results"]
    for row, eer, frr in zip(rows, (0.005, 0.015, 0.03), (0.1, 0.1, 0.25), strict=True):
        assert row["eer"] <= eer
        assert row["frr_at_far_0.001"] <= frr
        answered = row["device"]
        assert answered["recognised"] >= (1.0 - frr) * (answered["enrolled_trials"] - answered["cannot_tell"])
        assert answered["taken_for_another"] == 0
        assert answered["strangers_accepted"] <= 0.005 * answered["stranger_trials"]
