"""From the tags of one order to its lines: several items, and corrections in the same breath.

A correction ("no, ...", "I mean ...", "make that ...") replaces one line that was said before it:

| after "no," comes | the line it replaces | what stays of that line |
|---|---|---|
| a count ("three") | the last | product, options |
| a count and a unit ("three boxes") | the last if it has that unit, else the only one | product, options |
| an option ("medium", "with oat milk") | the last | product, count, other options |
| a product that was named | the last if it is that, else the only one | count, options not said again |
| another product | the last | the count, if not said again and the unit is the same |
| "not the latte, a mocha" | the only line with what follows "not" | the count, as above |

What fits no row, or two lines, is no order (`None`): it is refused, never guessed. So is an option that is
said twice for one item with different values, a unit that the corrected product is not sold in, and "not the
latte" without what is wanted instead. Lines with the same product and options become one, and their counts
are added.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket, Line
from agent.plumbing.sentence_graph import Tag

NEXT_ITEM = Tag("item", "next")
INSTEAD = Tag("item", "instead")
CORRECTED = Tag("correction", "said")
NOT = Tag("correction", "not")

_Kind = Literal["item", "correction", "not", "instead"]
_KINDS: dict[Tag, _Kind] = {NEXT_ITEM: "item", INSTEAD: "instead", CORRECTED: "correction", NOT: "not"}


@dataclass(frozen=True)
class Said:
    """One item or the part of one, of some `kind`; '' and 0 for what was not said."""

    kind: _Kind = "item"
    product: str = ""
    quantity: int = 0
    unit: str = ""
    options: dict[str, str] = field(default_factory=dict)


class NoOrderError(Exception):
    """What was said fits nothing, or more than one line."""


def basket_of(tags: Sequence[Tag], catalogue: Assortment, language: str) -> Basket | None:
    """What the tags of a sentence ask for, in the order in which it was first said; None where it is
    ambiguous or contradicts itself."""
    try:
        lines = _corrected(list(said_items(tags)), catalogue)
    except NoOrderError:
        return None
    priced = [catalogue.line(said.product, said.options, said.quantity or 1, language) for said in lines]
    return Basket(tuple(merged(priced, catalogue, language)), catalogue.version)


def said_items(tags: Sequence[Tag]) -> Iterator[Said]:
    """Each item along `tags`, and each correction. Raises NoOrderError for an option that is said twice with
    different values."""
    said = Said()
    for tag in tags:
        if tag in _KINDS:
            yield said
            said = Said(_KINDS[tag])
        elif tag.slot == "product":
            said = replace(said, product=tag.value)
        elif tag.slot == "quantity":
            said = replace(said, quantity=int(tag.value))
        elif tag.slot == "unit":
            said = replace(said, unit=tag.value)
        elif tag.slot.startswith("option:"):
            option = tag.slot.partition(":")[2]
            if said.options.get(option, tag.value) != tag.value:
                raise NoOrderError
            said = replace(said, options={**said.options, option: tag.value})
    yield said


def _corrected(items: list[Said], catalogue: Assortment) -> list[Said]:
    lines: list[Said] = []
    todo = deque(items)
    while todo:
        said = todo.popleft()
        if said.kind == "item":
            lines.append(said)
        elif said.kind == "instead":
            raise NoOrderError
        elif said.kind == "not" or (todo and todo[0].kind == "instead"):
            wanted = todo.popleft() if todo else said
            if wanted.kind not in ("item", "instead") or not wanted.product:
                raise NoOrderError
            at = only(i for i, line in enumerate(lines) if _is_meant(said, line))
            lines[at] = in_place_of(lines[at], wanted, catalogue)
        else:
            at = _replaced(said, lines, catalogue)
            lines[at] = in_place_of(lines[at], said, catalogue)
    return lines


def _is_meant(said: Said, line: Said) -> bool:
    """Whether "the large latte" is this line."""
    return said.product == line.product and said.options.items() <= line.options.items()


def _replaced(said: Said, lines: list[Said], catalogue: Assortment) -> int:
    """The index of the line that a correction means."""
    last = len(lines) - 1
    if said.product:
        fitting = [i for i, line in enumerate(lines) if line.product == said.product]
        if not fitting:
            fitting = [last]
            if said.unit and _unit(lines[last], catalogue) != said.unit:
                others = [i for i in range(last) if _unit(lines[i], catalogue) == said.unit]
                if others:
                    raise NoOrderError  # "two boxes of bolts and a litre of oil, no, three boxes of nuts"
    elif said.unit:
        fitting = [i for i, line in enumerate(lines) if _unit(line, catalogue) == said.unit]
    else:
        return last
    return last if last in fitting else only(fitting)


def in_place_of(line: Said, said: Said, catalogue: Assortment) -> Said:
    """`line` with what `said` says anew. Raises NoOrderError for options that it does not have, and where the
    count that stays would be of other units."""
    product = said.product or line.product
    sold = catalogue.product(product)
    if not said.options.keys() <= set(sold.options):
        raise NoOrderError
    quantity = said.quantity or line.quantity
    if product == line.product:
        return Said("item", product, quantity, sold.unit, {**line.options, **said.options})
    if not said.quantity and line.quantity and sold.unit != _unit(line, catalogue):
        raise NoOrderError  # "two bags of coffee, no, milk": how many cartons?
    return Said("item", product, quantity, sold.unit, said.options)


def _unit(line: Said, catalogue: Assortment) -> str:
    return catalogue.product(line.product).unit


def only(indices: Iterable[int]) -> int:
    """The one there is. Raises NoOrderError where there is none, or more."""
    found = list(indices)
    if len(found) != 1:
        raise NoOrderError
    return found[0]


def merged(lines: list[Line], catalogue: Assortment, language: str) -> Iterator[Line]:
    """Counts of the same thing added."""
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.sku] = counts.get(line.sku, 0) + line.quantity
    for sku in counts:  # in the order in which they were first said
        line = next(line for line in lines if line.sku == sku)
        yield catalogue.line(line.product_id, dict(line.options), counts[sku], language)
