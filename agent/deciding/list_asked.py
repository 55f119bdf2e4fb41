"""Lines, typed or heard, about the shopping list: what is wanted of it, of which things, for which day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.list_words import DAY_WORDS, LIST_KINDS, ON_A_DAY, ListKind
from agent.deciding.questions import Frame
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text

_KINDS: dict[str, ListKind] = {kind: kind for kind in LIST_KINDS}


class ListAsked(NamedTuple):
    """`basket` is what was named, None where nothing was, or nothing that is sold; `day` is Monday (0) to
    Sunday (6) or tomorrow (7), None where none was named."""

    kind: ListKind
    basket: Basket | None = None
    day: int | None = None


def list_asked(
    parser: SentenceParser, catalogue: Assortment, frames: Iterable[Frame], text: str
) -> ListAsked | None:
    """What a line wants of the list; None where it is about something else, or not clear. What is an
    order as well, because something is called like a list, is an order."""
    own = [frame for frame in frames if frame.kind in _KINDS]
    if not own:
        return None
    without, day = _without_day(text, parser.language)
    found = {
        ListAsked(kind, basket, day_)
        for line, day_ in {(text, None), (without, day)}
        for kind, basket in _found(parser, catalogue, own, line)
        if (kind in ON_A_DAY) == (day_ is not None) or (kind == "list_order")
    }
    if len(found) != 1 or isinstance(understand(parser, catalogue, "order", text), OrderAsked):
        return None
    return found.pop()


def _found(
    parser: SentenceParser, catalogue: Assortment, frames: Iterable[Frame], text: str
) -> set[tuple[ListKind, Basket | None]]:
    said = normalise_text(text)
    found: set[tuple[ListKind, Basket | None]] = set()
    things: dict[str, set[ListKind]] = {}
    for frame in frames:
        if frame.whole:
            if frame.before == said:
                found.add((_KINDS[frame.kind], None))
        elif said.startswith(frame.before) and said.endswith(frame.after) and (thing := frame.around(text)):
            things.setdefault(thing, set()).add(_KINDS[frame.kind])
    for thing, kinds in things.items():
        meaning = understand(parser, catalogue, "order", thing)
        if isinstance(meaning, OrderAsked):
            found |= {(kind, meaning.basket) for kind in kinds}
    return found or {(kind, None) for kinds in things.values() for kind in kinds}


def _without_day(text: str, language: str) -> tuple[str, int | None]:
    """`text` without the day that it ends with, and that day; as it is and None where it ends with none."""
    written = text.split()
    said = [normalise_text(word) for word in written]
    for day, phrases in enumerate(DAY_WORDS.get(language, ())):
        for phrase in phrases:
            words = normalise_text(phrase).split()
            if len(said) > len(words) and said[-len(words) :] == words:
                return " ".join(written[: -len(words)]), day
    return text, None
