"""Which order "my last order" is: that of whoever asks; the device's newest only where nobody knows who asks,
and then it is said whose that is."""

from __future__ import annotations

from typing import NamedTuple

from agent.committing.journal_rows import OrderRow
from agent.deciding.spoken_basket import spoken_basket
from agent.till.desk import Desk


class LastOrder(NamedTuple):
    """`items` is the order in words. `whose` is the name of somebody else than who asks, perhaps: '' for the
    order of who asks, None for that of somebody whom nobody knows here."""

    row: OrderRow
    items: str
    whose: str | None


def last_order(desk: Desk, person: str, language: str) -> LastOrder | None:
    """That of `person` (a pseudonym), or of this device where `person` is ''; None where there is none."""
    row = next(iter(desk.journal.orders(1, person=person)), None)
    if row is None:
        return None
    basket = desk.basket_of(row.basket_key, language)  # in this language, where there are words for all of it
    title = spoken_basket(basket, language) if basket else row.title
    return LastOrder(row, title, "" if person else _whose(desk, row.person))


def _whose(desk: Desk, person: str) -> str | None:
    """Where there is one person only, it is theirs, and so is the question."""
    known = {one.pseudonym: one.name for one in desk.people.all()}
    return "" if known.keys() == {person} else known.get(person)
