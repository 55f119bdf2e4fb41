"""From words to meaning: the tags along a sentence of the grammar, and what they ask for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from agent.deciding.basket import Basket
from agent.deciding.catalogue import Catalogue
from agent.deciding.lexicon import LEXICONS
from agent.plumbing.sentence_graph import SentenceGraph, Tag, normalise_text


class SentenceParser:
    """Finds the meaning of sentences of one `SentenceGraph`. Build it once for each graph."""

    def __init__(self, graph: SentenceGraph) -> None:
        self.language = graph.language
        self._graph = graph
        self._finals = frozenset(graph.finals)
        self._free: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._steps: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        for source, word, target, tag in graph.arcs:
            if word:
                self._steps[source, word].append((target, tag))
            else:
                self._free[source].append((target, tag))

    def parse(self, entry: str, text: str) -> tuple[Tag, ...] | None:
        """Tags in the order in which they were said; None where `text` is no sentence of `entry`."""
        here = self._closure({self._graph.entries[entry]: ()})
        for word in normalise_text(text).split():
            there: dict[int, tuple[int, ...]] = {}
            for state, tags in here.items():
                for target, tag in self._steps.get((state, word), ()):
                    there.setdefault(target, tags if tag < 0 else (*tags, tag))
            here = self._closure(there)
            if not here:
                return None
        for state, tags in here.items():
            if state in self._finals:
                return tuple(self._graph.tags[tag] for tag in tags)
        return None

    def _closure(self, states: dict[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
        todo = list(states)
        while todo:
            state = todo.pop()
            for target, tag in self._free.get(state, ()):
                if target not in states:
                    states[target] = states[state] if tag < 0 else (*states[state], tag)
                    todo.append(target)
        return states


@dataclass(frozen=True)
class OrderAsked:
    """Somebody asked for this basket."""

    basket: Basket


@dataclass(frozen=True)
class Answer:
    """What a sentence says to a question. A denial anywhere in it wins over every consent, and so does a
    "later"."""

    kind: Literal["consent", "bare", "denial", "later"]
    quantity: int | None = None
    unit: str | None = None


@dataclass(frozen=True)
class HelpAsked:
    """Somebody wants to know what can be said."""


@dataclass(frozen=True)
class PhraseRead:
    """An enrolment sentence was read aloud; `number` indexes `ENROLMENT_PHRASES`."""

    number: int


@dataclass(frozen=True)
class NotUnderstood:
    """No sentence of the grammar."""


ANSWERS = frozenset({"consent", "enrol"})
"""Entries where a yes has consequences. (Elsewhere "nabu" may be written "no boo" in the free decode.)"""

Meaning = OrderAsked | Answer | HelpAsked | PhraseRead | NotUnderstood


def understand(
    parser: SentenceParser, catalogue: Catalogue, entry: str, words: str, open_words: str = ""
) -> Meaning:
    """What `words` mean at `entry`. `open_words` (the free decode) can only ever turn an answer into a
    denial."""
    denied = entry in ANSWERS and is_denied(open_words, parser.language)
    tags = parser.parse(entry, words) if words else None
    if tags is None:
        return Answer("denial") if denied else NotUnderstood()
    said: dict[str, str] = {tag.slot: tag.value for tag in tags}
    if denied or "denial" in said:
        return Answer("denial")
    if "later" in said:
        return Answer("later")
    if "product" in said:
        options = {
            slot.partition(":")[2]: value for slot, value in said.items() if slot.startswith("option:")
        }
        line = catalogue.line(said["product"], options, int(said.get("quantity", "1")), parser.language)
        return OrderAsked(Basket((line,), catalogue.version))
    if "phrase" in said:
        return PhraseRead(int(said["phrase"]))
    if said.get("intent") == "help":
        return HelpAsked()
    if "quantity" in said:
        return Answer("consent", int(said["quantity"]), said.get("unit"))
    kinds = {tag.value for tag in tags if tag.slot == "consent"}
    return Answer("consent" if "sentence" in kinds else "bare")


def asks_what_is_low(text: str, language: str) -> bool:
    """Whether a typed line asks what sensors have found running low. It is not in the grammar that is heard:
    every sentence more would make the others harder to tell apart."""
    return normalise_text(text) in {normalise_text(phrase) for phrase in LEXICONS[language].low_questions}


def is_denied(text: str, language: str) -> bool:
    """Whether any word of `text` denies ("don't", "never", "nie"). Words that merely contain one do not."""
    return not LEXICONS[language].denial_words.isdisjoint(normalise_text(text).split())
