"""Noise mixed in for enrolment, and the room subtracted from the features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from agent.hearing.made_noise import in_noise, made_noise
from agent.hearing.mel import mel_spectrogram
from agent.hearing.snr import estimate_snr_db
from agent.hearing.spectral_subtraction import room_mels, subtract_room
from agent.hearing.voice_activity import CHUNK_SAMPLES


def _tone_in_silence() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Two seconds of a tone between two of digital silence."""
    speech = np.array([False] * 62 + [True] * 62 + [False] * 62)
    tone = 0.1 * np.sin(2 * np.pi * 500 * np.arange(len(speech) * CHUNK_SAMPLES) / 16_000)
    return (tone * np.repeat(speech, CHUNK_SAMPLES)).astype(np.float32), speech


@pytest.mark.parametrize("length", [1, 2, 512, 16_000, 40_001])
def test_made_noise_has_the_length_that_was_asked_for_and_is_never_silent(length: int) -> None:
    for seed in range(20):
        noise = made_noise(length, np.random.default_rng(seed))
        assert noise.shape == (length,)
        assert noise.dtype == np.float32
        assert np.isfinite(noise).all()
        assert noise.any()


def test_no_two_pieces_of_made_noise_are_of_one_kind() -> None:
    """The share of power above 1 kHz tells a hiss from a rumble: the pieces cover both."""
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(40):
        power = np.abs(np.fft.rfft(made_noise(16_000, rng))) ** 2
        shares.append(power[1_000:].sum() / power.sum())
    assert min(shares) < 0.1
    assert max(shares) > 0.7


def test_the_ratio_that_was_asked_for_is_the_ratio_that_is_measured() -> None:
    samples, speech = _tone_in_silence()
    for wanted in (20.0, 8.0):
        measured = [
            estimate_snr_db(in_noise(samples, speech, wanted, np.random.default_rng(seed)), speech)
            for seed in range(20)
        ]
        # Swells and knocks make pieces uneven; the middle of many is what was asked for.
        assert np.median([snr for snr in measured if snr is not None]) == pytest.approx(wanted, abs=2.0)


def test_noise_needs_speech_to_be_set_against() -> None:
    with pytest.raises(ValueError, match="no speech"):
        in_noise(np.zeros(CHUNK_SAMPLES, np.float32), np.zeros(1, bool), 10.0, np.random.default_rng(1))


def test_subtraction_leaves_the_voice_and_takes_the_room() -> None:
    samples, speech = _tone_in_silence()
    noise = np.random.default_rng(4).normal(0.0, 0.01, len(samples)).astype(np.float32)
    room = room_mels(samples + noise, speech)
    assert room is not None
    ratio = room / mel_spectrogram(noise).mean(axis=0)
    assert 0.9 < ratio.min() < ratio.max() < 1.45
    cleaned = subtract_room(mel_spectrogram(samples + noise), room)
    inside = slice(len(cleaned) // 2 - 50, len(cleaned) // 2 + 50)
    band = int(mel_spectrogram(samples)[inside].mean(axis=0).argmax())
    clean = mel_spectrogram(samples)[inside, band].mean()
    assert cleaned[inside, band].mean() == pytest.approx(clean, rel=0.04)
    before = mel_spectrogram(samples + noise)[inside, 30:].mean()
    assert 0.03 * before <= cleaned[inside, 30:].mean() < 0.25 * before


def test_without_enough_room_nothing_is_known_of_it() -> None:
    samples, _ = _tone_in_silence()
    assert room_mels(samples, np.ones(len(samples) // CHUNK_SAMPLES, bool)) is None
    assert room_mels(np.zeros(0, np.float32), np.zeros(0, bool)) is None
