"""The first stage of the wake word: the phrase is heard from every voice; another assistant's is not."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.audio import FRAME_SAMPLES, read_audio_file, to_int16
from agent.hearing.wakeword import REFRACTORY_MS, FirstHit, WakeWord
from agent.plumbing.settings import Wake
from tests.hearing.conftest import room, shared_data, spoken


def hits(wake: WakeWord, samples: np.ndarray) -> list[tuple[int, FirstHit]]:
    """Hits with the sample at which they came."""
    pcm = to_int16(np.concatenate([room(1.0), samples, room(1.0)]))
    found = []
    for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        if hit := wake.push(pcm[start : start + FRAME_SAMPLES]):
            found.append((start + FRAME_SAMPLES - hit.samples_ago - 16_000, hit))
    return found


@pytest.fixture(scope="module")
def wake() -> WakeWord:
    return WakeWord(Wake().phrase, Wake().threshold)


@pytest.fixture(autouse=True)
def _forget(wake: WakeWord) -> None:
    wake.reset()


@pytest.mark.parametrize("voice", ["slt", "rms", "awb", "espeak"])
def test_the_wake_phrase_is_heard_near_its_end(wake: WakeWord, voice: str) -> None:
    found = hits(wake, spoken(voice, "okay nabu"))
    assert len(found) == 1
    assert 600 <= found[0][0] / 16 <= 1_600
    assert found[0][1].score > Wake().threshold


@pytest.mark.parametrize("voice", ["slt", "rms", "awb"])
@pytest.mark.parametrize(
    "phrase", ["hey jarvis, order two bags of coffee", "alexa, order coffee", "hey siri, what time is it"]
)
def test_another_assistants_phrase_is_not(wake: WakeWord, voice: str, phrase: str) -> None:
    assert hits(wake, spoken(voice, phrase)) == []
    assert wake.peak < Wake().threshold


def test_resetting_forgets_what_was_heard(wake: WakeWord) -> None:
    phrase = spoken("rms", "okay nabu")
    assert len(hits(wake, phrase)) == 1
    wake.reset()
    assert hits(wake, room(1.0)) == []
    wake.reset()
    assert len(hits(wake, phrase)) == 1


def test_one_phrase_is_one_hit(wake: WakeWord) -> None:
    phrase = spoken("rms", "okay nabu")
    found = hits(wake, np.concatenate([phrase, room(2.0), phrase]))
    assert len(found) == 2
    assert found[1][0] - found[0][0] > REFRACTORY_MS * 16


def test_people_reading_aloud_do_not_wake_it(wake: WakeWord) -> None:
    for file in sorted(shared_data("speakers", "others").iterdir())[:20]:
        assert hits(wake, read_audio_file(file)) == []
        wake.reset()


def test_people_who_say_alexa_wake_that_model() -> None:
    wake = WakeWord("alexa", 0.7)
    files = sorted(shared_data("wake", "alexa").iterdir())
    heard = 0
    for file in files:
        heard += bool(hits(wake, read_audio_file(file)))
        wake.reset()
    assert heard >= 0.95 * len(files)
