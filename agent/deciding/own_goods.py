"""What somebody is told who asks about goods of their own, out of past orders, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.deciding.basket import Basket, Line, counts_of
from agent.deciding.history import PastOrder, Period, in_period
from agent.deciding.history_words import PERIOD_WORDS
from agent.deciding.money import Money
from agent.deciding.own_goods_words import OWN_REPLIES
from agent.deciding.recalling import count_in_words, total_in_words
from agent.deciding.spoken_basket import joined, spoken_line
from agent.deciding.suggested import ago_in_words

IsMeant = Callable[[str], bool]
"""Whether that sku is one of those that are asked about."""

BasketOf = Callable[[str], Basket | None]
"""That of a `basket_key`, in words; None where not all of it is sold any more."""


def spent_in_words(
    orders: Sequence[PastOrder],
    period: Period,
    now: datetime,
    is_meant: IsMeant,
    basket_of: BasketOf,
    language: str,
    item: str,
) -> str:
    """What was spent on it in `period`, out of `orders`, oldest first. An order that held other things as
    well has one total, so there the prices of now are counted, and it is said so. `item` is what is meant."""
    words, said = OWN_REPLIES[language], PERIOD_WORDS[language][period][0]
    begun = said[:1].upper() + said[1:]
    with_it = [order for order in in_period(orders, period, now) if _counts(order, is_meant)]
    sums, is_by_today, lines = list[Money](), False, dict[str, Line]()
    for order in with_it:
        counts = _counts(order, is_meant)
        basket = basket_of("|".join(f"{sku}*{count}" for sku, count in counts.items()))
        if len(counts) == len(counts_of(order.key)):
            sums.append(order.total)
        elif basket is not None:
            sums.append(basket.total)
            is_by_today = True
        for line in basket.lines if basket else ():
            lines[line.sku] = line if line.sku not in lines else lines[line.sku].plus(line.quantity)
    if not sums or not lines:
        return words["spent_nothing"].format(Period=begun, item=item)
    answer = words["spent"].format(
        Period=begun,
        total=total_in_words(sums, language),
        items=joined([spoken_line(line, language) for line in lines.values()], language),
        count=count_in_words(len(with_it), language),
    )
    return f"{answer} {words['today_prices']}" if is_by_today else answer


def last_in_words(
    orders: Sequence[PastOrder],
    now: datetime,
    is_meant: IsMeant,
    basket_of: BasketOf,
    language: str,
    item: str,
) -> str:
    """When it was ordered last, out of `orders`, oldest first, and how much of it."""
    words = OWN_REPLIES[language]
    for order in reversed(orders):
        counts = _counts(order, is_meant)
        basket = basket_of("|".join(f"{sku}*{count}" for sku, count in counts.items())) if counts else None
        if basket is not None:
            items = joined([spoken_line(line, language) for line in basket.lines], language)
            days = (now.date() - order.at.date()).days
            when = words.get(f"ago_{days}") or ago_in_words(days, language)
            return words["last_open" if order.open else "last"].format(when=when, items=items)
    return words["last_never"].format(item=item)


def _counts(order: PastOrder, is_meant: IsMeant) -> dict[str, int]:
    return {sku: count for sku, count in counts_of(order.key).items() if is_meant(sku)}
