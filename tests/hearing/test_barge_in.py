"""While it speaks, "stop" and "cancel" are heard and nothing else; its own voice is taken out of what it
hears."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from agent.bench.made_room import MadeRoom, active_rms, sounding
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import Answer, understand
from agent.hearing.audio import Float32, to_float
from agent.hearing.barge_in import PHRASES, BargeIn, Interruption
from agent.hearing.echo_canceller import BLOCK, EchoCanceller
from agent.hearing.echo_delay import echo_delay
from agent.hearing.moonshine import Moonshine
from agent.hearing.playback import Playback
from agent.hearing.recogniser import Recogniser
from agent.plumbing.sentence_graph import graph_of_phrases
from tests.committing.kit import CATALOGUE
from tests.hearing.conftest import VOICES, corner_shop, spoken

SAID = "Sorry, was that a yes? Say: yes, place my order. Or say: cancel."


@pytest.fixture(scope="module")
def sentence() -> np.ndarray:
    return VOICES["hibari"].says(SAID)


@pytest.fixture
def barge_in(moonshine: Moonshine) -> BargeIn:
    recogniser = Recogniser(moonshine)
    recogniser.use(graph_of_phrases("interruption", PHRASES["en"]))
    return BargeIn(lambda left: recogniser.spot(left, "interruption"), PHRASES["en"])


def played_in(
    room: MadeRoom, sentence: np.ndarray, barge_in: BargeIn, person: Float32 | None = None, at: int = 0
) -> Interruption | None:
    """What is heard while the sentence plays, with its echo as loud as the person."""
    room.begin(0.03 / active_rms(room.echo(sentence)))
    if person is not None:
        room.speaks(person * np.float32(0.03 / active_rms(person)), at)
    barge_in.begin()
    return Playback(room, room, lambda: False, lambda: None).play([sentence], barge_in)


def test_its_own_voice_is_nothing_and_a_person_is_heard(barge_in: BargeIn, sentence: np.ndarray) -> None:
    room = MadeRoom(3, delay_ms=150, reverberation_s=0.3)
    assert played_in(room, sentence, barge_in) is None
    said = played_in(room, sentence, barge_in, sounding(spoken("rms", "cancel.")), 24_000)
    assert said is not None
    assert said.word == "cancel"
    assert room.now_samples < len(sentence) - 8_000, "the sentence was broken off"


def test_a_consent_while_it_speaks_is_nothing(barge_in: BargeIn, sentence: np.ndarray) -> None:
    room = MadeRoom(3, delay_ms=150, reverberation_s=0.3)
    assert (
        played_in(room, sentence, barge_in, sounding(spoken("slt", "yes, place my order.")), 24_000) is None
    )


@pytest.mark.parametrize("phrase", PHRASES["en"])
@pytest.mark.parametrize("entry", ["consent", "enrol", "phrase"])
def test_whatever_is_heard_while_it_speaks_can_only_deny(phrase: str, entry: str) -> None:
    parser = SentenceParser(corner_shop())
    word = PHRASES["en"][phrase]
    assert understand(parser, CATALOGUE, entry, word, word) == Answer("denial")


def _residual(heard: Float32, played: Float32, canceller: EchoCanceller) -> Float32:
    blocks = range(0, len(played) - BLOCK, BLOCK)
    return np.concatenate([canceller.push(heard[at : at + BLOCK], played[at : at + BLOCK]) for at in blocks])


def test_the_echo_is_taken_out_and_a_person_is_not(sentence: np.ndarray) -> None:
    room, canceller = MadeRoom(5, delay_ms=20, reverberation_s=0.25), EchoCanceller()
    played = to_float(sentence)
    echo = room.echo(sentence)[: len(played)]
    _residual(echo, played, canceller)
    canceller.forget_sound()
    person = np.zeros_like(echo)
    voice = spoken("slt", "okay nabu, order two bags of dark roast coffee")
    person[16_000 : 16_000 + len(voice)] = voice[: len(person) - 16_000]
    left = _residual(echo + person, played, canceller)
    before, person = echo[: len(left)], person[: len(left)]
    alone = person == 0
    assert active_rms(left[alone]) < 0.1 * active_rms(before[alone]), "20 dB"
    assert np.corrcoef(left, person)[0, 1] > 0.95


def test_a_flat_loudspeaker_teaches_nothing() -> None:
    canceller, random = EchoCanceller(), np.random.default_rng(1)
    heard = random.normal(0, 0.1, 8_192).astype(np.float32)
    left = _residual(heard, np.zeros_like(heard), canceller)
    assert np.array_equal(left, heard[: len(left)])


@pytest.mark.parametrize("delay", [0, 700, 12_000])
def test_the_delay_of_an_echo_is_found_under_a_person(sentence: np.ndarray, delay: int) -> None:
    played = to_float(sentence)[:40_000]
    echo = np.concatenate([np.zeros(delay, np.float32), 0.3 * played])[:40_000]
    person = spoken("awb", "what do we have in the kitchen today, my friend")[:40_000]
    person = 0.1 * np.pad(person, (0, 40_000 - len(person)))
    found = echo_delay((echo + person).astype(np.float32), played)
    assert found is not None
    assert abs(found - delay) <= 1


@pytest.mark.parametrize(
    "heard",
    [
        lambda: np.zeros(40_000, np.float32),
        lambda: np.random.default_rng(2).normal(0, 0.1, 40_000).astype(np.float32),
        lambda: spoken("slt", "this is somebody who talks about the weather all day long")[:40_000],
        lambda: np.ones(100, np.float32),
    ],
)
def test_where_there_is_no_echo_no_delay_is_found(sentence: np.ndarray, heard: Callable[[], Float32]) -> None:
    assert echo_delay(heard(), to_float(sentence)[:40_000]) is None
