"""How an order is said, from its first word to its last: several items, and corrections in one breath.

What `said_lines` makes lines of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.deciding.catalogue import Catalogue
from agent.deciding.graph_builder import GraphBuilder
from agent.deciding.item_sentences import (
    add_counts,
    add_option,
    add_products,
    add_unit,
    product_groups,
    product_names,
)
from agent.deciding.lexicon import LEXICONS, spoken_numbers
from agent.deciding.said_lines import CORRECTED, INSTEAD, NEXT_ITEM, NOT
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.sentence_graph import Tag, normalise_text


class Entrances(NamedTuple):
    """States from which an item, or what is corrected of one, leads on to the end; `correction` may be a
    denial as well; `done` is after one."""

    item: int
    correction: int
    wanting: int
    done: int


def by_what_follows(phrases: Iterable[str], lexicon: Lexicon) -> tuple[list[str], list[str]]:
    """Of corrections and changes those after which only what is wanted follows, and the others, which a
    denial may follow: nobody says "make it, don't", and "make it two" sounds like it."""
    wanting: list[str] = []
    others: list[str] = []
    for phrase in phrases:
        (wanting if phrase.split()[-1] in lexicon.wanting else others).append(phrase)
    return wanting, others


def add_orders(
    build: GraphBuilder,
    catalogue: Catalogue,
    language: str,
    start: int,
    end: int,
    extra_openings: Iterable[str],
) -> Entrances | None:
    """All orders of `catalogue` lead from `start` to `end`; `extra_openings` beside the lexicon's ("get me").
    Where other sentences may go on as orders do; None where the language opens none.

    Raises CatalogueError: catalogue_language, catalogue_unit, catalogue_options.
    """
    lexicon = LEXICONS[language]
    if lexicon.endings:
        _orders_with_ending(build, catalogue, language, start, end)
        return None
    opened, counted, done = build.state(), build.state(), build.state()
    build.phrases(start, (*lexicon.openings, *extra_openings), opened, Tag("intent", "order"))
    build.free(start, opened)
    add_counts(build, language, opened, counted)
    build.free(opened, counted)

    groups = product_groups(catalogue, language)
    of_unit: dict[str, int] = {}
    for unit in dict.fromkeys(unit for unit, _ in groups):
        of_unit[unit] = add_unit(build, lexicon, unit, counted)
    taken = product_names(catalogue, language)
    for (unit, option_ids), products in groups.items():
        options = [catalogue.option(option_id) for option_id in option_ids]
        front = add_products(build, products, options, language, done, taken)
        build.free(of_unit[unit], front)
        build.free(counted, front)
    build.phrases(done, lexicon.politeness, end)
    build.free(done, end)
    correction, wanting = _more(build, catalogue, language, opened, counted, done, end)
    return Entrances(opened, correction, wanting, done)


def _orders_with_ending(
    build: GraphBuilder, catalogue: Catalogue, language: str, start: int, end: int
) -> None:
    """Where the verb comes last: product, quantity and unit, ending."""
    lexicon = LEXICONS[language]
    counted, ended = build.state(), build.state()
    standing_alone = {normalise_text(text) for text in (*lexicon.one_of, *lexicon.counts)}
    taken, named = product_names(catalogue, language), dict[str, int]()
    for (unit, option_ids), products in product_groups(catalogue, language).items():
        if unit not in named:
            named[unit] = build.state()
            number = build.state()
            for text, value in spoken_numbers(language).items():
                alone = text in standing_alone or text.isdecimal()
                build.phrases(named[unit], (text,), counted if alone else number, Tag("quantity", str(value)))
                if text.isdecimal():
                    build.phrases(named[unit], (text,), number, Tag("quantity", str(value)))
            build.free(add_unit(build, lexicon, unit, number), counted)
            build.free(named[unit], counted)
        options = [catalogue.option(option_id) for option_id in option_ids]
        build.free(start, add_products(build, products, options, language, named[unit], taken))
    build.phrases(counted, lexicon.endings, ended, Tag("intent", "order"))
    build.free(counted, ended)
    build.free(ended, end)


def _more(
    build: GraphBuilder, catalogue: Catalogue, language: str, opened: int, counted: int, done: int, end: int
) -> tuple[int, int]:
    """What may follow an item: another one, a correction of one, or a denial of all. Items lead back into
    the one piece of the graph that holds all products. The states in which a correction begins: any, and
    one that wants something.

    A "no" alone is no end: somebody who says it goes on, and is not to be cut off. Where nothing follows it,
    `understand` hears it in the free decode."""
    lexicon = LEXICONS[language]
    further, taken_back, corrected = build.state(), build.state(), build.state()
    build.free(done, further, NEXT_ITEM)
    add_counts(build, language, further, counted)  # without an "and" only a count begins another item
    build.phrases(done, (lexicon.and_joiner,), opened, NEXT_ITEM)
    build.phrases(done, lexicon.but_this, opened, INSTEAD)
    build.phrases(done, lexicon.not_that, opened, NOT)
    wanting, others = by_what_follows(lexicon.corrections, lexicon)
    build.phrases(done, wanting, corrected, CORRECTED)
    build.phrases(done, others, taken_back, CORRECTED)
    ends = [text for text in lexicon.denials if text not in lexicon.corrections]
    build.phrases(done, ends, end, Tag("denial", "said"))
    build.phrases(taken_back, lexicon.denials, end, Tag("denial", "said"))
    build.free(taken_back, corrected)
    build.free(corrected, opened)
    _part_of_item(build, catalogue, language, corrected, done)
    return taken_back, corrected


def _part_of_item(build: GraphBuilder, catalogue: Catalogue, language: str, start: int, done: int) -> None:
    """A correction that names no product: "three", "three boxes", "medium", "with oat milk"."""
    lexicon = LEXICONS[language]
    counted = build.state()
    add_counts(build, language, start, counted, without=lexicon.articles)
    build.free(counted, done)
    for unit in dict.fromkeys(product.unit for product in catalogue.products if language in product.words):
        forms = [form for form in lexicon.units[unit].heard if form]
        build.phrases(counted, forms, done, Tag("unit", unit))
    joined = build.state()
    build.phrases(start, (lexicon.after_joiner,), joined)
    for option in catalogue.options:
        source = start if option.position == "before" else joined
        add_option(build, option, language, source, done)
