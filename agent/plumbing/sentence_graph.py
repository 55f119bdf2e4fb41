"""The compiled grammar as a value: what `till` compiles from the catalogue and `voice` decodes against.

A word-level non-deterministic automaton. It crosses the process border as one msgpack blob in a sealed memfd.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec


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


class SentenceGraph(msgspec.Struct, frozen=True):
    """Words are in the form of `normalise_text`; for English that leaves [a-z0-9].

    `spellings`: for words whose accents were folded, how they are written ("zolte": "żółte").
    `entries` maps a purpose ('order', 'consent', ...) to its start state; a sentence ends in any of `finals`.
    """

    language: str
    entries: dict[str, int]
    finals: list[int]
    arcs: list[Arc]
    tags: list[Tag]
    spellings: dict[str, list[str]] = {}

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @staticmethod
    def from_bytes(data: bytes) -> SentenceGraph:
        """Raises msgspec.DecodeError or msgspec.ValidationError where `data` is not a graph."""
        return msgspec.msgpack.decode(data, type=SentenceGraph)


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
    return "".join(_unaccented(letter) for letter in text.translate(_UNDECOMPOSED))


def _unaccented(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter
