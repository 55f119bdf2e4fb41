"""What the level meter shows, and that the tone is found in what a microphone heard."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.levels import SILENCE_DBFS, find_probe, level_of, probe
from tests.hearing.conftest import spoken


def test_a_sine_at_full_scale_is_three_decibels_below_a_square() -> None:
    sine = (32_767 * np.sin(2 * np.pi * 1_000 * np.arange(16_000) / 16_000)).astype(np.int16)
    level = level_of(sine)
    assert level.rms_dbfs == pytest.approx(-3.01, abs=0.02)
    assert level.peak_dbfs == pytest.approx(0.0, abs=0.01)
    assert level.clipped_share > 0.05
    assert level_of(sine // 2).clipped_share == 0
    assert level_of(np.zeros(100, np.int16)).rms_dbfs == SILENCE_DBFS


@pytest.mark.parametrize("cut", [0, 1_500])
def test_the_tone_is_found_in_a_noisy_room(cut: int) -> None:
    room = np.random.default_rng(1).normal(0, 1_500, 40_000)
    echo = probe()[cut:] * 0.3
    room[8_000 : 8_000 + len(echo)] += echo
    found = find_probe(room.astype(np.int16))
    assert found.similarity > 0.4
    assert found.at_ms == pytest.approx(500 - cut / 16, abs=2)


def test_noise_speech_and_silence_are_no_tone() -> None:
    noise = np.random.default_rng(2).normal(0, 3_000, 40_000).astype(np.int16)
    speech = (spoken("slt", "order two bags of dark roast coffee") * 32_767).astype(np.int16)
    for sound in (noise, speech, np.zeros(40_000, np.int16), np.zeros(0, np.int16)):
        assert find_probe(sound).similarity < 0.25
