"""A spoken refusal that holds a sentence of the grammar, as made voices say it to the real recogniser."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import Answer, NotUnderstood, understand
from agent.hearing.recogniser import Recogniser
from agent.plumbing.settings import Asr
from tests.deciding.conftest import CORNER_SHOP
from tests.hearing.conftest import corner_shop, spoken

GATE = Asr().reject_gap_per_token


@pytest.mark.parametrize("voice", ["espeak", "slt"])
@pytest.mark.parametrize(
    "refusal",
    ["I refuse to confirm the order", "I won't confirm the order", "he said yes, place my order"],
)
def test_a_spoken_refusal_is_no_consent(both: Recogniser, voice: str, refusal: str) -> None:
    heard = both.recognise(spoken(voice, refusal), "consent")
    words = heard.words if heard.gap_per_token >= GATE else ""
    parser, shop = SentenceParser(corner_shop()), parse_catalogue(CORNER_SHOP.read_bytes())
    meaning = understand(parser, shop, "consent", words, heard.open_words)
    assert meaning in (Answer("denial"), NotUnderstood()), heard
