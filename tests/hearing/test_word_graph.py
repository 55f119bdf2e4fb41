"""What an engine that learns word pairs is taught, and what counts as a sentence when it answers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from agent.hearing.word_graph import WordGraph
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import SentenceGraph, graph_of_phrases, written_words
from tests.hearing.conftest import corner_shop

PHRASES = ("two bags of tea", "two boxes of tea", "no", "tea please")


def test_every_pair_of_words_is_in_a_listed_sentence() -> None:
    graph = WordGraph(corner_shop())
    sentences = graph.covering_sentences("order")
    assert all(graph.is_sentence("order", sentence) for sentence in sentences)
    pairs = {pair for sentence in sentences for pair in pairwise(sentence.split())}
    assert {("two", "bags"), ("of", "dark"), ("roast", "coffee"), ("coffee", "please")} <= pairs
    assert len(sentences) == len(set(sentences))


def test_a_sentence_is_whole() -> None:
    graph = WordGraph(graph_of_phrases("order", PHRASES))
    assert all(graph.is_sentence("order", phrase) for phrase in PHRASES)
    for text in ("two bags of", "bags of tea", "two bags of tea please", "no no", "", "coffee"):
        assert not graph.is_sentence("order", text)


def test_words_that_are_not_known_take_their_sentences_with_them() -> None:
    graph = WordGraph(graph_of_phrases("order", PHRASES), lambda word: word != "bags")
    assert graph.unknown_words == {"bags"}
    assert set(graph.covering_sentences("order")) == {"two boxes of tea", "no", "tea please"}
    assert not graph.is_sentence("order", "two bags of tea")


def test_narrowed_to_words_it_keeps_the_sentences_of_these() -> None:
    graph = WordGraph(graph_of_phrases("order", PHRASES), lambda word: word != "no")
    narrow = graph.narrowed({"tea", "please", "two", "boxes", "no"})
    assert narrow.covering_sentences("order") == ["tea please"]


def test_an_entry_that_is_not_there_is_an_error() -> None:
    graph = WordGraph(SentenceGraph("ko", {"order": 0}, [0], [], []))
    with pytest.raises(AudioError) as caught:
        graph.covering_sentences("consent")
    assert caught.value.code == "grammar_no_entry"


def test_folded_words_remember_how_they_are_written() -> None:
    assert list(written_words("Dwie żółte, proszę")) == [
        ("dwie", "dwie"),
        ("zolte", "żółte"),
        ("prosze", "proszę"),
    ]
