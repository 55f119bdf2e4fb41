"""A typed line that the grammar does not know, in words that it does; what can be told where nothing else was
understood; and how much of a line was.

Nothing here agrees to anything: what is ordered is read back and confirmed as always.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.denials import is_denied
from agent.deciding.lexicon import LEXICONS
from agent.deciding.questions import Frame
from agent.deciding.replies_aids import AIDS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.typed_words import KINDS, PRICE_OF_IT, WAYS
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text

MOST_WORDS = 24
"""Of a line that is looked at; a longer one is left as it is."""

MOST_TRIES = 12
"""Of a line, one after another. "I want to return it" is "return it", which is meant as it stood before."""

MOST_WORDS_OF_A_PART = 12

_BY = {"en": "by", "pl": "na"}
_SIZES = re.compile(r"(\d)\s*[x×*]\s*(\d)", re.IGNORECASE)
_TIMES = re.compile(r"(?<![^\s])(\d+)\s*[x×]\s+", re.IGNORECASE)
_BETWEEN_THINGS = re.compile(r"[,;+](?=\s|$)")


def in_other_words(text: str, language: str, tried: Collection[str] = ()) -> str:
    """`text` by the way that takes most of its words; '' where it is put in no way that is known, or where
    that is one of those that were `tried` already."""
    if len(text.split()) > MOST_WORDS or len(tried) >= MOST_TRIES:
        return ""
    other = _by_a_way(text, language)
    return "" if other == text or other in tried else other


def _by_a_way(text: str, language: str) -> str:
    said = normalise_text(text)
    for way in _ways(language):
        if way.whole:
            if way.before == said:
                return way.kind
        elif said.startswith(way.before) and said.endswith(way.after) and (rest := way.around(text)):
            return way.kind.format(rest)
    return _as_said(text, language)


def _as_said(text: str, language: str) -> str:
    """As it would be said: "milk, butter and 3 x sugar" has an "and" in place of the comma, "M8x40" a word
    between its sizes; '' where it is written so already."""
    sized = _SIZES.sub(rf"\1 {_BY.get(language, ' ')} \2", text)
    if sized != text:
        return sized
    if (counted := _TIMES.sub(r"\1 ", text)) != text:
        return counted
    parts = [part.strip() for part in _BETWEEN_THINGS.split(text)]
    return f" {LEXICONS[language].and_joiner} ".join(filter(None, parts)) if len(parts) > 1 else ""


@cache
def _ways(language: str) -> tuple[Frame, ...]:
    """Those of the language, of the most words first; `kind` is what each means."""
    frames = []
    for means, ways in WAYS.get(language, {}).items():
        for way in ways:
            before, rest, after = way.partition("{}")
            frames.append(Frame(means, normalise_text(before), normalise_text(after), whole=not rest))
    return tuple(
        sorted(frames, key=lambda frame: (not frame.whole, -len(f"{frame.before} {frame.after}".split())))
    )


def aid(text: str, language: str) -> str:
    """What a line is answered where it is one of `AIDS`, with its placeholders; '' where it is none."""
    said = normalise_text(text)
    return _aids(language).get(said, "")


@cache
def _aids(language: str) -> dict[str, str]:
    return {
        normalise_text(line): known.reply
        for known in AIDS.get(language, {}).values()
        for line in known.lines.split(";")
    }


def asks_price_of_it(text: str, language: str) -> bool:
    """Whether the price is asked of what is in hand, or was spoken of."""
    return normalise_text(text) in map(normalise_text, PRICE_OF_IT.get(language, ()))


def kinds_asked(text: str, language: str) -> str:
    """What `text` asks to see the kinds of ("which cheeses do you have"); '' where it asks for none."""
    things = (frame.around(text.strip(" ?.!")) for frame in _kinds(language))
    return max(things, key=lambda thing: (bool(thing), -len(thing)), default="")


@cache
def _kinds(language: str) -> tuple[Frame, ...]:
    parts = (way.partition("{}") for way in KINDS.get(language, ()))
    return tuple(Frame("kinds", normalise_text(before), normalise_text(after)) for before, _, after in parts)


def understood_part(parser: SentenceParser, catalogue: Assortment, text: str) -> Basket | None:
    """What the most words of a line, one after another, would order; None where none would, or where a word
    of it denies."""
    words = text.split()
    if len(words) > MOST_WORDS or is_denied(text, parser.language):
        return None
    for length in range(min(len(words) - 1, MOST_WORDS_OF_A_PART), 0, -1):
        for at in range(len(words) - length + 1):
            part = " ".join(words[at : at + length])
            meaning = understand(parser, catalogue, "order", part)
            if isinstance(meaning, OrderAsked):
                return meaning.basket
    return None
