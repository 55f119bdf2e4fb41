"""A `SentenceGraph` while it is being built: states are numbered, and phrases share their first words."""

from __future__ import annotations

from collections.abc import Iterable

from agent.plumbing.sentence_graph import Arc, SentenceGraph, Tag, normalise_text, written_words


class GraphBuilder:
    """States are the numbers that `state` gives out."""

    def __init__(self) -> None:
        self._arcs: list[Arc] = []
        self._tags: list[Tag] = []
        self._spellings: dict[str, list[str]] = {}
        self._tag_index: dict[Tag, int] = {}
        self._states = 0
        self._shared: dict[tuple[int, str], int] = {}

    def state(self) -> int:
        """A new one."""
        self._states += 1
        return self._states - 1

    def free(self, source: int, target: int, tag: Tag | None = None) -> None:
        """A step without a word."""
        self._arcs.append(Arc(source, "", target, self._index(tag)))

    def phrases(self, source: int, texts: Iterable[str], target: int, tag: Tag | None = None) -> None:
        """Every text leads from `source` to `target`; texts share their first words, also with those of
        earlier calls, the last word carries the tag."""
        index = self._index(tag)
        shared = self._shared
        texts = tuple(texts)
        for text in texts:
            self._note_spellings(text)
        for text in dict.fromkeys(normalise_text(text) for text in texts):
            here = source
            words = text.split()
            for word in words[:-1]:
                if (here, word) not in shared:
                    shared[here, word] = self.state()
                    self._arcs.append(Arc(here, word, shared[here, word]))
                here = shared[here, word]
            if words:
                self._arcs.append(Arc(here, words[-1], target, index))

    def graph(self, language: str, entries: dict[str, int], finals: Iterable[int]) -> SentenceGraph:
        """What was built; `entries` and `finals` as in `SentenceGraph`."""
        return SentenceGraph(language, entries, finals, self._arcs, self._tags, self._spellings)

    def _index(self, tag: Tag | None) -> int:
        if tag is None:
            return -1
        index = self._tag_index.setdefault(tag, len(self._tags))
        if index == len(self._tags):
            self._tags.append(tag)
        return index

    def _note_spellings(self, text: str) -> None:
        for word, written in written_words(text):
            if word != written:
                forms = self._spellings.setdefault(word, [])
                if written not in forms:
                    forms.append(written)
