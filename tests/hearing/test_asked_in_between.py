"""What is asked in place of an answer, as made voices say it to the real recogniser; and that a yes is not
heard as it."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.manner_words import MannerAsked
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import Answer, HelpAsked, Meaning, RepeatAsked, understand
from agent.hearing.recogniser import Recogniser
from agent.plumbing.settings import Asr
from tests.deciding.conftest import CORNER_SHOP
from tests.hearing.conftest import corner_shop, spoken


def understood(both: Recogniser, voice: str, said: str) -> Meaning:
    heard = both.recognise(spoken(voice, said), "consent")
    words = heard.words if heard.gap_per_token >= Asr().reject_gap_per_token else ""
    parser, shop = SentenceParser(corner_shop()), parse_catalogue(CORNER_SHOP.read_bytes())
    return understand(parser, shop, "consent", words, heard.open_words)


@pytest.mark.parametrize(
    ("voice", "said", "meaning"),
    [
        ("rms", "okay nabu, help", HelpAsked()),
        ("slt", "okay nabu, speak slower", MannerAsked("slower")),
        ("rms", "okay nabu, no", Answer("denial")),
    ],
)
def test_the_name_before_it_is_no_refusal(both: Recogniser, voice: str, said: str, meaning: Meaning) -> None:
    assert understood(both, voice, said) == meaning


@pytest.mark.parametrize("voice", ["espeak", "awb"])
@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("repeat that", RepeatAsked()),
        ("say that again", RepeatAsked()),
        ("what can I say", HelpAsked()),
        ("yes, place my order", Answer("consent")),
        ("cancel", Answer("denial")),
    ],
)
def test_a_question_in_place_of_an_answer_is_heard_as_one(
    both: Recogniser, voice: str, said: str, meaning: Meaning
) -> None:
    assert understood(both, voice, said) == meaning
