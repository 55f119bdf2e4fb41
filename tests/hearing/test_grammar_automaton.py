"""The automaton accepts the sentences of its graph and nothing else, letter by letter and token by token."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.hearing import grammar_automaton
from agent.hearing.grammar_automaton import DEAD, GrammarAutomaton
from agent.hearing.tokens import EOS, TokenTrie, Vocabulary
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import Arc, SentenceGraph, Tag, normalise_text
from tests.hearing.conftest import corner_shop

WORDS = ["a", "ab", "abc", "b", "ba", "ca", "cab"]
TEXTS = [None, None, None, " ", "a", "b", "c", " a", "ab", "A", " Ba", "ca", "b-c", ",", "'", " cab", "é"]
TRIE = TokenTrie(Vocabulary(list(TEXTS)))
_STATES = 5

graphs = st.builds(
    lambda arcs, finals, start: SentenceGraph("en", {"order": start}, sorted(finals), arcs, []),
    st.lists(
        st.builds(
            Arc,
            st.integers(0, _STATES - 1),
            st.sampled_from(["", *WORDS]),
            st.integers(0, _STATES - 1),
            st.just(-1),
        ),
        max_size=14,
    ),
    st.sets(st.integers(0, _STATES - 1), min_size=1, max_size=3),
    st.integers(0, _STATES - 1),
)


def _is_sentence(graph: SentenceGraph, words: list[str]) -> bool:
    """By the definition of a non-deterministic automaton, word by word."""

    def free(states: set[int]) -> set[int]:
        while more := {arc.target for arc in graph.arcs if not arc.word and arc.source in states} - states:
            states = states | more
        return states

    states = free({graph.entries["order"]})
    for word in words:
        states = free({arc.target for arc in graph.arcs if arc.word == word and arc.source in states})
    return not states.isdisjoint(graph.finals)


@settings(max_examples=300)
@given(graphs, st.lists(st.sampled_from(WORDS), max_size=5), st.integers(1, 2))
def test_exactly_the_sentences_of_the_graph_are_accepted(
    graph: SentenceGraph, words: list[str], spaces: int
) -> None:
    automaton = GrammarAutomaton(graph, TRIE)
    assert automaton.accepts((" " * spaces).join(words), "order") == _is_sentence(graph, words)


@settings(max_examples=200)
@given(graphs, st.randoms(use_true_random=False))
def test_a_walk_over_allowed_tokens_spells_sentences_of_the_graph(
    graph: SentenceGraph, random: object
) -> None:
    automaton = GrammarAutomaton(graph, TRIE)
    state, text = automaton.start("order"), ""
    for _ in range(12):
        if state == DEAD:
            break
        allowed = automaton.allowed(state)
        complete = EOS in allowed.tokens
        assert complete == _is_sentence(graph, normalise_text(text).split())
        steps = [(t, s) for t, s in zip(allowed.tokens, allowed.states, strict=True) if t != EOS]
        if not steps:
            break
        token, state = random.choice(steps)  # type: ignore[attr-defined]
        text += TEXTS[token] or ""


@settings(max_examples=200)
@given(graphs, st.integers(0, len(TEXTS) - 1))
def test_a_token_is_refused_only_where_its_letters_lead_nowhere(graph: SentenceGraph, token: int) -> None:
    text = TEXTS[token]
    automaton = GrammarAutomaton(graph, TRIE)
    start = automaton.start("order")
    if text is None or text == "é" or start == DEAD:
        return
    state = start
    for letter in normalise_text(text) if text.strip() else text:
        state = automaton.step(state, letter)
    assert (token in automaton.allowed(start).tokens) == (state != DEAD)


def test_a_word_that_is_a_beginning_of_another_can_end_or_go_on() -> None:
    graph = SentenceGraph("en", {"order": 0}, [1], [Arc(0, "tea", 1), Arc(0, "teapot", 1)], [])
    automaton = GrammarAutomaton(graph, TRIE)
    assert automaton.accepts("tea", "order")
    assert automaton.accepts("teapot", "order")
    assert not automaton.accepts("teap", "order")


def test_thousands_of_products_give_the_same_answers() -> None:
    products = [f"product{number} kind{number % 7}" for number in range(4_000)]
    arcs: list[Arc] = []
    for number, product in enumerate(products):
        first, second = product.split()
        arcs += [Arc(0, first, number + 2), Arc(number + 2, second, 1)]
    automaton = GrammarAutomaton(SentenceGraph("en", {"order": 0}, [1], arcs, []), TRIE)
    assert all(automaton.accepts(product, "order") for product in products[::37])
    assert not automaton.accepts("product1 kind2", "order")


def test_forgetting_what_was_cached_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar_automaton, "_CACHED_STATES", 3)
    graph = SentenceGraph("en", {"order": 0}, [1], [Arc(0, "abc", 1), Arc(1, "ba", 1)], [])
    automaton = GrammarAutomaton(graph, TRIE)
    before = automaton.allowed(automaton.start("order")).tokens
    assert automaton.accepts("abc ba ba", "order")
    automaton.trim()
    assert np.array_equal(np.sort(before), np.sort(automaton.allowed(automaton.start("order")).tokens))
    assert automaton.accepts("abc ba ba", "order")


@pytest.mark.parametrize(
    "graph",
    [
        SentenceGraph("en", {}, [0], [], []),
        SentenceGraph("en", {"order": -1}, [0], [], []),
        SentenceGraph("en", {"order": 0}, [-2], [], []),
        SentenceGraph("en", {"order": 0}, [1], [Arc(0, "a", -1)], []),
        SentenceGraph("en", {"order": 0}, [1], [Arc(0, "two words", 1)], []),
        SentenceGraph("en", {"order": 0}, [1], [Arc(0, "a", 1, 3)], []),
    ],
)
def test_a_graph_that_points_outside_itself_is_refused(graph: SentenceGraph) -> None:
    with pytest.raises(AudioError) as caught:
        GrammarAutomaton(graph, TRIE)
    assert caught.value.code == "grammar_invalid"


def test_an_unknown_entry_is_an_error() -> None:
    automaton = GrammarAutomaton(SentenceGraph("en", {"order": 0}, [0], [], []), TRIE)
    with pytest.raises(AudioError) as caught:
        automaton.start("consent")
    assert caught.value.code == "grammar_no_entry"


def test_after_please_nothing_that_means_anything_can_follow() -> None:
    arcs = [
        Arc(0, "tea", 1, 0),
        Arc(1, "with", 2),
        Arc(2, "milk", 3, 1),
        Arc(1, "", 3),
        Arc(3, "please", 4),
        Arc(3, "thank", 5),
        Arc(5, "you", 4),
        Arc(3, "", 4),
    ]
    tags = [Tag("product", "tea"), Tag("option:milk", "milk")]
    automaton = GrammarAutomaton(SentenceGraph("en", {"order": 0}, [4], arcs, tags), TRIE)

    def may_mean_more(text: str) -> bool:
        state = automaton.start("order")
        for character in text:
            state = automaton.step(state, character)
        assert automaton.complete(state)
        return automaton.may_mean_more(state)

    assert may_mean_more("tea")
    assert not may_mean_more("tea with milk")
    assert not may_mean_more("tea please")


def test_what_sentences_mean_is_told_apart_from_how_it_is_said() -> None:
    automaton = GrammarAutomaton(corner_shop(), TRIE)

    def meant(text: str) -> frozenset[tuple[int, ...]]:
        return automaton.meanings(text, "order")

    assert meant("order paper towels")
    for same in ("get me paper towels please", "paper towels", "order one paper towels"):
        assert meant(same) == meant("order paper towels")
    for other in ("order two paper towels", "order green tea", "no"):
        assert meant(other)
        assert meant(other) != meant("order paper towels")
    assert meant("order paper") == frozenset()
