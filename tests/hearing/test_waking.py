"""The wake word in two stages: the second one decides, and costs little whatever is heard."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, read_audio_file, to_int16
from agent.hearing.moonshine import Float32, Moonshine
from agent.hearing.wake_check import IMPOSSIBLE_NATS, PHRASES, Look, WakeCheck
from agent.hearing.wakeword import REFRACTORY_MS
from agent.hearing.waking import WakeDecision, Waking
from agent.plumbing.settings import Wake
from tests.hearing.conftest import room, shared_data, spoken

ASKED_FOR_ORDERS = "two bags of dark roast coffee"


class Deaf:
    """A second stage that hears nothing, and counts how often it is asked."""

    def __init__(self) -> None:
        self.looks = 0

    def look(self, heard: Float32, after: int, score: float) -> Look:
        self.looks += 1
        assert after <= len(heard) <= 2 * SAMPLE_RATE
        assert 0.0 < score <= 1.0
        return Look(False, IMPOSSIBLE_NATS)


@pytest.fixture(scope="module")
def checks(moonshine: Moonshine) -> dict[str, WakeCheck]:
    return {phrase: WakeCheck(moonshine, phrase) for phrase in PHRASES}


def decisions(wake: Waking, *sounds: NDArray[np.float32]) -> list[WakeDecision]:
    pcm = to_int16(np.concatenate([room(1.0), *sounds, room(1.0)]))
    frames = (pcm[at : at + FRAME_SAMPLES] for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES))
    return [decision for frame in frames if (decision := wake.push(frame)) is not None]


@pytest.mark.parametrize(
    ("phrase", "voice"),
    [("alexa", "rms"), ("hey_jarvis", "hibari"), ("hey_mycroft", "hibari"), ("okay_nabu", "slt")],
)
def test_each_phrase_wakes_alone_and_with_an_order_in_the_same_breath(
    phrase: str, voice: str, checks: dict[str, WakeCheck]
) -> None:
    wake = Waking(msgspec.structs.replace(Wake(), phrase=phrase), checks[phrase])
    words = phrase.replace("_", " ")
    for sentence in (words, f"{words} {ASKED_FOR_ORDERS}"):
        wake.reset()
        assert decisions(wake, spoken(voice, sentence))[0].stage == "second", sentence


def test_where_the_recogniser_hears_no_phrase_nothing_wakes() -> None:
    deaf = Deaf()
    wake = Waking(Wake(), deaf)  # type: ignore[arg-type]
    heard = decisions(wake, spoken("rms", "okay nabu"))
    assert heard
    assert not any(decision.woke for decision in heard)
    assert heard[0].score > Wake().threshold, "the first stage alone would have woken"
    assert wake.near_misses == deaf.looks == len(heard)


def test_a_phrase_in_a_loop_costs_one_look_a_second_at_most() -> None:
    deaf = Deaf()
    wake = Waking(Wake(), deaf)  # type: ignore[arg-type]
    loop = np.tile(spoken("rms", "okay nabu"), 12)
    decisions(wake, loop)
    assert 3 <= deaf.looks <= len(loop) / SAMPLE_RATE * 1_000 / REFRACTORY_MS + 1


def test_without_a_second_stage_the_first_decides_at_its_own_threshold() -> None:
    wake = Waking(Wake(), None)
    [decision] = decisions(wake, spoken("rms", "okay nabu"))
    assert decision.woke
    assert decision.stage == "first"
    assert decision.score > Wake().threshold


def test_resetting_forgets_a_hit_that_waits_for_its_look(checks: dict[str, WakeCheck]) -> None:
    wake = Waking(Wake(), checks["okay_nabu"])
    phrase = to_int16(np.concatenate([room(1.0), spoken("rms", "okay nabu")]))
    frames = [phrase[at : at + FRAME_SAMPLES] for at in range(0, len(phrase), FRAME_SAMPLES)]
    while wake.peak <= Wake().first_threshold:
        assert wake.push(frames.pop(0)) is None, "the look comes later than the hit"
    wake.reset()
    assert decisions(wake, room(1.0)) == []


def test_a_sure_first_stage_needs_less_of_the_second() -> None:
    phrase = PHRASES["alexa"]
    between = (phrase.nats + phrase.nats_when_sure) / 2
    assert phrase.heard(between, phrase.sure)
    assert not phrase.heard(between, phrase.sure - 0.01)
    assert not phrase.heard(IMPOSSIBLE_NATS, 1.0)


@pytest.mark.slow
def test_people_reading_aloud_do_not_wake_it(checks: dict[str, WakeCheck]) -> None:
    wake = Waking(msgspec.structs.replace(Wake(), phrase="alexa"), checks["alexa"])
    files = sorted(shared_data("speakers", "others").iterdir())
    heard = [decision for file in files for decision in decisions(wake, read_audio_file(file))]
    assert heard, "the first stage alone is not that quiet"
    assert not any(decision.woke for decision in heard)
