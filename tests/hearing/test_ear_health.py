"""A microphone that is not well is told of once, opened again now and then, and told of when it is well."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, Int16
from agent.hearing.ear_health import (
    ALL_ZERO,
    CLIPPED,
    NO_FRAMES,
    PATIENCE_MS,
    REOPEN_MS,
    TOO_QUIET,
    EarHealth,
    EarNews,
    Turn,
)
from agent.till.ear import TROUBLES

_RANDOM = np.random.default_rng(3)
SOUND = _RANDOM.normal(0, 6, FRAME_SAMPLES).round().astype(np.int16)  # a quiet room, -75 dBFS
LOUD = np.clip(_RANDOM.normal(0, 12_000, FRAME_SAMPLES), -32_768, 32_767).astype(np.int16)
SIGNS: dict[str, Int16 | None] = {
    NO_FRAMES: None,
    ALL_ZERO: np.zeros(FRAME_SAMPLES, np.int16),
    TOO_QUIET: _RANDOM.integers(-2, 3, FRAME_SAMPLES).astype(np.int16),
    CLIPPED: np.clip(_RANDOM.normal(0, 40_000, FRAME_SAMPLES), -32_768, 32_767).astype(np.int16),
}


def news(health: EarHealth, frame: Int16 | None, ms: int) -> list[EarNews]:
    """What is told while such frames come for `ms`."""
    return [told for _ in range(ms // FRAME_MS) if (told := health.push(frame))]


@pytest.mark.parametrize("code", SIGNS)
def test_every_trouble_is_told_once_and_its_end_once(code: str) -> None:
    health = EarHealth()
    for _ in range(2):
        assert news(health, SIGNS[code], PATIENCE_MS[code] - FRAME_MS) == []
        assert news(health, SIGNS[code], REOPEN_MS // 2) == [EarNews(Turn.BEGUN, code)]
        assert news(health, SOUND, 10_000) == [EarNews(Turn.OVER, code)]


@pytest.mark.parametrize("code", SIGNS)
def test_while_it_lasts_the_stream_is_opened_again_ever_more_rarely(code: str) -> None:
    health = EarHealth()
    news(health, SIGNS[code], PATIENCE_MS[code] + FRAME_MS)
    told = [(at, each) for at in range(7 * REOPEN_MS // FRAME_MS) if (each := health.push(SIGNS[code]))]
    assert {each for _, each in told} == {EarNews(Turn.LASTS, code)}
    assert [round(at * FRAME_MS / REOPEN_MS) for at, _ in told] == [1, 3, 7][: len(told)]
    assert len(told) >= 2


def test_sound_with_short_gaps_is_well() -> None:
    health = EarHealth()
    frames = (*SIGNS.values(), SOUND)
    assert not any(health.push(frame) for _ in range(200) for frame in frames)


def test_a_quiet_room_and_a_loud_voice_are_well() -> None:
    health = EarHealth()
    assert news(health, SOUND, 60_000) == []
    for _ in range(20):  # words with pauses between them
        assert news(health, LOUD, 800) == []
        assert news(health, SOUND, 800) == []


def test_one_trouble_may_follow_another() -> None:
    health = EarHealth()
    assert news(health, SIGNS[ALL_ZERO], 5_000) == [EarNews(Turn.BEGUN, ALL_ZERO)]
    assert news(health, None, 5_000) == [EarNews(Turn.OVER, ALL_ZERO), EarNews(Turn.BEGUN, NO_FRAMES)]


def test_the_till_has_words_for_every_trouble() -> None:
    assert TROUBLES.keys() == PATIENCE_MS.keys()
