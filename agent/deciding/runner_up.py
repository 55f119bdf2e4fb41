"""Whether another order lies so close behind the likeliest one that it takes a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Order = TypeVar("Order")


def runner_up(best: Order, others: Iterable[tuple[Order | None, float]], within_nats: float) -> Order | None:
    """The nearest order that is not `best` and lies at most `within_nats` behind it; None where none does.

    `others`: what each runner-up among the sentences asks for (None: no order) and its distance in nats,
    nearest first. Sentences that ask for the same thing in other words are no runners-up.
    """
    for other, behind_nats in others:
        if behind_nats > within_nats:
            return None
        if other is not None and other != best:
            return other
    return None
