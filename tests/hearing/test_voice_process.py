"""The real process, under its launcher: what it tells the till, and what it keeps to itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent.hearing.audio import to_float
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.plumbing.messages import (
    GrammarTaken,
    Listen,
    ListenPolicy,
    Say,
    Silence,
    Spoken,
    Utterance,
    VoiceFault,
    VoiceReady,
    WentOn,
    Woken,
)
from agent.plumbing.sentence_graph import Arc, SentenceGraph, graph_id
from agent.plumbing.settings import Asr, Speaker
from agent.plumbing.speaker_models import GE2E
from tests.hearing.conftest import ROOT, corner_shop, room, spoken
from tests.hearing.device import VoiceDevice

ORDER = "okay nabu, order two bags of dark roast coffee"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoiceDevice]:
    with VoiceDevice(tmp_path_factory.mktemp("voice")) as device:
        yield device


@pytest.fixture
def device(running: VoiceDevice) -> VoiceDevice:
    """One process for all of them, with a till of its own for each."""
    running.till.close()
    running.new_till()
    running.ready(corner_shop())
    return running


def _asked(device: VoiceDevice, number: int, answer: np.ndarray) -> Utterance:
    """What is heard when `answer` follows a question."""
    device.till.send(Say(number, "Shall I?", "en", Listen(number, "consent", 5_000)))
    device.playback()
    assert device.told() == Spoken(number)
    device.hear(answer)
    heard = device.told()
    assert isinstance(heard, Utterance)
    assert heard.listen_id == number
    return heard


def _settle(device: VoiceDevice) -> None:
    """Returns when everything that was sent before has been obeyed: messages are taken in order."""
    device.till.send(Say(99, "", "en"))
    assert device.playback().size == 0
    assert device.told_but_silence() == Spoken(99)


def test_an_order_after_the_wake_phrase(device: VoiceDevice) -> None:
    _settle(device)
    before = time.monotonic_ns()
    device.hear(spoken("slt", "okay nabu, can I have a carton of milk please"))
    woken, order = device.told(), device.told()
    assert isinstance(woken, Woken)
    assert isinstance(order, Utterance)
    assert order.words == "can i have a carton of milk please"
    assert (order.listen_id, order.embedding) == (0, None)
    assert order.gap_per_token >= Asr().reject_gap_per_token
    assert 1_500 <= order.speech_ms <= 4_000
    assert order.snr_db is not None
    assert order.snr_db > 20
    assert before < order.speech_ended_ns < time.monotonic_ns()


def test_embeddings_are_computed_only_when_wanted_and_tell_voices_apart(device: VoiceDevice) -> None:
    device.till.send(ListenPolicy(True))
    _settle(device)
    device.hear(spoken("slt", ORDER))
    assert isinstance(device.told(), Woken)
    order = device.told()
    assert isinstance(order, Utterance)
    embeddings = [np.array(order.embedding)]
    for number, voice in enumerate(("slt", "rms"), 2):
        answer = _asked(device, number, spoken(voice, "yes, place my order"))
        assert answer.words == "yes place my order"
        embeddings.append(np.array(answer.embedding))
    assert [len(embedding) for embedding in embeddings] == [256] * 3
    assert float(embeddings[0] @ embeddings[1]) >= Speaker().thresholds.same_speaker_cosine
    assert float(embeddings[0] @ embeddings[2]) < Speaker().thresholds.same_speaker_cosine


def test_a_sentence_is_embedded_in_noise_only_while_a_voice_is_learned(device: VoiceDevice) -> None:
    for number, policy in enumerate((ListenPolicy(True, in_noise=True), ListenPolicy(True)), 1):
        device.till.send(policy)
        answer = _asked(device, number, spoken("slt", "yes, place my order"))
        assert answer.embedding is not None
        assert (answer.embedding_in_noise is not None) == policy.in_noise
        if answer.embedding_in_noise is not None:
            nearness = float(np.array(answer.embedding) @ np.array(answer.embedding_in_noise))
            assert Speaker().thresholds.same_speaker_cosine < nearness < 0.999


def test_a_question_brings_its_own_answers(device: VoiceDevice) -> None:
    phrases = ("the dark one", "the light one", "neither")
    device.till.send(Say(5, "Which one?", "en", Listen(5, "choice", 5_000, phrases)))
    device.playback()
    assert device.told() == Spoken(5)
    device.hear(spoken("slt", "the light one"))
    heard = device.told()
    assert isinstance(heard, Utterance)
    assert (heard.listen_id, heard.words) == (5, "the light one")
    assert heard.gap_per_token >= Asr().reject_gap_per_token


def test_two_orders_that_are_both_near_are_both_told(device: VoiceDevice) -> None:
    _settle(device)
    device.hear(spoken("slt", "okay nabu"), room(0.3), spoken("slt", "I want three boxes of green tea"))
    assert isinstance(device.told(), Woken)
    order = device.told()
    assert isinstance(order, Utterance)
    behind = [near.behind_nats for near in order.runners_up]
    assert behind == sorted(behind)
    assert "i want 3 boxes of green tea" in [near.words for near in order.runners_up]


def test_what_was_answered_to_an_order_that_goes_on_is_not_said(device: VoiceDevice) -> None:
    _settle(device)
    device.hear(spoken("slt", "okay nabu, order two bottles of olive oil"))
    assert isinstance(device.told(), Woken)
    first = device.told()
    assert isinstance(first, Utterance)
    device.hear(spoken("slt", "and a box of green tea"))
    assert device.told() == WentOn(0)
    late = Say(4, "Two bottles of olive oil. Shall I?", "en", Listen(4, "consent", 1_000), "", first.number)
    device.till.send(late)
    told = [device.told(), device.told()]
    assert Spoken(4) in told
    whole = next(message for message in told if isinstance(message, Utterance))
    assert (whole.listen_id, whole.number) == (0, first.number + 1)
    assert whole.words.endswith("order two bottles of olive oil and a box of green tea")
    assert whole.speech_ms > first.speech_ms
    device.till.send(Say(5, "Two bottles and one box.", "en", None, "", whole.number))
    assert device.playback().size > 0
    assert device.told() == Spoken(5)


def test_the_wake_phrase_alone_is_followed_by_silence(device: VoiceDevice) -> None:
    _settle(device)
    device.hear(spoken("rms", "okay nabu"), np.zeros(5 * 16_000, np.float32))
    assert isinstance(device.told(), Woken)
    assert device.told() == Silence(0)


def test_a_pause_after_the_wake_phrase_is_no_end(device: VoiceDevice) -> None:
    _settle(device)
    device.hear(spoken("rms", "okay nabu"), np.zeros(24_000, np.float32), spoken("rms", "order paper towels"))
    assert isinstance(device.told(), Woken)
    order = device.told()
    assert isinstance(order, Utterance)
    assert order.words == "order paper towels"


def test_another_assistants_phrase_is_none_of_its_business(device: VoiceDevice) -> None:
    _settle(device)
    device.hear(spoken("slt", "alexa, order two bags of coffee"))
    device.hear(spoken("slt", "okay nabu, order paper towels"))
    assert isinstance(device.told(), Woken)
    order = device.told()
    assert isinstance(order, Utterance)
    assert order.words.endswith("order paper towels")  # with its own wake phrase, where that is likelier
    assert "coffee" not in order.words


def test_what_is_said_while_it_speaks_is_not_heard(device: VoiceDevice, moonshine: Moonshine) -> None:
    device.till.send(Say(7, "Two bags of coffee. Shall I order them?", "en", Listen(8, "consent", 1_000)))
    device.hear(spoken("slt", "yes, place my order"))  # the playback stands still: nobody takes it yet
    played = device.playback()
    assert device.told() == Spoken(7)
    device.hear(np.zeros(16_000, np.float32))
    assert device.told() == Silence(8)
    recogniser = Recogniser(moonshine)
    recogniser.use(SentenceGraph("en", {"order": 0}, [1], [Arc(0, "coffee", 1)], []))
    said = recogniser.recognise(to_float(played), "order").open_words
    assert said.startswith(("two bags of coffee", "2 bags of coffee"))


@pytest.mark.parametrize("word", ["stop", "cancel"])
def test_what_is_said_while_it_speaks_may_deny(device: VoiceDevice, word: str) -> None:
    device.till.send(Say(7, "Two bags of coffee. Shall I order them?", "en", Listen(8, "consent", 1_000)))
    device.sink.recv(1, socket.MSG_PEEK)  # it has begun, and stands still: nobody takes it yet
    device.hear(spoken("slt", word))
    played = device.playback()
    assert device.told() == Spoken(7)
    heard = device.told()
    assert isinstance(heard, Utterance)
    assert (heard.listen_id, heard.words, heard.open_words, heard.embedding) == (8, word, word, None)
    assert len(played) < 24_000, "it was broken off"


def test_a_language_without_a_voice_is_told(device: VoiceDevice) -> None:
    device.till.send(Say(3, "Tilattu.", "fi"))
    assert device.told() == Spoken(3, "speech_language")


def _refused(device: VoiceDevice, name: str) -> None:
    fault = device.told()
    assert isinstance(fault, VoiceFault)
    assert fault.code == "grammar_invalid"
    assert device.told() == GrammarTaken(name, "grammar_invalid")


@pytest.mark.parametrize(
    "data", [b"", b"not a graph", SentenceGraph("pl", {"order": 0}, [0], [], []).to_bytes()]
)
def test_a_bad_grammar_is_told_and_the_one_before_stays(device: VoiceDevice, data: bytes) -> None:
    device.use(data)
    device.hear()
    _refused(device, graph_id(data))
    heard = _asked(device, 4, spoken("slt", "yes, place my order"))
    assert (heard.words, heard.grammar_id) == ("yes place my order", graph_id(corner_shop().to_bytes()))


def test_a_grammar_that_could_still_change_is_refused(device: VoiceDevice) -> None:
    data = corner_shop().to_bytes()
    fd = os.memfd_create("loose", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    device.use_fd(fd, "0" * 16)
    _refused(device, "0" * 16)


def test_a_grammar_under_a_wrong_name_is_refused(device: VoiceDevice) -> None:
    device.use(corner_shop().to_bytes(), name="0" * 16)
    _refused(device, "0" * 16)


def _parking() -> SentenceGraph:
    """A grammar of one order."""
    return SentenceGraph("en", {"order": 0, "consent": 0}, [2], [Arc(0, "order", 1), Arc(1, "coffee", 2)], [])


def test_a_grammar_is_taken_between_utterances_and_each_utterance_names_its_own(device: VoiceDevice) -> None:
    before, after = corner_shop().to_bytes(), _parking().to_bytes()
    device.till.send(Say(5, "Shall I?", "en", Listen(5, "consent", 5_000)))
    device.use(after)
    device.playback()
    assert device.told() == Spoken(5)
    device.hear(spoken("slt", "yes, place my order"))
    answer = device.told()
    assert isinstance(answer, Utterance)
    assert (answer.words, answer.grammar_id) == ("yes place my order", graph_id(before))
    assert device.told() == GrammarTaken(graph_id(after)), "the quiet after the answer"
    device.hear(spoken("slt", ORDER))
    assert isinstance(device.told(), Woken)
    order = device.told()
    assert isinstance(order, Utterance)
    assert order.grammar_id == graph_id(after)
    assert "dark roast" not in order.words


def test_of_two_grammars_that_wait_the_newer_one_is_taken(device: VoiceDevice) -> None:
    device.till.send(Listen(5, "consent", 1_000))
    device.use(SentenceGraph("en", {"order": 0}, [1], [Arc(0, "tea", 1)], []).to_bytes())
    device.use(_parking().to_bytes())
    device.hear()
    assert device.told_but_silence() == Silence(5)
    assert device.told_but_silence() == GrammarTaken(graph_id(_parking().to_bytes()))
    _settle(device)


def test_a_grammar_that_is_in_use_already_is_taken_at_once_and_a_new_till_gets_its_own(
    device: VoiceDevice,
) -> None:
    name = graph_id(corner_shop().to_bytes())
    device.use(corner_shop().to_bytes())
    device.hear()
    assert device.told_but_silence() == GrammarTaken(name)
    device.use(_parking().to_bytes())
    device.till.close()
    device.new_till()
    device.ready(corner_shop())
    device.hear()
    _settle(device)
    assert _asked(device, 4, spoken("slt", "yes, place my order")).grammar_id == name


def test_listening_for_what_the_grammar_lacks_is_told(device: VoiceDevice) -> None:
    device.till.send(Listen(6, "parking", 5_000))
    assert device.told_but_silence() == Silence(6)
    fault = device.told_but_silence()
    assert isinstance(fault, VoiceFault)
    assert fault.code == "grammar_no_entry"


def test_a_till_that_comes_back_starts_afresh(device: VoiceDevice) -> None:
    device.till.send(Listen(5, "consent", 60_000))
    device.till.close()
    device.new_till()
    assert device.told() == VoiceReady(GE2E)
    device.hear(spoken("slt", "yes, place my order"))  # an answer to a question that nobody remembers
    device.till.send(Listen(6, "consent", 5_000))
    assert device.told() == Silence(6)  # no grammar yet
    assert isinstance(device.told(), VoiceFault)


def test_stop_ends_it(tmp_path: Path) -> None:
    with VoiceDevice(tmp_path) as device:
        assert device.told() == VoiceReady(GE2E)
        assert device.stop() == 0


def test_the_end_of_the_control_connection_ends_it(tmp_path: Path) -> None:
    with VoiceDevice(tmp_path) as device:
        assert device.told() == VoiceReady(GE2E)
        device.child.control.close()
        assert device.child.process.wait() == 0


def test_without_a_microphone_it_says_so_and_ends(tmp_path: Path) -> None:
    with VoiceDevice(tmp_path) as device:
        assert device.told() == VoiceReady(GE2E)
        device.source.close()
        fault = device.told()
        assert isinstance(fault, VoiceFault)
        assert fault.code == "audio_no_frames"
        assert device.child.process.wait() == 1


def test_a_missing_model_is_one_line_with_the_command(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        settings = tmp_path / "settings.toml"
        fd = theirs.fileno()
        settings.write_text(f'[audio]\nsource = "fd:{fd}"\nsink = "fd:{fd}"\n[paths]\nmodels_dir = "none"\n')
        command = [sys.executable, "-m", "agent.hearing.voice", "--settings", str(settings)]
        done = subprocess.run(
            [*command, "--control-fd", str(fd)],
            pass_fds=[fd],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "model_missing" in done.stderr
    assert "earmark models fetch" in done.stderr
