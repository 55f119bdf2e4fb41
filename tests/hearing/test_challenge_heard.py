"""Words that are to be said again, as made voices say them to the real recogniser: the right ones are heard,
and other ones are not taken for them."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.challenge_words import CHALLENGE, CHALLENGE_WORDS, ChallengeSaid
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import Answer, Meaning, understand
from agent.hearing.recogniser import Recogniser
from agent.plumbing.settings import Asr
from tests.deciding.conftest import CORNER_SHOP
from tests.hearing.conftest import corner_shop, spoken

WORDS = CHALLENGE_WORDS["en"]


def heard(both: Recogniser, voice: str, said: str) -> Meaning:
    recognition = both.recognise(spoken(voice, said), CHALLENGE)
    words = recognition.words if recognition.gap_per_token >= Asr().reject_gap_per_token else ""
    parser, shop = SentenceParser(corner_shop()), parse_catalogue(CORNER_SHOP.read_bytes())
    return understand(parser, shop, CHALLENGE, words, recognition.open_words)


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize("places", [(0, 7, 20), (3, 11, 24)])
def test_the_words_are_heard_as_what_they_are(both: Recogniser, voice: str, places: tuple[int, ...]) -> None:
    said = ", ".join(WORDS[place] for place in places)
    assert heard(both, voice, said) == ChallengeSaid(places)


def test_a_refusal_is_heard_and_a_recorded_consent_is_no_words(both: Recogniser) -> None:
    assert heard(both, "slt", "cancel") == Answer("denial")
    assert not isinstance(heard(both, "slt", "yes, place my order"), ChallengeSaid)
