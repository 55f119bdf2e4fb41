"""A microphone that is not well is told of once, and again only after it was well."""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES
from agent.hearing.ear_health import ALL_ZERO, NO_FRAMES, PATIENCE_MS, EarHealth

ZEROS = np.zeros(FRAME_SAMPLES, np.int16)
SOUND = np.ones(FRAME_SAMPLES, np.int16)
FRAMES = 2 * PATIENCE_MS // FRAME_MS


def test_missing_frames_are_told_of_once_an_episode() -> None:
    health = EarHealth()
    assert [code for _ in range(FRAMES) if (code := health.push(None))] == [NO_FRAMES]
    assert health.push(SOUND) == ""
    assert [code for _ in range(FRAMES) if (code := health.push(None))] == [NO_FRAMES]


def test_zeros_are_told_of_once_an_episode() -> None:
    health = EarHealth()
    assert [code for _ in range(FRAMES) if (code := health.push(ZEROS))] == [ALL_ZERO]
    assert health.push(SOUND) == ""
    assert [code for _ in range(FRAMES) if (code := health.push(ZEROS))] == [ALL_ZERO]


def test_sound_with_short_gaps_is_well() -> None:
    health = EarHealth()
    assert not any(health.push(frame) for _ in range(FRAMES) for frame in (None, ZEROS, SOUND))
