"""The compiled grammar as a value: what `till` compiles from the catalogue and `voice` decodes against.

A word-level non-deterministic automaton. It crosses the process border as one msgpack blob in a sealed memfd.
"""

from __future__ import annotations

import hashlib
import operator
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, overload

import msgspec

BETWEEN_DECODES = " / "
"""Between two free decodes of the same speech, where two models were asked; `normalise_text` drops it."""

LARGEST_GRAPH_ARCS = 2_000_000
"""A larger one is not heard."""


class Arc(NamedTuple):
    """One step; `word` is '' for a free step, `tag` indexes `SentenceGraph.tags` or is -1."""

    source: int
    word: str
    target: int
    tag: int = -1


class Tag(NamedTuple):
    """What taking an arc means: a slot and its value, as ('product', 'tea') or ('option:roast', 'dark')."""

    slot: str
    value: str


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a graph travels: one int32 (native order, it never leaves the device) an arc and column."""

    language: str
    entries: dict[str, int]
    finals: list[int]
    words: list[str]
    source: bytes
    word: bytes
    target: bytes
    tag: bytes
    slots: list[str]
    slot: bytes
    values: list[str]
    spellings: dict[str, list[str]]


class SentenceGraph:
    """Words are in the form of `normalise_text`; for English that leaves [a-z0-9].

    `spellings`: for words whose accents were folded, how they are written ("zolte": "żółte").
    `entries` maps a purpose ('order', 'consent', ...) to its start state; a sentence ends in any of `finals`.

    Arcs are columns, sorted by source and word: arc i goes from `source[i]` by `words[word[i]]` (`words` are
    sorted, the first is '' for free steps) to `target[i]` with tag `tag[i]`. Sixteen bytes an arc, and what
    leaves a state is a range that is found by binary search. Cycles are as good as any other arcs.
    """

    def __init__(
        self,
        language: str,
        entries: dict[str, int],
        finals: Iterable[int],
        arcs: Iterable[Arc],
        tags: Iterable[Tag],
        spellings: dict[str, list[str]] | None = None,
    ) -> None:
        self.language, self.entries, self.finals = language, entries, list(finals)
        self.spellings = spellings or {}
        columns = [array("i"), array("i"), array("i"), array("i")]
        number: dict[str, int] = {"": 0}
        for source, word, target, tag in arcs:
            row = (source, number.setdefault(word, len(number)), target, tag)
            for column, value in zip(columns, row, strict=True):
                column.append(value)
        self.words = sorted(number)
        place = array("i", bytes(4 * len(number)))
        for at, word in enumerate(self.words):
            place[number[word]] = at
        source_of, word_of, *_ = columns
        order = sorted(range(len(source_of)), key=lambda i: (source_of[i], place[word_of[i]]))
        self.source, word_column, self.target, self.tag = (
            array("i", map(column.__getitem__, order)) for column in columns
        )
        self.word = array("i", map(place.__getitem__, word_column))
        self.tags = Tags.of(tags)

    @property
    def arcs(self) -> Iterator[Arc]:
        """All arcs, one by one."""
        for source, word, target, tag in zip(self.source, self.word, self.target, self.tag, strict=True):
            yield Arc(source, self.words[word], target, tag)

    def leaving(self, state: int) -> tuple[int, int, int]:
        """The arcs that leave `state`: free ones from the first to before the second, words to before the
        third."""
        first = bisect_left(self.source, state)
        past = bisect_right(self.source, state, first)
        return first, bisect_right(self.word, 0, first, past), past

    def steps(self, state: int, word: str) -> range:
        """The arcs that leave `state` by `word`; '' for free ones."""
        at = bisect_left(self.words, word)
        if at == len(self.words) or self.words[at] != word:
            return range(0)
        first, _, past = self.leaving(state)
        low = bisect_left(self.word, at, first, past)
        return range(low, bisect_right(self.word, at, low, past))

    def to_bytes(self) -> bytes:
        """As it crosses the border."""
        return msgspec.msgpack.encode(
            _Wire(
                language=self.language,
                entries=self.entries,
                finals=self.finals,
                words=self.words,
                source=self.source.tobytes(),
                word=self.word.tobytes(),
                target=self.target.tobytes(),
                tag=self.tag.tobytes(),
                slots=self.tags.slots,
                slot=self.tags.slot.tobytes(),
                values=self.tags.values,
                spellings=self.spellings,
            )
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SentenceGraph) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    @staticmethod
    def from_bytes(data: bytes) -> SentenceGraph:
        """Raises msgspec.DecodeError or msgspec.ValidationError where `data` is not a graph."""
        wire = msgspec.msgpack.decode(data, type=_Wire)
        graph = SentenceGraph.__new__(SentenceGraph)
        graph.language, graph.entries, graph.finals = wire.language, wire.entries, wire.finals
        graph.words, graph.spellings = wire.words, wire.spellings
        graph.source, graph.word = _column(wire.source), _column(wire.word)
        graph.target, graph.tag = _column(wire.target), _column(wire.tag)
        if len({len(graph.source), len(graph.word), len(graph.target), len(graph.tag)}) != 1:
            raise msgspec.ValidationError("the columns of the arcs differ in length")
        if wire.words[:1] != [""] or not _ascends(wire.words, strictly=True) or not _ascends(graph.source):
            raise msgspec.ValidationError("words or arcs are not in order")
        if graph.word and not 0 <= min(graph.word) <= max(graph.word) < len(wire.words):
            raise msgspec.ValidationError("an arc has a word that is not listed")
        graph.tags = Tags(wire.slots, _column(wire.slot), wire.values)
        return graph


class Tags(Sequence[Tag]):
    """Many tags in little room: few slots, each with many values."""

    def __init__(self, slots: list[str], slot: array[int], values: list[str]) -> None:
        """Tag i is (`slots[slot[i]]`, `values[i]`). Raises msgspec.ValidationError where that is none."""
        if len(slot) != len(values) or (slot and not 0 <= min(slot) <= max(slot) < len(slots)):
            raise msgspec.ValidationError("a tag has no slot")
        self.slots, self.slot, self.values = slots, slot, values

    @classmethod
    def of(cls, tags: Iterable[Tag]) -> Tags:
        """The same tags."""
        number: dict[str, int] = {}
        slot, values = array("i"), []
        for name, value in tags:
            slot.append(number.setdefault(name, len(number)))
            values.append(value)
        return cls(list(number), slot, values)

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, at: int) -> Tag: ...
    @overload
    def __getitem__(self, at: slice) -> list[Tag]: ...
    def __getitem__(self, at: int | slice) -> Tag | list[Tag]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        return Tag(self.slots[self.slot[at]], self.values[at])


def _column(data: bytes) -> array[int]:
    column = array("i")
    try:
        column.frombytes(data)
    except ValueError as error:
        raise msgspec.ValidationError("a column holds no whole numbers") from error
    return column


def _ascends(values: Sequence[Any], *, strictly: bool = False) -> bool:
    follows = operator.lt if strictly else operator.le
    return all(map(follows, values, islice(values, 1, None)))


def graph_of_phrases(entry: str, phrases: Iterable[str]) -> SentenceGraph:
    """Exactly `phrases` (normalised) as the sentences of `entry`, without meaning."""
    arcs: list[Arc] = []
    end, states = 1, 2
    for phrase in phrases:
        here = 0
        words = phrase.split()
        for word in words[:-1]:
            arcs.append(Arc(here, word, states))
            here, states = states, states + 1
        arcs += [Arc(here, word, end) for word in words[-1:]]
    return SentenceGraph("", {entry: 0}, [end], arcs, [])


def graph_id(data: bytes) -> str:
    """Identifies a compiled grammar: the first 16 hex digits of its sha256."""
    return hashlib.sha256(data).hexdigest()[:16]


_DROPPED = str.maketrans(dict.fromkeys(".,!?;:\"'`\u2019\u201e\u201d\u2026") | dict.fromkeys("-\u2013/", " "))
_UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae"})


def normalise_text(text: str) -> str:
    """Lower case, Latin accents folded ("dwie żółte" -> "dwie zolte"), punctuation dropped, single spaces.

    The form in which sentences are compared. Other scripts keep their letters.
    """
    return _folded(written_text(text))


def written_text(text: str) -> str:
    """As `normalise_text`, with the accents that a dictionary has."""
    return " ".join(text.lower().translate(_DROPPED).split())


def written_words(text: str) -> Iterator[tuple[str, str]]:
    """Each word of `text` in the form of `normalise_text`, and as it is written."""
    for word in written_text(text).split():
        yield _folded(word), word


def _folded(text: str) -> str:
    if text.isascii():
        return text
    return "".join(_unaccented(letter) for letter in text.translate(_UNDECOMPOSED))


def _unaccented(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter
