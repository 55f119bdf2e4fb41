"""What could be had instead of something, as the shop's details name it. It is told, and never ordered by
itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket, Line
from agent.deciding.details import Facts
from agent.deciding.replies import spoken_money
from agent.deciding.replies_instead import INSTEAD
from agent.deciding.spoken_basket import spoken_basket

MOST_LOOKED_AT = 10
"""Of what is named instead of one thing: the shop puts the best first."""


def substitutes(
    line: Line, facts: Mapping[str, Facts], catalogue: Assortment, language: str
) -> Iterator[Line]:
    """As many of each thing that the shop names first instead of `line`, in its order; with the options of
    `line`, where the other comes with them too. What is not sold, or has no words in `language`, is left
    out."""
    for product_id in facts.get(line.product_id, Facts()).substitutes[:MOST_LOOKED_AT]:
        try:
            options = catalogue.product(product_id).options
            chosen = {option: choice for option, choice in line.options if option in options}
            yield catalogue.line(product_id, chosen, line.quantity, language)
        except KeyError:
            continue


def instead_of(
    lines: Iterable[Line],
    facts: Mapping[str, Facts],
    catalogue: Assortment,
    language: str,
    is_there: Callable[[Line], bool] = lambda _: True,
    wake: str = "",
) -> str:
    """A question about what could be ordered instead of those of `lines` for which there is something, the
    first of each that `is_there`; '' where there is nothing. `wake` is the phrase by which that is heard,
    also while something else is asked; '' for a screen."""
    if language not in INSTEAD:
        return ""
    found: list[Line] = []
    for line in lines:
        others = (other for other in substitutes(line, facts, catalogue, language) if is_there(other))
        if (other := next(others, None)) is not None and other.sku not in {one.sku for one in found}:
            found.append(other)
    if not found:
        return ""
    basket = Basket(tuple(found), catalogue.version)
    items, total = spoken_basket(basket, language), spoken_money(basket.total, language)
    return INSTEAD[language].format(items=items, total=total, called=f"{wake}, " if wake else "")
