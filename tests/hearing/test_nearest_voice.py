"""Somebody else's talk is told by its level: it neither begins nor lengthens an utterance."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.cutting import cut_sentence
from agent.hearing.endpointing import Endpointer, Outcome
from agent.hearing.listener import MARGIN_SAMPLES
from agent.hearing.nearest_voice import BEHIND_MS, NearestVoice, chunk_powers, nearest_voice
from agent.hearing.voice_activity import CHUNK_MS, CHUNK_SAMPLES
from agent.plumbing.settings import Endpoint

NEAR, FAR = 1.0, 10 ** (-15 / 10)


def _chunks(ms: int) -> int:
    return ms // CHUNK_MS


def _run(*stretches: tuple[float, float, int]) -> tuple[Endpointer, int]:
    """Feeds (probability, power, ms) stretches until the utterance is over; the ms after which it was."""
    endpointer, at = Endpointer(Endpoint(), window_ms=5_000), 0
    for probability, power, ms in stretches:
        for _ in range(_chunks(ms)):
            at += CHUNK_MS
            if endpointer.push(probability, power) is Outcome.UTTERANCE:
                return endpointer, at
    return endpointer, -1


def test_talk_that_goes_on_behind_the_nearest_voice_ends_the_utterance_where_that_voice_ended() -> None:
    endpointer, at = _run((0.9, NEAR, 1_600), (0.9, FAR, 8_000))
    assert at == pytest.approx(1_600 + BEHIND_MS, abs=5 * CHUNK_MS)
    assert endpointer.end == pytest.approx(1_600 // CHUNK_MS * CHUNK_SAMPLES, abs=4 * CHUNK_SAMPLES)


def test_talk_before_the_nearest_voice_is_no_part_of_the_utterance() -> None:
    endpointer, at = _run((0.9, FAR, 1_600), (0.9, NEAR, 1_600), (0.0, 0.0, 2_000))
    assert at > 0
    assert endpointer.begin == pytest.approx(1_600 // CHUNK_MS * CHUNK_SAMPLES, abs=4 * CHUNK_SAMPLES)
    assert endpointer.end == 3_200 // CHUNK_MS * CHUNK_SAMPLES


def test_one_voice_may_begin_and_fall_softly_and_pause() -> None:
    soft = NEAR * 10 ** (-20 / 10)
    rises, falls = ((0.9, soft, 160), (0.9, NEAR, 960)), ((0.9, soft, 640), (0.0, 0.0, 640))
    endpointer, at = _run(*rises, *falls, (0.9, soft, 320), (0.0, 0.0, 2_000))
    assert at > 160 + 960 + 640 + 640 + 320
    assert endpointer.begin == 0
    assert endpointer.end == (160 + 960 + 640 + 640 + 320) // CHUNK_MS * CHUNK_SAMPLES


def test_a_talker_as_loud_as_the_customer_is_one_voice_to_it() -> None:
    endpointer, _ = _run((0.9, NEAR, 1_600), (0.9, NEAR / 2, 3_200), (0.0, 0.0, 2_000))
    assert endpointer.begin == 0
    assert endpointer.end == 4_800 // CHUNK_MS * CHUNK_SAMPLES


def test_a_recording_is_cut_to_the_nearest_voice() -> None:
    stretches = [(0.0, 32), (0.05, 40), (0.5, 40), (0.05, 40), (0.0, 32)]
    samples = np.concatenate([np.full(n * CHUNK_SAMPLES, level, np.float32) for level, n in stretches])
    speech = chunk_powers(samples) > 0
    assert nearest_voice(chunk_powers(samples), speech) == (72, 112 + 2)
    cut = cut_sentence(samples, speech)
    assert len(cut) == pytest.approx(40 * CHUNK_SAMPLES + 2 * MARGIN_SAMPLES, abs=4 * CHUNK_SAMPLES)
    alone = cut_sentence(
        np.where(samples == np.float32(0.5), samples, np.float32(0)),
        speech & (samples[::CHUNK_SAMPLES] == 0.5),
    )
    assert len(alone) == 40 * CHUNK_SAMPLES + 2 * MARGIN_SAMPLES


def test_without_speech_there_is_no_voice() -> None:
    assert nearest_voice(np.ones(2), np.zeros(2, bool)) == (-1, -1)
    assert (NearestVoice().first, NearestVoice().last, NearestVoice().over) == (-1, -1, False)
