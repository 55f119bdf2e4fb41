"""Orders of the shop are recognised from several voices; what is no order is not; bad sound does no harm."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import NO_SENTENCE_GAP, Recogniser
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import Arc, SentenceGraph
from agent.plumbing.settings import Asr
from tests.hearing.conftest import room, spoken

GATE = Asr().reject_gap_per_token


@pytest.mark.parametrize("voice", ["slt", "rms", "hibari"])
@pytest.mark.parametrize(
    "sentence",
    [
        "can I have a carton of milk please",
        "order paper towels",
        "I want three boxes of green tea",
        "get me two bottles of olive oil",
    ],
)
def test_orders_are_recognised(recogniser: Recogniser, voice: str, sentence: str) -> None:
    heard = recogniser.recognise(spoken(voice, sentence), "order")
    assert heard.words == sentence.lower()
    assert GATE <= heard.gap_per_token <= 0.0


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize(
    ("sentence", "words"), [("yes, place my order", "yes place my order"), ("no, cancel", "no cancel")]
)
def test_answers_are_recognised(recogniser: Recogniser, voice: str, sentence: str, words: str) -> None:
    heard = recogniser.recognise(spoken(voice, sentence), "consent")
    assert heard.words == words
    assert heard.gap_per_token >= GATE


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize(
    "sentence",
    [
        "give me a pizza with extra cheese and olives",
        "the weather in the mountains was terrible yesterday",
        "I want a large bicycle with a basket",
    ],
)
def test_what_the_shop_does_not_sell_is_rejected(recogniser: Recogniser, voice: str, sentence: str) -> None:
    heard = recogniser.recognise(spoken(voice, sentence), "order")
    assert not heard.words or heard.gap_per_token < GATE
    assert heard.open_words


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(10, np.float32),
        np.zeros(16_000, np.float32),
        np.full(16_000, np.nan, np.float32),
        np.array([np.inf] * 4_000, np.float32),
    ],
    ids=["empty", "ten samples", "silence", "not numbers", "infinite"],
)
def test_what_is_no_sound_is_not_recognised(recogniser: Recogniser, samples: np.ndarray) -> None:
    heard = recogniser.recognise(samples, "order")
    assert (heard.words, heard.open_words, heard.gap_per_token) == ("", "", NO_SENTENCE_GAP)


@pytest.mark.parametrize(
    "samples",
    [
        room(1.0),
        np.random.default_rng(2).uniform(-1, 1, 16_000).astype(np.float32),
        np.clip(6 * spoken("slt", "order paper towels"), -1, 1),
        np.full(900, 0.1, np.float32),
    ],
    ids=["quiet room", "full noise", "clipped", "56 ms"],
)
def test_odd_sound_does_no_harm(recogniser: Recogniser, samples: np.ndarray) -> None:
    heard = recogniser.recognise(samples, "order")
    assert heard.gap_per_token <= 0.0
    assert bool(heard.words) == (heard.gap_per_token > NO_SENTENCE_GAP)


def test_without_a_grammar_nothing_is_recognised(moonshine: Moonshine) -> None:
    assert Recogniser(moonshine).recognise(spoken("slt", "order coffee"), "order").words == ""


def test_an_unknown_entry_is_an_error(recogniser: Recogniser) -> None:
    with pytest.raises(AudioError) as caught:
        recogniser.recognise(spoken("slt", "order coffee"), "parking")
    assert caught.value.code == "grammar_no_entry"


def test_a_grammar_without_sentences_gives_none(moonshine: Moonshine) -> None:
    recogniser = Recogniser(moonshine)
    recogniser.use(SentenceGraph("en", {"order": 0}, [1], [], []))
    heard = recogniser.recognise(spoken("slt", "order coffee"), "order")
    assert (heard.words, heard.gap_per_token) == ("", NO_SENTENCE_GAP)
    assert heard.open_words


def test_runners_up_are_other_sentences_further_behind(recogniser: Recogniser) -> None:
    heard = recogniser.recognise(spoken("rms", "order two bags of dark roast coffee"), "order")
    words = [heard.words, *(alternative.words for alternative in heard.alternatives)]
    assert len(set(words)) == len(words)
    behind = [alternative.behind_nats for alternative in heard.alternatives]
    assert behind == sorted(behind)
    assert all(nats >= 0.0 for nats in behind)


def test_among_thousands_of_products_the_one_that_was_said_is_found(moonshine: Moonshine) -> None:
    makers = [
        "golden",
        "happy",
        "silver",
        "northern",
        "river",
        "garden",
        "village",
        "mountain",
        "sunny",
        "royal",
    ]
    kinds = ["apple", "cherry", "lemon", "ginger", "honey", "pepper", "almond", "walnut", "mint", "vanilla"]
    things = ["juice", "tea", "bread", "soup", "soap", "jam", "cake", "sauce", "candles", "cereal"]
    arcs, state = [Arc(0, "order", 1)], 3
    for maker in makers:
        for kind in kinds:
            for thing in things:
                for size in ("small", "large", "double", "family"):
                    arcs += [
                        Arc(1, size, state),
                        Arc(state, maker, state + 1),
                        Arc(state + 1, kind, state + 2),
                    ]
                    arcs.append(Arc(state + 2, thing, 2))
                    state += 3
    recogniser = Recogniser(moonshine)
    recogniser.use(SentenceGraph("en", {"order": 0}, [2], arcs, []))
    for sentence in ("order large northern ginger tea", "order family village walnut bread"):
        heard = recogniser.recognise(spoken("slt", sentence), "order")
        assert heard.words == sentence
        assert heard.gap_per_token >= GATE
