"""What was ordered or spent in a period, in words for somebody who reads, and shorter for somebody who
listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from agent.deciding.date_words import date_in_words
from agent.deciding.history import PastOrder, Period, in_period, totals
from agent.deciding.history_words import ORDERS, PERIOD_WORDS, TOLD, Recalled
from agent.deciding.money import Money
from agent.deciding.number_words import in_words
from agent.deciding.replies import on_day, spoken_money
from agent.deciding.replies_questions import ALOUD
from agent.deciding.spoken_basket import joined, plural

MOST_ALOUD = 3
"""Orders that are told one by one to somebody who listens."""


def told(
    asked: Recalled,
    orders: Sequence[PastOrder],
    now: datetime,
    language: str,
    title: Callable[[PastOrder], str],
    names: Mapping[str, str],
    *,
    aloud: bool = False,
) -> str:
    """The answer, from the `orders` of whom it is about, oldest first. `title` gives the words of one;
    `names` those of people, where it is about several. `aloud`, many orders are only counted."""
    words, period = TOLD[language], PERIOD_WORDS[language][asked.period][0]
    found = in_period(orders, asked.period, now)
    if not found:
        return words["nothing"].format(period=period)
    total = _total(found, language)
    shown = {
        "Period": period[:1].upper() + period[1:],
        "count": _count(found, language),
        "total": total,
        "Total": total[:1].upper() + total[1:],
    }
    if asked.asked == "ordered" and aloud and len(found) > MOST_ALOUD:
        last = _one(found[-1], asked.period, language, title)
        return ALOUD[language]["recalled_many"].format(**shown, last=last)
    if asked.asked == "ordered":
        shown["orders"] = "; ".join(_one(order, asked.period, language, title) for order in found)
        return words["ordered"].format(**shown)
    answer = words["spent"].format(**shown)
    people = dict.fromkeys(order.person for order in found)
    if not asked.everybody or len(people) < 2:
        return answer
    each = []
    for person in people:
        own = [order for order in found if order.person == person]
        if person in names:
            total, count = _total(own, language), _count(own, language)
            each.append(words["by"].format(name=names[person], total=total, count=count))
    return " ".join((answer, *each))


def _one(order: PastOrder, period: Period, language: str, title: Callable[[PastOrder], str]) -> str:
    words, date = TOLD[language], order.at.date().isoformat()
    template = words["open" if order.open else "one"]
    in_month = period in ("this_month", "last_month")  # which has four Tuesdays
    day = words["date"].format(date=date_in_words(date, language)) if in_month else on_day(date, language)
    cost = spoken_money(order.total, language)
    return template.format(day=day, items=title(order), cost=cost)


def _total(orders: Sequence[PastOrder], language: str) -> str:
    return total_in_words([order.total for order in orders], language)


def total_in_words(sums: Sequence[Money], language: str) -> str:
    """What they come to, in each currency."""
    return joined([spoken_money(money, language) for money in totals(sums)], language)


def _count(orders: Sequence[PastOrder], language: str) -> str:
    return count_in_words(len(orders), language)


def count_in_words(count: int, language: str) -> str:
    """So many orders."""
    counted = in_words(count, language, "neuter")  # jedno zamówienie
    return f"{counted} {plural(count, *ORDERS[language], language)}"
