"""Orders of the shop are recognised from several voices; what is no order is not; bad sound does no harm."""

from __future__ import annotations

import numpy as np
import pytest

from agent.deciding.denials import is_denied
from agent.hearing.audio import to_float
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.hearing.recognition import NO_SENTENCE_GAP, Recognition
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import Arc, SentenceGraph, normalise_text
from agent.plumbing.settings import Asr
from scripts.story.customers import Customer
from tests.hearing.conftest import corner_shop, room, spoken

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


def _in_noise(samples: np.ndarray, snr_db: float) -> np.ndarray:
    """With white noise at a ratio of mean powers."""
    noise = np.random.default_rng(5).normal(0, 1, len(samples)).astype(np.float32)
    return samples + noise * np.float32(np.sqrt(np.square(samples).mean() / 10 ** (snr_db / 10)))


def test_deciding_together_with_itself_a_model_hears_what_it_hears_alone(moonshine: Moonshine) -> None:
    """So nothing but the second opinion itself can change what is heard."""
    alone, doubled = Recogniser(moonshine), Recogniser(moonshine, second=moonshine)
    speech = spoken("slt", "get me two bottles of olive oil")
    for recogniser in (alone, doubled):
        recogniser.use(corner_shop())
    assert not alone.recognise(speech, "order").sure
    one, two = (recogniser.recognise(speech, "order") for recogniser in (alone, doubled))
    assert (one.words, one.open_words) == (two.words, two.open_words)
    assert one.gap_per_token == pytest.approx(two.gap_per_token, abs=1e-4)


class _NeverAsked(Moonshine):
    def __init__(self) -> None:
        """Loads nothing."""

    def encode(self, samples: np.ndarray) -> np.ndarray:
        raise AssertionError("the second model was asked")


def test_an_order_is_heard_by_both_from_the_start(moonshine: Moonshine) -> None:
    recogniser = Recogniser(moonshine, second=_NeverAsked())
    recogniser.use(corner_shop())
    with pytest.raises(AssertionError):
        recogniser.draft(spoken("slt", "I want three boxes of green tea"), "order")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("yes dont place my order", "yes lets place my order"),
        ("yes place my order", "yes never place my order"),
    ],
)
def test_a_denial_in_an_answer_counts_whichever_model_hears_it(
    moonshine: Moonshine, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    words, ask = "yes place my order", Recogniser(moonshine, second=moonshine)
    heard = {1: Recognition(words, first, -1.0, (), -1.0), 2: Recognition(words, second, -0.2, (), -0.5)}
    monkeypatch.setattr(ask, "_heard", lambda samples, entry, models, **_: heard[len(models)])
    for entry in ("consent", "enrol"):
        answer = ask.recognise(np.ones(16_000, np.float32), entry)
        assert (answer.words, answer.gap_per_token) == (words, -0.2)
        assert is_denied(answer.open_words, "en")
    assert ask.recognise(np.ones(16_000, np.float32), "order").open_words == second


@pytest.mark.parametrize(
    ("customer", "said"),
    [
        (Customer("gb", "espeak-ng", "en-gb"), "yes, place my order"),
        (Customer("awb", "flite", "awb"), "yes, order it"),
    ],
)
def test_a_consent_that_one_model_mishears_is_heard_by_both_together(
    moonshine: Moonshine, both: Recogniser, customer: Customer, said: str
) -> None:
    alone = Recogniser(moonshine)
    alone.use(corner_shop())
    speech = to_float(customer.says(said))
    assert alone.recognise(speech, "consent").words != normalise_text(said)
    heard = both.recognise(speech, "consent")
    assert heard.words == normalise_text(said)
    assert heard.gap_per_token >= GATE


@pytest.mark.parametrize("voice", ["slt", "rms", "awb"])
def test_with_a_second_opinion_orders_are_heard_in_noise_at_least_as_well(
    moonshine: Moonshine, both: Recogniser, voice: str
) -> None:
    alone = Recogniser(moonshine)
    alone.use(corner_shop())
    sentences = (
        "order two bags of dark roast coffee",
        "can I have a carton of milk please",
        "I want three boxes of green tea",
        "get me two bottles of olive oil",
    )
    right = {"alone": 0, "both": 0}
    for sentence in sentences:
        speech = _in_noise(spoken(voice, sentence), 0.0)
        for name, recogniser in (("alone", alone), ("both", both)):
            heard = recogniser.recognise(speech, "order")
            right[name] += heard.words == sentence.lower() and heard.gap_per_token >= GATE
    assert right["both"] >= right["alone"]


def test_phrases_of_one_question_are_all_that_answers_it(recogniser: Recogniser) -> None:
    recogniser.use_phrases("choice", ["the dark one", "the light one", "neither"])
    assert recogniser.recognise(spoken("slt", "the light one"), "choice").words == "the light one"
    assert recogniser.recognise(spoken("slt", "order paper towels"), "order").words == "order paper towels"
    recogniser.use_phrases("choice", ["two", "ten"])
    heard = recogniser.recognise(spoken("slt", "the light one"), "choice")
    assert not heard.words or heard.gap_per_token < GATE


def test_phrases_go_with_the_grammar_they_stood_beside(recogniser: Recogniser) -> None:
    recogniser.use_phrases("choice", ["two", "ten"])
    assert "choice" in recogniser.entries
    recogniser.use(corner_shop())
    assert "choice" not in recogniser.entries


def test_a_second_opinion_that_finds_no_sentence_takes_none_away(
    moonshine: Moonshine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Recognition("order coffee", "order coughing", -1.0, (), -1.0)
    nothing = Recognition("", "order coughing", NO_SENTENCE_GAP)
    recogniser = Recogniser(moonshine, second=moonshine)
    monkeypatch.setattr(
        recogniser, "_heard", lambda samples, entry, models, **_: first if len(models) == 1 else nothing
    )
    assert recogniser.recognise(np.ones(16_000, np.float32), "order") == first


def test_what_both_together_hold_for_unlikely_was_not_said(
    moonshine: Moonshine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models that disagree hold free speech for unlikely as well, so that the gap says little."""
    first = Recognition("no", "could i", -1.0, (), -1.0)
    both = Recognition("no", "could i have a table", -0.4, (), -2.2)
    recogniser = Recogniser(moonshine, second=moonshine)
    monkeypatch.setattr(
        recogniser, "_heard", lambda samples, entry, models, **_: first if len(models) == 1 else both
    )
    heard = recogniser.recognise(np.ones(16_000, np.float32), "order")
    assert heard == Recognition("", "could i have a table", NO_SENTENCE_GAP)
