"""The sentence graph word by word: which sentences teach an engine its word pairs, and what is a sentence.

Vosk takes a grammar as a list of sentences and estimates a bigram model from them, which allows more than was
listed. So the list has to hold every pair of neighbouring words once, not every sentence, and what comes back
has to be looked up.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import Arc, SentenceGraph

MOST_PAIRS = 200_000
"""With more pairs of words, every word stands in one sentence; pairs that were not listed cost a few nats."""


class _Step(NamedTuple):
    word: str
    target: int


class WordGraph:
    """`graph` without the words that `knows` refuses."""

    def __init__(self, graph: SentenceGraph, knows: Callable[[str], bool] = lambda word: True) -> None:
        self._graph = graph
        self._entries, self._finals = graph.entries, frozenset(graph.finals)
        self._steps: dict[int, list[_Step]] = defaultdict(list)
        self._free: dict[int, list[int]] = defaultdict(list)
        self._backwards: dict[int, list[Arc]] = defaultdict(list)
        known: dict[str, bool] = {}
        for arc in graph.arcs:
            if arc.word and not known.setdefault(arc.word, knows(arc.word)):
                continue
            if arc.word:
                self._steps[arc.source].append(_Step(arc.word, arc.target))
            else:
                self._free[arc.source].append(arc.target)
            self._backwards[arc.target].append(arc)
        self.unknown_words = frozenset(word for word, is_known in known.items() if not is_known)

    def narrowed(self, words: Collection[str]) -> WordGraph:
        """The same with no other words than these."""
        return WordGraph(self._graph, lambda word: word in words and word not in self.unknown_words)

    def is_sentence(self, entry: str, text: str) -> bool:
        """Whether `text` (normalised) is one of `entry`. Raises AudioError('grammar_no_entry')."""
        here = self._closure({self._start(entry)})
        for word in text.split():
            here = self._closure(
                {step.target for state in here for step in self._steps.get(state, ()) if step.word == word}
            )
        return not here.isdisjoint(self._finals)

    def covering_sentences(self, entry: str) -> list[str]:
        """Sentences of `entry` that hold every pair of neighbouring words (with more than MOST_PAIRS: every
        word) at least once; none where no sentence can be said. Raises AudioError('grammar_no_entry')."""
        before, after = self._words_before(self._start(entry)), self._words_after()
        first: list[tuple[int, _Step]] = [
            (state, step) for state in before for step in self._steps.get(state, ()) if step.target in after
        ]
        following = {
            target: [
                step
                for state in self._closure({target})
                for step in self._steps.get(state, ())
                if step.target in after
            ]
            for target in {step.target for _, step in first}
        }
        sentences: dict[str, None] = {}
        if sum(len(following[step.target]) for _, step in first) <= MOST_PAIRS:
            seen: set[tuple[str, str]] = set()
            for state, step in first:
                for more in following[step.target]:
                    if (step.word, more.word) not in seen:
                        seen.add((step.word, more.word))
                        words = (*before[state], step.word, more.word, *after[more.target])
                        sentences[" ".join(words)] = None
        for state, step in first:
            sentences[" ".join((*before[state], step.word, *after[step.target]))] = None
        return list(sentences)

    def _start(self, entry: str) -> int:
        if entry not in self._entries:
            known = ", ".join(sorted(self._entries)) or "none"
            raise AudioError("grammar_no_entry", f"the grammar has no entry {entry!r} (it has: {known})")
        return self._entries[entry]

    def _closure(self, states: set[int]) -> set[int]:
        found, todo = set(states), list(states)
        while todo:
            for target in self._free.get(todo.pop(), ()):
                if target not in found:
                    found.add(target)
                    todo.append(target)
        return found

    def _words_before(self, start: int) -> dict[int, tuple[str, ...]]:
        """The fewest words to every state that can be reached from `start`."""

        def ways(state: int) -> Iterator[tuple[int, str]]:
            yield from ((target, "") for target in self._free.get(state, ()))
            yield from ((step.target, step.word) for step in self._steps.get(state, ()))

        return _shortest({start}, ways, lambda word, words: (*words, word))

    def _words_after(self) -> dict[int, tuple[str, ...]]:
        """The fewest words from every state that leads to an end."""

        def ways(state: int) -> Iterator[tuple[int, str]]:
            yield from ((arc.source, arc.word) for arc in self._backwards.get(state, ()))

        return _shortest(set(self._finals), ways, lambda word, words: (word, *words))


def _shortest(
    starts: set[int],
    ways: Callable[[int], Iterator[tuple[int, str]]],
    joined: Callable[[str, tuple[str, ...]], tuple[str, ...]],
) -> dict[int, tuple[str, ...]]:
    """Breadth first, free steps before words (0-1 BFS)."""
    found: dict[int, tuple[str, ...]] = {}
    todo: deque[tuple[int, tuple[str, ...]]] = deque((state, ()) for state in sorted(starts))
    while todo:
        state, words = todo.popleft()
        if state in found:
            continue
        found[state] = words
        for target, word in ways(state):
            if target in found:
                continue
            if word:
                todo.append((target, joined(word, words)))
            else:
                todo.appendleft((target, words))
    return found
