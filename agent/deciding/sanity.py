"""Whether a count may be a slip: "two hundred lattes?"."""

from __future__ import annotations

from collections import Counter

from agent.deciding.basket import Basket
from agent.deciding.details import Facts
from agent.deciding.surroundings import Surroundings


def is_much(basket: Basket, around: Surroundings) -> bool:
    """Whether there is more of a product than one order of it holds, by what the shop tells of it, or much
    more than who orders usually orders. Where nothing is known, nothing is much."""
    counts: Counter[str] = Counter()
    for line in basket.lines:
        counts[line.product_id] += line.quantity
    for product, count in counts.items():
        most = around.house.facts.get(product, Facts()).most
        if count > min(most or count, around.much.get(product, count)):
            return True
    return False
