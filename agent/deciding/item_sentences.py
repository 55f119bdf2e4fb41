"""How one item of an order is said: count, unit, product and options.

Products that share unit and options share one piece of the graph, so that options cost states once for each
group and not for each product.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agent.deciding.catalogue import Catalogue
from agent.deciding.connected_speech import weak_forms
from agent.deciding.graph_builder import GraphBuilder
from agent.deciding.lexicon import LEXICONS, spoken_numbers
from agent.deciding.products import Option, Product
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import Tag, normalise_text

MOST_OPTIONS_A_SIDE = 4
"""Options may be said in any order, which takes 2^n states."""


def product_groups(catalogue: Catalogue, language: str) -> dict[tuple[str, tuple[str, ...]], list[Product]]:
    """Products that are said in `language`, by unit and options. Raises CatalogueError catalogue_language."""
    groups: dict[tuple[str, tuple[str, ...]], list[Product]] = {}
    for product in catalogue.products:
        if language in product.words:
            groups.setdefault((product.unit, product.options), []).append(product)
    if not groups:
        raise CatalogueError(
            "catalogue_language", f"no product has words in {language!r}", "add words in that language"
        )
    return groups


def product_names(catalogue: Catalogue, language: str) -> frozenset[str]:
    """All that products are called."""
    return frozenset(
        normalise_text(name)
        for product in catalogue.products
        if language in product.words
        for name in product.words[language].heard
    )


def add_counts(
    build: GraphBuilder, language: str, source: int, target: int, without: Collection[str] = ()
) -> None:
    """Every number that can be said but `without`, from `source` to `target`."""
    for text, value in spoken_numbers(language).items():
        if text not in without:
            build.phrases(source, (text,), target, Tag("quantity", str(value)))


def add_unit(build: GraphBuilder, lexicon: Lexicon, unit: str, counted: int) -> int:
    """The state after "bags of"; tagged, so that a basket can be confirmed by it.

    Raises CatalogueError catalogue_unit.
    """
    words = lexicon.units.get(unit)
    if words is None:
        raise CatalogueError(
            "catalogue_unit",
            f"the unit {unit!r} has no words",
            f"use one of {', '.join(sorted(lexicon.units))}",
        )
    after = build.state()
    forms = [f"{form} {lexicon.of}" for form in words.heard if form]
    build.phrases(counted, forms, after, Tag("unit", unit))
    return after


def add_option(build: GraphBuilder, option: Option, language: str, source: int, target: int) -> None:
    """The choices of `option` that have words in `language`, from `source` to `target`."""
    for choice in option.choices:
        if language in choice.words:
            build.phrases(source, choice.words[language].heard, target, Tag(f"option:{option.id}", choice.id))


def add_products(
    build: GraphBuilder,
    products: Sequence[Product],
    options: Sequence[Option],
    language: str,
    done: int,
    taken: frozenset[str],
) -> int:
    """Options before the name in any order, the names, options after it in any order; returns the first
    state. `taken`: the names of all products. Raises CatalogueError catalogue_options."""
    before = [option for option in options if option.position == "before"]
    after = [option for option in options if option.position == "after"]
    if max(len(before), len(after)) > MOST_OPTIONS_A_SIDE:
        raise CatalogueError(
            "catalogue_options",
            f"product {products[0].id!r} has more than {MOST_OPTIONS_A_SIDE} options on one side of its name",
            "offer some of them as products of their own",
        )
    named = build.state()
    front, chosen = _subsets(build, before, language, joiner="", first="")
    for state in chosen:
        for product in products:
            build.phrases(state, _heard(product, language, taken), named, Tag("product", product.id))
    for option in before:  # "a latte, large"
        add_option(build, option, language, named, named)
    build.free(named, done)
    if after:
        lexicon = LEXICONS[language]
        start, ends = _subsets(build, after, language, joiner=lexicon.and_joiner, first=lexicon.after_joiner)
        build.free(named, start)
        late = build.state()
        for state in ends[1:]:
            build.free(state, late)
        for option in before:  # "a latte with oat milk, large"
            add_option(build, option, language, late, late)
        build.free(late, done)
    return front


def _heard(product: Product, language: str, taken: frozenset[str]) -> list[str]:
    """What `product` is called, and what speech makes of that where nothing else is called so."""
    names = product.words[language].heard
    weak = (form for name in names for form in weak_forms(name, language))
    return [*names, *(form for form in weak if form not in taken)]


def _subsets(
    build: GraphBuilder, options: Sequence[Option], language: str, *, joiner: str, first: str
) -> tuple[int, list[int]]:
    """States for every set of options said so far, in any order. Returns the empty set's state, and all of
    them."""
    states: dict[frozenset[str], int] = {frozenset(): build.state()}
    todo = [frozenset[str]()]
    while todo:
        said = todo.pop()
        link = joiner if said else first
        source = states[said]
        if link:
            source = build.state()
            build.phrases(states[said], (link,), source)
        for option in options:
            if option.id in said:
                continue
            more = said | {option.id}
            if more not in states:
                states[more] = build.state()
                todo.append(more)
            add_option(build, option, language, source, states[more])
    return states[frozenset()], list(states.values())
