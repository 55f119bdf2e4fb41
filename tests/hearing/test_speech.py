"""What is said can be understood again; what cannot be said is an error."""

from __future__ import annotations

import time

import numpy as np
import pytest

from agent.deciding.replies import Hears, fixed_sentences
from agent.hearing.audio import to_float
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.hearing.speech import Speech
from agent.plumbing.errors import AudioError
from agent.plumbing.messages import LONGEST_SAID
from agent.plumbing.sentence_graph import Arc, SentenceGraph


@pytest.fixture(scope="module")
def speech() -> Speech:
    return Speech()


def test_the_recogniser_understands_it(speech: Speech, moonshine: Moonshine) -> None:
    samples = speech.speak("The coffee is on its way.", "en")
    assert samples.dtype == np.int16
    assert 16_000 < len(samples) < 64_000
    recogniser = Recogniser(moonshine)
    recogniser.use(SentenceGraph("en", {"order": 0}, [1], [Arc(0, "coffee", 1)], []))
    assert recogniser.recognise(to_float(samples), "order").open_words == "the coffee is on its way"


def test_what_a_long_sentence_took_is_not_kept_for_good(speech: Speech) -> None:
    assert speech._voice.sess.get_session_options().enable_cpu_mem_arena is False


def test_the_same_text_is_the_same_sound(speech: Speech) -> None:
    assert np.array_equal(Speech().speak("Ordered.", "en"), speech.speak("Ordered.", "en"))


def test_a_sentence_is_kept_until_there_is_no_room(speech: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    first, again = speech.speak("It is kept.", "en"), speech.speak("It is kept.", "en")
    assert np.shares_memory(
        next(speech.sentences("It is kept.", "en")), next(speech.sentences("It is kept.", "en"))
    )
    assert np.array_equal(first, again)
    kept = next(speech.sentences("It is kept.", "en"))
    monkeypatch.setattr("agent.hearing.speech.KEPT_SAMPLES", 40_000)
    for number in ("one", "two", "three"):
        speech.speak(f"Here is number {number}.", "en")
    assert not np.shares_memory(next(speech.sentences("It is kept.", "en")), kept)


def test_the_first_sentence_is_there_before_the_second_is_spoken(speech: Speech) -> None:
    text = "This can be said. " + "1234567890" * 4
    sentences = speech.sentences(text, "en")
    assert len(next(sentences)) > 8_000
    with pytest.raises(AudioError):
        next(sentences)


def test_what_never_changes_is_spoken_ahead(speech: Speech) -> None:
    fresh = Speech()
    longer = f"{'So many words ' * 8}."
    fresh.prepare((longer, "Cancelled. Nothing is ordered."), "en")
    deadline = time.monotonic() + 240
    while len(fresh._spoken) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    fresh._voice = None  # from here on it could speak nothing new
    assert len(fresh.speak("Nothing is ordered. Cancelled.", "en")) > 16_000
    assert longer not in [text for text, *_ in fresh._spoken], "nobody waits for a long one that is in hand"


def test_most_replies_begin_or_end_with_what_never_changes() -> None:
    for language in ("en", "pl"):
        fixed = fixed_sentences(Hears("okay nabu", language))
        assert "{" not in "".join(fixed)
        assert len(fixed) > 60
        assert sum(map(len, fixed)) < 12_000, "one message to voice, and minutes of sound"


def test_nothing_to_say_is_no_sound(speech: Speech) -> None:
    assert len(speech.speak("", "en")) == 0


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("Tilattu.", "fi", "speech_language"),
        ("word " * LONGEST_SAID, "en", "speech_too_long"),
        ("1234567890" * 4, "en", "speech_text"),
    ],
)
def test_what_cannot_be_said_is_refused(speech: Speech, text: str, language: str, code: str) -> None:
    with pytest.raises(AudioError) as caught:
        speech.speak(text, language)
    assert caught.value.code == code
