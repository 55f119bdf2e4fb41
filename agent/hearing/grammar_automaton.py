"""The sentence graph as the beam walks it: a character automaton, determinised only where somebody speaks.

A state is what may still follow the text so far. It is a set of positions (graph state, range of that state's
sorted words that begin with the letters read since the last space, number of those letters): a range is
narrowed by binary search, so a state with thousands of products costs no more than one with ten.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agent.hearing.tokens import EOS, TokenTrie
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import LARGEST_GRAPH_ARCS, SentenceGraph, Tag

DEAD = -1
"""No sentence begins like this."""

_MEANT_ANYHOW = frozenset({Tag("intent", "order"), Tag("quantity", "1")})
_CACHED_STATES = 200_000
_CACHED_TOKENS = 4_000_000


class _Position(NamedTuple):
    graph_state: int
    first: int
    past: int
    letters: int


class Allowed(NamedTuple):
    """The tokens that may follow a state, int64 [n], and the state after each, int64 [n]."""

    tokens: npt.NDArray[np.int64]
    states: npt.NDArray[np.int64]


class GrammarAutomaton:
    """Walks `graph` character by character and token by token. States are small integers; `DEAD` is none.

    Answers are cached; `trim` bounds the cache and makes earlier states void, so it belongs between
    utterances. Raises AudioError('grammar_invalid') for a graph that points outside itself or is beyond
    LARGEST_GRAPH_ARCS.
    """

    def __init__(self, graph: SentenceGraph, trie: TokenTrie) -> None:
        _check(graph)
        self._trie = trie
        self._entries = graph.entries
        self._finals = frozenset(graph.finals)
        self._graph = graph
        self._unsaid = {-1, *(i for i, tag in enumerate(graph.tags) if tag in _MEANT_ANYHOW)}
        self._products = frozenset(i for i, tag in enumerate(graph.tags) if tag.slot == "product")
        self._meaning: dict[int, bool] = {}
        self._closures: dict[int, frozenset[_Position]] = {}
        self._forget()

    @property
    def entries(self) -> frozenset[str]:
        """The purposes that an utterance can be decoded for."""
        return frozenset(self._entries)

    def start(self, entry: str) -> int:
        """The state before the first letter. Raises AudioError('grammar_no_entry')."""
        if entry not in self._entries:
            known = ", ".join(sorted(self._entries)) or "none"
            raise AudioError("grammar_no_entry", f"the grammar has no entry {entry!r} (it has: {known})")
        return self._state(self._closure(self._entries[entry]))

    def step(self, state: int, character: str) -> int:
        """The state after one more character of [a-z0-9 ], or DEAD."""
        if state == DEAD:
            return DEAD
        known = self._steps[state].get(character)
        if known is None:
            known = self._state(self._follow(self._positions[state], character))
            self._steps[state][character] = known
        return known

    def complete(self, state: int) -> bool:
        """Whether a sentence may end here."""
        after = self.step(state, " ")
        return after != DEAD and any(
            position.graph_state in self._finals and not position.letters
            for position in self._positions[after]
        )

    def may_mean_more(self, state: int) -> bool:
        """Whether words may follow that mean something: an option, another denial, but not "please"."""
        after = self.step(state, " ")
        return after != DEAD and any(
            self._leads_on(position.graph_state) for position in self._positions[after]
        )

    def meanings(self, text: str, entry: str) -> frozenset[tuple[int, ...]]:
        """What normalised `text` can mean as a sentence of `entry`: the tags of its arcs, sorted up to
        the first product (after it they belong to different items); empty where it is none. "a tea" and
        "order tea please" mean the same."""
        said: set[tuple[int, tuple[int, ...]]]
        said = {(position.graph_state, ()) for position in self._closure(self._entries[entry])}
        for word in text.split():
            after: set[tuple[int, tuple[int, ...]]] = set()
            for state, tags in said:
                for at in self._graph.steps(state, word):
                    tag = self._graph.tag[at]
                    more = tags if tag in self._unsaid else self._with(tags, tag)
                    after |= {(p.graph_state, more) for p in self._closure(self._graph.target[at])}
            said = after
        return frozenset(tags for state, tags in said if state in self._finals)

    def _with(self, tags: tuple[int, ...], tag: int) -> tuple[int, ...]:
        return (*tags, tag) if not self._products.isdisjoint(tags) else tuple(sorted((*tags, tag)))

    def accepts(self, text: str, entry: str) -> bool:
        """Whether normalised `text` is a sentence of `entry`."""
        state = self.start(entry)
        for character in text:
            state = self.step(state, character)
        return self.complete(state)

    def allowed(self, state: int) -> Allowed:
        """The tokens after which some sentence is still possible, and EOS where one is complete."""
        known = self._allowed.get(state)
        if known is None:
            known = self._allowed[state] = self._walk(state)
            self._allowed_tokens += len(known.tokens)
        return known

    def trim(self) -> None:
        """Forgets all states when the cache has grown beyond its bound."""
        if len(self._positions) > _CACHED_STATES or self._allowed_tokens > _CACHED_TOKENS:
            self._forget()

    def _forget(self) -> None:
        self._positions: list[frozenset[_Position]] = []
        self._numbers: dict[frozenset[_Position], int] = {}
        self._steps: list[dict[str, int]] = []
        self._allowed: dict[int, Allowed] = {}
        self._allowed_tokens = 0

    def _state(self, positions: frozenset[_Position]) -> int:
        if not positions:
            return DEAD
        number = self._numbers.get(positions)
        if number is None:
            number = self._numbers[positions] = len(self._positions)
            self._positions.append(positions)
            self._steps.append({})
        return number

    def _closure(self, graph_state: int) -> frozenset[_Position]:
        known = self._closures.get(graph_state)
        if known is None:
            seen, todo = {graph_state}, [graph_state]
            while todo:
                for at in self._graph.steps(todo.pop(), ""):
                    target = self._graph.target[at]
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
            positions = []
            for state in seen:
                _, first, past = self._graph.leaving(state)
                if first < past or state in self._finals:
                    positions.append(_Position(state, first, past, 0))
            known = self._closures[graph_state] = frozenset(positions)
        return known

    def _leads_on(self, graph_state: int) -> bool:
        """Whether a tagged arc can be reached; remembered for every state that was looked at in vain."""
        seen, todo = {graph_state}, [graph_state]
        while todo:
            here = todo.pop()
            first, _, past = self._graph.leaving(here)
            if self._meaning.get(here) or any(tag >= 0 for tag in self._graph.tag[first:past]):
                self._meaning[graph_state] = True
                return True
            if here in self._meaning:
                continue
            for target in self._graph.target[first:past]:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        self._meaning.update(dict.fromkeys(seen, False))
        return False

    def _follow(self, positions: frozenset[_Position], character: str) -> frozenset[_Position]:
        after: set[_Position] = set()
        for position in positions:
            graph_state, first, past, letters = position
            if character == " ":
                if letters == 0:
                    after.add(position)
                else:
                    after |= self._after_word(position)
                continue

            def letter(word: int, at: int = letters) -> str:
                return self._graph.words[word][at : at + 1]

            low = bisect_left(self._graph.word, character, first, past, key=letter)
            high = bisect_right(self._graph.word, character, low, past, key=letter)
            if low < high:
                after.add(_Position(graph_state, low, high, letters + 1))
        return frozenset(after)

    def _after_word(self, position: _Position) -> set[_Position]:
        graph = self._graph
        after: set[_Position] = set()
        for at in range(position.first, position.past):
            if len(graph.words[graph.word[at]]) > position.letters:
                break  # sorted: the words that end here come before those that go on
            after |= self._closure(graph.target[at])
        return after

    def _walk(self, state: int) -> Allowed:
        tokens: list[int] = []
        states: list[int] = []
        children, ends = self._trie.children, self._trie.ends
        todo = [(0, state)]
        while todo:
            node, here = todo.pop()
            for token in ends[node]:
                tokens.append(token)
                states.append(here)
            for character, child in children[node].items():
                there = self.step(here, character)
                if there != DEAD:
                    todo.append((child, there))
        if self.complete(state):
            tokens.append(EOS)
            states.append(state)
        return Allowed(np.array(tokens, np.int64), np.array(states, np.int64))


def _check(graph: SentenceGraph) -> None:
    if len(graph.source) > LARGEST_GRAPH_ARCS:
        detail = f"{len(graph.source)} arcs, at most {LARGEST_GRAPH_ARCS} are taken"
        raise AudioError("grammar_invalid", detail)
    if not graph.entries:
        raise AudioError("grammar_invalid", "the grammar has no entry")
    if len(graph.source):
        states = min(min(graph.source), min(graph.target))
        if states < 0 or not -1 <= min(graph.tag) <= max(graph.tag) < len(graph.tags):
            raise AudioError("grammar_invalid", "an arc points outside the grammar")
    if any(" " in word for word in graph.words):
        raise AudioError("grammar_invalid", "a word holds a space")
    if any(state < 0 for state in (*graph.entries.values(), *graph.finals)):
        raise AudioError("grammar_invalid", "an entry or a final state is negative")
