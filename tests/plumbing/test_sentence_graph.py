"""The columns of a sentence graph: what was put in, in order, and nothing malformed from outside."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.bench.made_catalogue import made_catalogue
from agent.deciding.catalogue import Catalogue, Product, Wording
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.hearing.grammar_automaton import GrammarAutomaton
from agent.hearing.tokens import TokenTrie, Vocabulary
from agent.plumbing.sentence_graph import Arc, SentenceGraph, Tag

TAGS = [Tag("product", "tea"), Tag("quantity", "2"), Tag("product", "mate")]
arcs = st.builds(
    Arc,
    st.integers(0, 4),
    st.sampled_from(["", "a", "ab", "b"]),
    st.integers(0, 4),
    st.integers(-1, len(TAGS) - 1),
)


@given(st.lists(arcs, max_size=20))
def test_arcs_and_steps_are_those_that_were_put_in(given_arcs: list[Arc]) -> None:
    graph = SentenceGraph("en", {"order": 0}, [1], given_arcs, TAGS)
    graph = SentenceGraph.from_bytes(graph.to_bytes())
    assert sorted(graph.arcs) == sorted(given_arcs) and list(graph.tags) == TAGS
    for state in range(5):
        for word in ("", "a", "ab", "b", "c"):
            found = sorted((graph.target[at], graph.tag[at]) for at in graph.steps(state, word))
            wanted = [(arc.target, arc.tag) for arc in given_arcs if (arc.source, arc.word) == (state, word)]
            assert found == sorted(wanted)


@pytest.mark.parametrize(
    "change",
    [
        {"source": b"\0\0\0"},
        {"source": bytes(4)},
        {"word": (9).to_bytes(4, "little") * 2},
        {"words": ["", "b", "a"]},
        {"words": ["a", "b"]},
        {"source": (5).to_bytes(4, "little") + bytes(4)},
        {"slot": (7).to_bytes(4, "little")},
        {"values": []},
    ],
)
def test_malformed_columns_are_refused(change: dict[str, object]) -> None:
    graph = SentenceGraph("en", {"order": 0}, [1], [Arc(0, "a", 1, 0), Arc(0, "b", 1)], TAGS[:1])
    wire = msgspec.msgpack.decode(graph.to_bytes())
    with pytest.raises(msgspec.ValidationError):
        SentenceGraph.from_bytes(msgspec.msgpack.encode({**wire, **change}))


def test_names_share_their_first_words() -> None:
    names = ("red hex bolts", "red hex nuts", "red hex", "red tape")
    products = tuple(Product(f"p{i}", "box", 1_00, {"en": Wording(name)}) for i, name in enumerate(names))
    graph = compile_sentences(Catalogue(1, "shop", 1, "USD", products), "en")
    words = Counter(arc.word for arc in graph.arcs)
    assert words["red"] == 1  # "hex" twice: once as the end of a name
    assert (words["hex"], words["bolts"], words["nuts"], words["tape"]) == (2, 1, 1, 1)
    parser = SentenceParser(graph)
    for i, name in enumerate(names):
        tags = parser.parse("order", f"order two boxes of {name}")
        assert tags is not None and Tag("product", f"p{i}") in tags
    assert parser.parse("order", "order two boxes of red") is None


@pytest.mark.slow
def test_fifty_thousand_products_fit_and_each_is_found() -> None:
    catalogue = made_catalogue(50_000)
    data = compile_sentences(catalogue, "en").to_bytes()
    assert len(data) < 6_000_000
    graph = SentenceGraph.from_bytes(data)
    parser, automaton = SentenceParser(graph), GrammarAutomaton(graph, TokenTrie(Vocabulary([None])))
    for product in catalogue.products[::97]:
        text = f"order two {product.words['en'].say}"
        tags = parser.parse("order", text)
        assert tags is not None and Tag("product", product.id) in tags
        assert automaton.accepts(text, "order") and not automaton.accepts(f"{text} zzz", "order")
