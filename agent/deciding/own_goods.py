"""What somebody is told who asks about goods of their own, out of past orders, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    well has one total, so there the prices of now are counted, and it is said so; as it is of what has none
    any more. `item` is what is meant."""
    words, said = OWN_REPLIES[language], PERIOD_WORDS[language][period][0]
    shown = {"Period": said[:1].upper() + said[1:], "item": item}
    with_it = [order for order in in_period(orders, period, now) if _counts(order, is_meant)]
    sums, lines, is_by_today, is_partial = list[Money](), dict[str, Line](), False, False
    for order in with_it:
        counts = _counts(order, is_meant)
        sold = _sold(counts, basket_of)
        if len(counts) == len(counts_of(order.key)):
            sums.append(order.total)
        else:
            sums += [line.total for line in sold]
            is_by_today = is_by_today or bool(sold)
            is_partial = is_partial or len(sold) < len(counts)
        for line in sold:
            lines[line.sku] = line if line.sku not in lines else lines[line.sku].plus(line.quantity)
    if not with_it:
        return words["spent_nothing"].format(**shown)
    if not sums:
        return words["spent_unknown"].format(**shown)
    answer = words["spent"].format(
        **shown,
        total=total_in_words(sums, language),
        items=_in_words(lines.values(), language) or item,
        count=count_in_words(len(with_it), language),
    )
    if is_by_today:
        answer += f" {words['today_prices']}"
    return f"{answer} {words['not_sold']}" if is_partial else answer


def last_in_words(
    orders: Sequence[PastOrder],
    now: datetime,
    is_meant: IsMeant,
    basket_of: BasketOf,
    language: str,
    item: str,
) -> str:
    """When it was ordered last, out of `orders`, oldest first, and how much of what is still sold of it.
    `item` is what is meant."""
    words = OWN_REPLIES[language]
    for order in reversed(orders):
        if counts := _counts(order, is_meant):
            sold = _sold(counts, basket_of)
            items = _in_words(sold, language) or item
            days = (now.date() - order.at.date()).days
            when = words.get(f"ago_{days}") or ago_in_words(days, language)
            return words["last_open" if order.open else "last"].format(when=when, items=items)
    return words["last_never"].format(item=item)


def _counts(order: PastOrder, is_meant: IsMeant) -> dict[str, int]:
    return {sku: count for sku, count in counts_of(order.key).items() if is_meant(sku)}


def _sold(counts: Mapping[str, int], basket_of: BasketOf) -> list[Line]:
    """Those that still are, at the prices of now."""
    baskets = (basket_of(f"{sku}*{count}") for sku, count in counts.items())
    return [line for basket in baskets if basket is not None for line in basket.lines]


def _in_words(lines: Iterable[Line], language: str) -> str:
    told = [spoken_line(line, language) for line in lines]
    return joined(told, language) if told else ""
