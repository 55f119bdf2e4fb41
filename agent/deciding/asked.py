"""Questions: of which kind, and about what. Those that are heard are read as if they were typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.deciding.ask_words import ASK_TEMPLATES, FIT_WORDS, FitWords
from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.history_words import recalling_questions
from agent.deciding.questions import Frame, in_full, priced_basket
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sizes import written_size
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text

LONGEST_VALUE = 40


class Asked(NamedTuple):
    """`basket` is what was named; None for a question that names nothing. `value` is what it may fit, as it
    is written."""

    kind: str
    basket: Basket | None = None
    value: str = ""


def question_in(
    parser: SentenceParser, catalogue: Assortment, frames: Sequence[Frame], text: str
) -> Asked | None:
    """What somebody asks aloud: as `asked_in`, or 'price', or 'recall' for what was ordered or spent."""
    if normalise_text(text) in recalling_questions(parser.language):
        return Asked("recall")
    if basket := priced_basket(parser, catalogue, frames, text):
        return Asked("price", basket)
    return asked_in(parser, catalogue, frames, text)


def asked_in(
    parser: SentenceParser, catalogue: Assortment, frames: Iterable[Frame], text: str
) -> Asked | None:
    """What a typed line asks; None where it asks nothing, or that is not clear."""
    kinds = ASK_TEMPLATES.get(parser.language, {})
    text = in_full(text, parser.language)
    own, said = [frame for frame in frames if frame.kind in kinds], normalise_text(text)
    found = {Asked(frame.kind) for frame in own if frame.whole and frame.before == said}
    if not found:
        things = {(frame.kind, frame.around(text)) for frame in own}
        found = {
            Asked(kind, meaning.basket)
            for kind, thing in things
            if thing and isinstance(meaning := understand(parser, catalogue, "order", thing), OrderAsked)
        }
    if not found:
        return _whether_it_fits(parser, catalogue, text)
    return found.pop() if len(found) == 1 else None


def _whether_it_fits(parser: SentenceParser, catalogue: Assortment, text: str) -> Asked | None:
    """ "Does M8 fit?", "does it fit M8", "does the hex nut fit M8": at most one product, and one value."""
    words = FIT_WORDS.get(parser.language)
    written = text.strip(" ?.!").split()
    said = normalise_text(text).split()
    if words is None or len(said) != len(written) or not said or said[0] not in words.before:
        return None
    for between in (normalise_text(form).split() for form in words.between):
        for at in range(1, len(said) - len(between) + 1):
            if said[at : at + len(between)] == between:
                sides = (" ".join(written[1:at]), " ".join(written[at + len(between) :]))
                return _of_sides(parser, catalogue, sides, words)
    return None


def _of_sides(
    parser: SentenceParser, catalogue: Assortment, sides: tuple[str, str], words: FitWords
) -> Asked | None:
    in_hand = {"", *words.in_hand}
    named = [_without_article(side, words) for side in sides if normalise_text(side) not in in_hand]
    meanings = [understand(parser, catalogue, "order", side) for side in named]
    baskets = [meaning.basket for meaning in meanings if isinstance(meaning, OrderAsked)]
    values = [
        side for side, meaning in zip(named, meanings, strict=True) if not isinstance(meaning, OrderAsked)
    ]
    if len(values) != 1 or len(values[0]) > LONGEST_VALUE:
        return None
    value = written_size(values[0], parser.language) or values[0]
    return Asked("fits", baskets[0] if baskets else None, value)


def _without_article(text: str, words: FitWords) -> str:
    """ "hex nut" of "the hex nut": nobody orders "the hex nut"."""
    first, _, rest = text.partition(" ")
    return rest if rest and normalise_text(first) in words.articles else text
