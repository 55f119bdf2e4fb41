"""The estimate follows the ratio that was mixed, and is not given where it cannot be measured."""

from __future__ import annotations

import numpy as np
import pytest

from agent.bench.mixing import mix
from agent.hearing.snr import LARGEST_SNR_DB, estimate_snr_db
from agent.hearing.voice_activity import CHUNK_SAMPLES

MASK = np.array([False] * 20 + [True] * 40 + [False] * 20)
RNG = np.random.default_rng(5)


def _speech(noise_rms: float) -> np.ndarray:
    samples = RNG.normal(0, noise_rms, len(MASK) * CHUNK_SAMPLES)
    samples += RNG.normal(0, 0.1, len(samples)) * np.repeat(MASK, CHUNK_SAMPLES)
    return samples.astype(np.float32)


@pytest.mark.parametrize("snr_db", [3.0, 10.0, 25.0])
def test_a_known_ratio_is_found(snr_db: float) -> None:
    estimate = estimate_snr_db(_speech(0.1 / 10 ** (snr_db / 20)), MASK)
    assert estimate == pytest.approx(snr_db, abs=1.0)


def test_without_noise_it_is_the_largest() -> None:
    assert estimate_snr_db(_speech(0.0), MASK) == LARGEST_SNR_DB


def test_without_speech_without_room_or_below_the_noise_there_is_no_estimate() -> None:
    samples = _speech(0.01)
    assert estimate_snr_db(samples, np.zeros_like(MASK)) is None
    assert estimate_snr_db(samples, np.ones_like(MASK)) is None
    assert estimate_snr_db(samples, ~MASK) is None
    assert estimate_snr_db(np.zeros(0, np.float32), np.zeros(0, bool)) is None


@pytest.mark.parametrize("snr_db", [0.0, 12.0])
def test_mixing_reaches_the_ratio_of_the_benchmark(snr_db: float) -> None:
    speech, noise = _speech(0.0), RNG.normal(0, 0.3, 200_000).astype(np.float32)
    mixed = mix(speech, noise, snr_db, np.random.default_rng(1))
    again = mix(speech, noise, snr_db, np.random.default_rng(1))
    assert np.array_equal(mixed, again)
    assert float(np.abs(mixed).max()) == pytest.approx(0.5, abs=1e-3)
    start = int(np.random.default_rng(1).integers(0, len(noise) - len(speech)))
    piece = noise[start : start + len(speech)]
    basis = np.stack([speech, piece], axis=1).astype(np.float64)
    (speech_gain, noise_gain), *_ = np.linalg.lstsq(basis, mixed.astype(np.float64), rcond=None)

    def loudest(samples: np.ndarray) -> float:
        frames = samples[: len(samples) // 2_048 * 2_048].reshape(-1, 2_048)
        return float((frames**2).sum(axis=1).max())

    ratio = loudest(speech_gain * speech) / loudest(noise_gain * piece)
    assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=0.1)
