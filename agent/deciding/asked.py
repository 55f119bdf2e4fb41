"""Typed questions beside the price: of which kind, and about what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.deciding.ask_words import ASK_TEMPLATES
from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.questions import Frame
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text


class Asked(NamedTuple):
    """`basket` is what was named; None for a question that names nothing."""

    kind: str
    basket: Basket | None = None


def asked_in(
    parser: SentenceParser, catalogue: Assortment, frames: Iterable[Frame], text: str
) -> Asked | None:
    """What a typed line asks; None where it asks nothing, or that is not clear."""
    kinds = ASK_TEMPLATES.get(parser.language, {})
    own, said = [frame for frame in frames if frame.kind in kinds], normalise_text(text)
    found = {Asked(frame.kind) for frame in own if frame.whole and frame.before == said}
    if not found:
        things = {(frame.kind, frame.around(text)) for frame in own}
        found = {
            Asked(kind, meaning.basket)
            for kind, thing in things
            if thing and isinstance(meaning := understand(parser, catalogue, "order", thing), OrderAsked)
        }
    return found.pop() if len(found) == 1 else None
