"""Sentences of a grammar, read back into the tags along them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from agent.deciding.lexicon import LARGEST_SPOKEN_NUMBER, typed_counts
from agent.plumbing.sentence_graph import SentenceGraph, Tag, normalise_text

MOST_READINGS = 8
MOST_WORDS_OF_A_COUNT = 5
"""As "nine hundred and ninety nine" has."""

_FRACTION = re.compile(r"\d[.,]\d")
"""Punctuation is dropped from words, and "2.5" counts nothing; nobody sells 25 instead."""


class SentenceParser:
    """Finds the meaning of sentences of one `SentenceGraph`. Build it once for each graph."""

    def __init__(self, graph: SentenceGraph) -> None:
        self.language = graph.language
        self._graph = graph
        self._finals = frozenset(graph.finals)

    def parse(self, entry: str, text: str) -> tuple[Tag, ...] | None:
        """The first of `readings`; None where `text` is no sentence of `entry`."""
        return next(iter(self.readings(entry, text)), None)

    def readings(self, entry: str, text: str) -> tuple[tuple[Tag, ...], ...]:
        """Every way to read `text` as a sentence of `entry`, each as tags in the order in which they were
        said; at most MOST_READINGS ways to get to each state, those with the fewest tags."""
        words = [
            (word, not _FRACTION.search(written))
            for written in text.split()
            for word in normalise_text(written).split()
        ]
        at: list[_Readings] = [{} for _ in range(len(words) + 1)]
        at[0] = self._closure({self._graph.entries[entry]: [()]})
        for place, (word, whole) in enumerate(words):
            _merge(at[place + 1], self._step(at[place], word, counted=whole))
            for length, value in self._typed_counts([word for word, _ in words[place:]] if whole else []):
                _merge(at[place + length], self._counted(at[place], value))
        found: _Readings = {}
        for state in at[-1].keys() & self._finals:
            _add(found, 0, at[-1][state])
        return tuple(tuple(self._tag(tag) for tag in tags) for tags in found.get(0, ()))

    def _step(self, here: _Readings, word: str, *, counted: bool = True) -> _Readings:
        """Where `word` leads; as a count only where it is `counted`."""
        graph, there = self._graph, dict[int, list[tuple[int, ...]]]()
        for state, readings in here.items():
            for at in graph.steps(state, word):
                tag = graph.tag[at]
                if counted or tag < 0 or graph.tags[tag].slot != "quantity":
                    _add(there, graph.target[at], (_with(tags, tag) for tags in readings))
        return self._closure(there)

    def _typed_counts(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """How many of the first `words` are a count that is in no grammar, and which."""
        counts = typed_counts(self.language)
        for length in range(1, min(len(words), MOST_WORDS_OF_A_COUNT) + 1):
            value = counts.get(tuple(words[:length]))
            if value is not None:
                yield length, value

    def _counted(self, here: _Readings, value: int) -> _Readings:
        """Where a count of `value` leads, wherever the graph has the largest that is heard."""
        graph, there = self._graph, dict[int, list[tuple[int, ...]]]()
        for state, readings in here.items():
            for at in graph.steps(state, str(LARGEST_SPOKEN_NUMBER)):
                if graph.tag[at] >= 0 and graph.tags[graph.tag[at]].slot == "quantity":
                    tag = len(graph.tags) + value
                    _add(there, graph.target[at], (_with(tags, tag) for tags in readings))
        return self._closure(there)

    def _tag(self, tag: int) -> Tag:
        beyond = tag - len(self._graph.tags)
        return self._graph.tags[tag] if beyond < 0 else Tag("quantity", str(beyond))

    def _closure(self, states: _Readings) -> _Readings:
        graph, todo = self._graph, list(states)
        while todo:
            state = todo.pop()
            for at in graph.steps(state, ""):
                target, tag = graph.target[at], graph.tag[at]
                if _add(states, target, [_with(tags, tag) for tags in states[state]]):
                    todo.append(target)
        return states


_Readings = dict[int, list[tuple[int, ...]]]
"""For each state, the indices of the tags on the ways that lead there, those with the fewest tags first. An
index beyond the graph's tags is a count that is in no grammar, so much more than their number."""


def _with(tags: tuple[int, ...], tag: int) -> tuple[int, ...]:
    return tags if tag < 0 else (*tags, tag)


def _merge(readings: _Readings, more: _Readings) -> None:
    for state, tags in more.items():
        _add(readings, state, tags)


def _add(readings: _Readings, state: int, more: Iterable[tuple[int, ...]]) -> bool:
    """Whether any of `more` is new and was kept."""
    known = readings.get(state, [])
    kept = sorted({*known, *more}, key=lambda tags: (len(tags), tags))[:MOST_READINGS]
    readings[state] = kept
    return kept != known
