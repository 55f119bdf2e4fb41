"""From words to meaning: the tags along a sentence of the grammar, and what they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.denials import is_called_off, is_denied, is_doubtful
from agent.deciding.lexicon import LARGEST_SPOKEN_NUMBER, LEXICONS, typed_counts
from agent.deciding.said_lines import basket_of
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


@dataclass(frozen=True)
class OrderAsked:
    """Somebody asked for this basket."""

    basket: Basket


@dataclass(frozen=True)
class MoreAsked:
    """After a read-back somebody asked for this as well."""

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
class RepeatAsked:
    """Somebody wants to hear once more what is asked."""


@dataclass(frozen=True)
class PhraseRead:
    """An enrolment sentence was read aloud; `number` indexes those of the language."""

    number: int


@dataclass(frozen=True)
class NotUnderstood:
    """No sentence of the grammar."""


MORE = Tag("intent", "more")
"""Leads to what is wanted beside what was read back."""

ANSWERS = frozenset({"consent", "enrol"})
"""Entries where a yes has consequences. (Elsewhere "nabu" may be written "no boo" in the free decode.)"""

Meaning = OrderAsked | MoreAsked | Answer | HelpAsked | RepeatAsked | PhraseRead | NotUnderstood


def understand(
    parser: SentenceParser, catalogue: Assortment, entry: str, words: str, open_words: str = ""
) -> Meaning:
    """What `words` mean at `entry`. `open_words` (the free decodes) can only ever turn an answer into a
    denial, or into one that has to be given again.

    Whatever products are called, a sentence that has another meaning than an order is none."""
    language = parser.language
    readings = parser.readings(entry, words) if words else ()
    orders = [tags for tags in readings if _orders(tags, words, catalogue, language)]
    answers = [tags for tags in readings if not any(tag.slot == "product" for tag in tags)]
    if any(tag.slot == "denial" for tags in readings for tag in tags):
        return Answer("denial")
    if entry in ANSWERS and is_denied(open_words, language, _names(orders, catalogue, language)):
        return Answer("denial")
    if answers:
        return _answer(answers[0], entry, words, open_words, language) if not orders else NotUnderstood()
    if not orders:
        return NotUnderstood()
    if is_called_off(open_words, words, language):
        return Answer("denial")
    basket = _only_basket(orders, catalogue, language)
    if basket is None:
        return NotUnderstood()
    return MoreAsked(basket) if MORE in orders[0] else OrderAsked(basket)


def _answer(tags: tuple[Tag, ...], entry: str, words: str, open_words: str, language: str) -> Meaning:
    """What a sentence without a product says."""
    said: dict[str, str] = {tag.slot: tag.value for tag in tags}
    if "later" in said:
        return Answer("later")
    if "phrase" in said:
        return PhraseRead(int(said["phrase"]))
    if said.get("intent") == "help":
        return HelpAsked()
    if said.get("intent") == "repeat":
        return RepeatAsked()
    if entry in ANSWERS and is_doubtful(open_words, words, language):
        return NotUnderstood()
    if "quantity" in said:
        quantity = sum(int(tag.value) for tag in tags if tag.slot == "quantity")
        return Answer("consent", quantity, said.get("unit"))
    kinds = {tag.value for tag in tags if tag.slot == "consent"}
    return Answer("consent" if "sentence" in kinds else "bare")


def _orders(tags: Sequence[Tag], words: str, catalogue: Assortment, language: str) -> bool:
    """Whether a reading of `words` asks for products, each by a name: one that is called like something else
    that people say to the device ("Cancel", "Yes") only with a count or a unit."""
    if _without_courtesy(normalise_text(words), language) in commands(language):
        return False
    products: list[str] = []
    uncounted: set[str] = set()
    for item in _split(tags):
        slots = {tag.slot for tag in item}
        named = [tag.value for tag in item if tag.slot == "product"]
        products += named
        if slots.isdisjoint(("quantity", "unit")):
            uncounted.update(named)
    said = f" {normalise_text(words)} "
    for product in uncounted:
        names = {normalise_text(name) for name in catalogue.product(product).words[language].heard}
        others = names - commands(language)
        if others != names and not any(f" {name} " in said for name in others):
            return False
    return bool(products)


def _without_courtesy(text: str, language: str) -> str:
    """Normalised `text` without a wake phrase before it and a "please" after it."""
    lexicon = LEXICONS[language]
    for phrase in lexicon.wake_phrases:
        text = text.removeprefix(normalise_text(phrase) + " ")
    for phrase in lexicon.politeness:
        text = text.removesuffix(" " + normalise_text(phrase))
    return text


def _split(tags: Sequence[Tag]) -> Iterator[list[Tag]]:
    """The tags of each item, and of each correction of one."""
    item: list[Tag] = []
    for tag in tags:
        if tag.slot in ("item", "correction"):
            yield item
            item = []
        item.append(tag)
    yield item


@cache
def commands(language: str) -> frozenset[str]:
    """What is said to the device beside orders, normalised."""
    lexicon = LEXICONS[language]
    return frozenset(
        normalise_text(phrase)
        for phrases in (
            *(lexicon.consent_sentences, lexicon.consent_bare, lexicon.enrolment_consents, lexicon.denials),
            *(
                lexicon.laters,
                lexicon.neither,
                lexicon.help_phrases,
                lexicon.repeat_phrases,
                lexicon.low_questions,
                lexicon.wake_phrases,
            ),
            *(lexicon.denial_words, lexicon.denial_phrases, lexicon.politeness, lexicon.corrections),
        )
        for phrase in phrases
    )


def _names(orders: Iterable[Sequence[Tag]], catalogue: Assortment, language: str) -> frozenset[str]:
    """All that the things asked for are called, normalised."""
    named = {tag for tags in orders for tag in tags}
    wordings = [catalogue.product(tag.value).words[language] for tag in named if tag.slot == "product"]
    for slot, value in named:
        if slot.startswith("option:"):
            wordings.append(catalogue.option(slot.partition(":")[2]).choice(value).words[language])
    return frozenset(normalise_text(name) for wording in wordings for name in wording.heard)


def _only_basket(readings: Sequence[tuple[Tag, ...]], catalogue: Assortment, language: str) -> Basket | None:
    """What a sentence orders; None where that is not clear.

    A name that holds an "and" is one product, and what can be an option of a product is one: of several
    readings those with the fewest items count, and these have to come to one basket.
    """
    fewest = min(_items(tags) for tags in readings)
    baskets = [basket_of(tags, catalogue, language) for tags in readings if _items(tags) == fewest]
    return baskets[0] if all(basket == baskets[0] for basket in baskets) else None


def _items(tags: Sequence[Tag]) -> int:
    return sum(tag.slot == "product" for tag in tags)


def asks_what_is_low(text: str, language: str) -> bool:
    """Whether a typed line asks what sensors have found running low. It is not in the grammar that is heard:
    every sentence more would make the others harder to tell apart."""
    return normalise_text(text) in {normalise_text(phrase) for phrase in LEXICONS[language].low_questions}
