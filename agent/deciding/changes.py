"""What becomes of a basket that was read back when somebody wants it otherwise.

| after the read-back | the line it means | what becomes of it |
|---|---|---|
| "make it three", "two instead" | the only one | its count |
| "make it three boxes" | the only one with that unit | its count |
| "make it dark roast" | the only one that can be that | its option |
| "make it two teas" | the only one with that product; else the only one of all | count, options, product |
| "without the tea" | the only one with that product | it is left out |
| "remove one bag of sugar" | the only one with that product | so many are left out |

What fits no line, or two, changes nothing: somebody is asked for it, and it is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.said_lines import NoOrderError, Said, in_place_of, merged, only, said_items
from agent.plumbing.sentence_graph import Tag

OTHERWISE = Tag("intent", "change")
LESS = Tag("intent", "less")


def is_change(tags: Iterable[Tag]) -> bool:
    """Whether a sentence along `tags` wants what was read back otherwise, and denies nothing."""
    slots = {(tag.slot, tag.value) for tag in tags}
    return bool(slots & {OTHERWISE, LESS}) and all(slot != "denial" for slot, _ in slots)


def changed(
    basket: Basket, readings: Sequence[Sequence[Tag]], catalogue: Assortment, language: str
) -> Basket | Literal["emptied", "unclear"]:
    """What `basket`, priced by `catalogue`, is then, by every one of the `readings` (tags that are a change);
    'emptied' where nothing is left, 'unclear' where there are none, they disagree or fit no one line."""
    if not readings or basket.catalogue_version != catalogue.version:
        return "unclear"
    outcomes = [_changed(basket, tags, catalogue, language) for tags in readings]
    return outcomes[0] if all(outcome == outcomes[0] for outcome in outcomes) else "unclear"


def _changed(
    basket: Basket, tags: Sequence[Tag], catalogue: Assortment, language: str
) -> Basket | Literal["emptied", "unclear"]:
    lines = [
        Said("item", line.product_id, line.quantity, line.unit, dict(line.options)) for line in basket.lines
    ]
    try:
        wanted = list(said_items(tags))
        if any(said.kind != "item" for said in wanted):
            return "unclear"
        lines = _without(lines, wanted) if LESS in tags else _otherwise(lines, wanted, catalogue)
    except NoOrderError:
        return "unclear"
    if not lines:
        return "emptied"
    priced = [catalogue.line(said.product, said.options, said.quantity, language) for said in lines]
    return Basket(tuple(merged(priced, catalogue, language)), catalogue.version)


def _otherwise(lines: list[Said], wanted: Sequence[Said], catalogue: Assortment) -> list[Said]:
    first, *others = wanted
    at = _meant(first, lines, catalogue)
    after = [*lines[:at], in_place_of(lines[at], first, catalogue), *lines[at + 1 :]]
    for said in others:  # "... and two boxes of tea": as many of what is there, or that as well
        if not said.product:
            raise NoOrderError
        if any(line.product == said.product for line in after):
            at = _meant(said, after, catalogue)
            after[at] = in_place_of(after[at], said, catalogue)
        else:
            unit = catalogue.product(said.product).unit
            after.append(Said("item", said.product, said.quantity or 1, unit, said.options))
    return after


def _meant(said: Said, lines: Sequence[Said], catalogue: Assortment) -> int:
    """The index of the line that is to be otherwise."""
    fitting = list(range(len(lines)))
    if said.product:
        named = [at for at in fitting if lines[at].product == said.product]
        exact = [at for at in named if said.options.items() <= lines[at].options.items()]
        return only(exact if len(named) > 1 else named or fitting)
    if said.unit:
        fitting = [at for at in fitting if lines[at].unit == said.unit]
    if said.options:
        fitting = [
            at for at in fitting if said.options.keys() <= set(catalogue.product(lines[at].product).options)
        ]
    if not (said.quantity or said.options):
        raise NoOrderError
    return only(fitting)


def _without(lines: list[Said], unwanted: Sequence[Said]) -> list[Said]:
    left = list(lines)
    for said in unwanted:
        at = only(at for at, line in enumerate(left) if _names(said, line))
        line = left.pop(at)
        if said.quantity > line.quantity:
            raise NoOrderError
        if 0 < said.quantity < line.quantity:
            count = line.quantity - said.quantity
            left.insert(at, Said("item", line.product, count, line.unit, line.options))
    return left


def _names(said: Said, line: Said) -> bool:
    return (
        bool(said.product)
        and said.product == line.product
        and said.options.items() <= line.options.items()
        and said.unit in ("", line.unit)
    )
