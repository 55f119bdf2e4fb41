"""What the shop told, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agent.deciding.ask_replies import ASK_REPLIES, LAST_ORDER
from agent.deciding.basket import Basket, Line
from agent.deciding.date_words import date_in_words
from agent.deciding.money import Money
from agent.deciding.replies import on_day, spoken_money
from agent.deciding.replies_questions import ALOUD
from agent.deciding.spoken_basket import joined, spoken_line
from agent.plumbing.told import Told

_COMES = {"en": " It comes {day}.", "pl": " Przyjdzie {day}."}

Instead = Callable[[Sequence[Line], Callable[[Line], bool]], str]
"""What could be had instead of these lines, in words, of all that is there; '' for nothing."""


def _nothing(_: Sequence[Line], __: Callable[[Line], bool]) -> str:
    return ""


MOST_OFFERS_ALOUD = 3
"""Nobody remembers more; all of them are shown to whoever types."""


def in_words(key: str, language: str, **values: str) -> str:
    """The sentence for `key`, to be read. Raises KeyError for no such sentence."""
    return ASK_REPLIES[language][key].format(**values)


def aloud(key: str, language: str, **values: str) -> str:
    """The same to be said, where that is another."""
    said = ALOUD[language].get(key)
    return said.format(**values) if said else in_words(key, language, **values)


def last_in_words(
    key: str, language: str, whose: str | None = "", *, is_aloud: bool = False, **values: str
) -> str:
    """The sentence for `key`, about the last order of `whose` name: '' for that of whoever asks, None for
    somebody's who is not known."""
    words = LAST_ORDER[language]
    last = words.of.format(name=whose) if whose else words.own if whose is not None else words.of_somebody
    sentence = aloud if is_aloud else in_words
    return sentence(key, language, last=last, Last=last[:1].upper() + last[1:], **values)


def comes(date: str, language: str) -> str:
    """ " It comes on Monday."; '' where `date` is none."""
    day = on_day(date, language)
    return _COMES[language].format(day=day) if day else ""


def stock_in_words(told: Told, basket: Basket, language: str, instead: Instead = _nothing) -> str:
    """What there is of `basket`, line by line where the shop has not all of it; then what could be had
    `instead` of what there is none of."""
    found = {line.id: line for line in told.lines}
    kinds: dict[str, list[Line]] = {"stock_enough": [], "stock_none": [], "stock_unsold": []}
    less = []
    for line in basket.lines:
        seen = found.get(line.sku)
        if seen is None or not seen.sold:
            kinds["stock_unsold"].append(line)
        elif seen.left is None or seen.left >= line.quantity:
            kinds["stock_enough"].append(line)
        elif seen.left == 0:
            kinds["stock_none"].append(line)
        else:
            left = spoken_line(msgspec.structs.replace(line, quantity=seen.left), language)
            less.append(in_words("stock_less", language, items=spoken_line(line, language), left=left))
    said = [in_words(key, language, items=_items(lines, language)) for key, lines in kinds.items() if lines]
    none = [*kinds["stock_none"], *kinds["stock_unsold"]]
    other = instead(none, lambda line: is_there(told, line)) if none else ""
    return " ".join(part for part in (*said, *less, other) if part)


def count_in_words(told: Told, basket: Basket, language: str, instead: Instead = _nothing) -> str:
    """How many the shop has of each thing of `basket`; where it does not count them, or has none, as
    `stock_in_words`."""
    left = {line.id: line.left for line in told.lines if line.sold and line.left}
    counted = [
        spoken_line(msgspec.structs.replace(line, quantity=left[line.sku]), language)
        for line in basket.lines
        if line.sku in left
    ]
    if len(counted) < len(basket.lines):
        return stock_in_words(told, basket, language, instead)
    return in_words("stock_count", language, left=joined(counted, language))


def delivery_in_words(told: Told, basket: Basket | None, language: str, instead: Instead = _nothing) -> str:
    """When what is ordered now would come; instead, where there is not all of it, what there is."""
    day = on_day(told.delivery_date, language)
    when = in_words("delivery_day", language, day=day) if day else in_words("ask_silent", language)
    if basket is None or all(is_there(told, line) for line in basket.lines):
        return when
    return stock_in_words(told, basket, language, instead)


def offers_in_words(told: Told, language: str, *, briefly: bool = False) -> str:
    """What is on offer; one without words in `language` in another. `briefly` only the first, without
    dates."""
    said = []
    for offer in told.offers:
        words = offer.words.get(language) or next(iter(offer.words.values()), "")
        dated = offer.until and not briefly
        said.append(in_words("offer_until", language, offer=words, until=offer.until) if dated else words)
    if briefly and len(said) > MOST_OFFERS_ALOUD:
        offers = "; ".join(said[:MOST_OFFERS_ALOUD])
        return aloud("offers_more", language, offers=offers)
    return (
        in_words("offers_are", language, offers="; ".join(said))
        if said
        else in_words("offers_none", language)
    )


def is_there(told: Told, line: Line) -> bool:
    """Whether the shop has said that it has all of `line`."""
    found = next((seen for seen in told.lines if seen.id == line.sku), None)
    return found is not None and found.sold and (found.left is None or found.left >= line.quantity)


def status_in_words(told: Told, items: str, language: str, whose: str | None = "") -> str:
    """How the last order of `whose`, `items` (in words), stands."""
    key = f"status_{told.state}" if told.state else "status_unknown"
    day = comes(told.delivery_date, language)
    return last_in_words(key, language, whose, items=items, number=told.number, comes=day)


def _items(lines: Sequence[Line], language: str) -> str:
    return joined([spoken_line(line, language) for line in lines], language)


def kept_in_words(told: Told, items: str, language: str, *, is_aloud: bool = False) -> str:
    """What has come of a ticket, a return or a quote for `items` (in words)."""
    replies = ASK_REPLIES[language]
    if told.code:
        return replies.get(f"refused_{told.code}", replies["refused_order_unknown"])
    total = spoken_money(Money(told.amount, told.currency), language) if told.currency else ""
    until = date_in_words(told.until, language) if is_aloud else told.until
    return in_words(f"{told.kind}_taken", language, number=told.number, items=items, total=total, until=until)
