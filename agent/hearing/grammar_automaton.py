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
from agent.plumbing.sentence_graph import SentenceGraph, Tag

DEAD = -1
"""No sentence begins like this."""

_MEANT_ANYHOW = frozenset({Tag("intent", "order"), Tag("quantity", "1")})
LARGEST_GRAPH_ARCS = 2_000_000
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
        self._words: dict[int, list[str]] = {}
        self._targets: dict[int, list[int]] = {}
        self._free: dict[int, list[int]] = {}
        self._tags: dict[int, list[int]] = {}
        self._products = frozenset(i for i, tag in enumerate(graph.tags) if tag.slot == "product")
        self._unsaid = {-1, *(i for i, tag in enumerate(graph.tags) if tag in _MEANT_ANYHOW)}
        self._meaning: dict[int, bool] = {arc.source: True for arc in graph.arcs if arc.tag >= 0}
        for source, word, target, tag in sorted(graph.arcs, key=lambda arc: arc.word):
            if word:
                self._words.setdefault(source, []).append(word)
                self._targets.setdefault(source, []).append(target)
                self._tags.setdefault(source, []).append(tag)
            else:
                self._free.setdefault(source, []).append(target)
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
                words = self._words.get(state, [])
                for at in range(bisect_left(words, word), bisect_right(words, word)):
                    tag = self._tags[state][at]
                    more = tags if tag in self._unsaid else self._with(tags, tag)
                    after |= {(p.graph_state, more) for p in self._closure(self._targets[state][at])}
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
                for target in self._free.get(todo.pop(), ()):
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
            known = self._closures[graph_state] = frozenset(
                _Position(state, 0, len(self._words.get(state, ())), 0)
                for state in seen
                if state in self._words or state in self._finals
            )
        return known

    def _leads_on(self, graph_state: int) -> bool:
        """Whether a tagged arc can be reached; remembered for every state that was looked at in vain."""
        seen, todo = {graph_state}, [graph_state]
        while todo:
            here = todo.pop()
            if self._meaning.get(here):
                self._meaning[graph_state] = True
                return True
            if here in self._meaning:
                continue
            for target in (*self._free.get(here, ()), *self._targets.get(here, ())):
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
            words = self._words.get(graph_state, [])

            def letter(word: str, at: int = letters) -> str:
                return word[at : at + 1]

            low = bisect_left(words, character, first, past, key=letter)
            high = bisect_right(words, character, low, past, key=letter)
            if low < high:
                after.add(_Position(graph_state, low, high, letters + 1))
        return frozenset(after)

    def _after_word(self, position: _Position) -> set[_Position]:
        words, targets = self._words[position.graph_state], self._targets[position.graph_state]
        after: set[_Position] = set()
        for at in range(position.first, position.past):
            if len(words[at]) > position.letters:
                break  # sorted: the words that end here come before those that go on
            after |= self._closure(targets[at])
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
    if len(graph.arcs) > LARGEST_GRAPH_ARCS:
        raise AudioError("grammar_invalid", f"{len(graph.arcs)} arcs, at most {LARGEST_GRAPH_ARCS} are taken")
    if not graph.entries:
        raise AudioError("grammar_invalid", "the grammar has no entry")
    for arc in graph.arcs:
        if arc.source < 0 or arc.target < 0 or not -1 <= arc.tag < len(graph.tags) or " " in arc.word:
            raise AudioError(
                "grammar_invalid", f"an arc from state {arc.source} to {arc.target} is malformed"
            )
    if any(state < 0 for state in (*graph.entries.values(), *graph.finals)):
        raise AudioError("grammar_invalid", "an entry or a final state is negative")
