"""The language of a typed conversation: which there are, and what was ordered in another one."""

from __future__ import annotations

from collections.abc import Sequence

from agent.deciding.basket import Basket
from agent.deciding.conversation import Say, SensorsSilent
from agent.deciding.proposals import Low
from agent.deciding.replies import render, what_is_low
from agent.deciding.tongues import HOW_TO_ASK
from agent.till.desk import Desk


def tongues(desk: Desk) -> list[str]:
    """In which what is sold can be ordered."""
    return [language for language in HOW_TO_ASK if desk.edition.is_sold_in(language)]


def told_of_tongues(desk: Desk, key: str, language: str) -> str:
    """The reply `key` with how each of them is asked for."""
    asked = ", ".join(HOW_TO_ASK[each] for each in tongues(desk))
    return render(Say(key), language, desk.catalogue.currency, desk.hears, text=asked)


def titled(desk: Desk, basket: Basket, language: str) -> Basket:
    """The same in words of `language`, where there are any, whatever it was ordered in."""
    return desk.in_language(basket, language).coming(basket.delivery)


def low_in_words(desk: Desk, low: Sequence[Low], silent: Sequence[SensorsSilent], language: str) -> str:
    """The answer to a typed "what is running low?"."""
    own = [item._replace(basket=desk.in_language(item.basket, language)) for item in low]
    return what_is_low(own, silent, language, desk.catalogue.currency, desk.hears)
