"""What is said can be understood again; what cannot be said is an error."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.audio import to_float
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.hearing.speech import LONGEST_TEXT, Speech
from agent.plumbing.errors import AudioError
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


def test_the_same_text_is_the_same_sound(speech: Speech) -> None:
    first = speech.speak("Ordered.", "en").copy()
    for number in range(70):
        speech.speak(f"Number {number}.", "en")
    assert np.array_equal(speech.speak("Ordered.", "en"), first)


def test_nothing_to_say_is_no_sound(speech: Speech) -> None:
    assert len(speech.speak("", "en")) == 0


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("Tilattu.", "fi", "speech_language"),
        ("word " * LONGEST_TEXT, "en", "speech_text"),
        ("1234567890" * 4, "en", "speech_text"),
    ],
)
def test_what_cannot_be_said_is_refused(speech: Speech, text: str, language: str, code: str) -> None:
    with pytest.raises(AudioError) as caught:
        speech.speak(text, language)
    assert caught.value.code == code
