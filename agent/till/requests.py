"""What somebody at the shop is asked to deal with: to talk to a person, to take an order back that was
handed over, to give a quote. Its context is ids and codes, never words."""

from __future__ import annotations

from collections.abc import Callable

from agent.committing.asking import Question
from agent.committing.journal_rows import OrderRow
from agent.committing.statements import MOST_ASKED_ABOUT
from agent.deciding.basket import Basket
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.telling import in_words, kept_in_words
from agent.plumbing.told import Told
from agent.till.asks import Shop
from agent.till.desk import Desk

LAST_ORDERS, LAST_DECISIONS = 3, 10
"""Of the device: what a ticket tells of what was before."""


class Requests:
    """Of one conversation; `tell` says or shows what has come of each, at once or later."""

    def __init__(
        self,
        desk: Desk,
        language: str,
        shop: Shop,
        tell: Callable[[str], None],
        *,
        is_aloud: bool = False,
    ) -> None:
        self._desk, self._language, self._shop, self._tell = desk, language, shop, tell
        self._is_aloud = is_aloud

    def person(self, about: Basket | None) -> None:
        """Somebody wants to talk to a person, maybe about `about`."""
        journal = self._desk.journal
        question = Question(
            "ticket",
            lines=_lines(about) if about else (),
            orders=tuple(row.intent_id for row in journal.orders(LAST_ORDERS)),
            codes=tuple(row.code for row in journal.decisions(LAST_DECISIONS)),
        )
        self._keep(question, "")

    def send_back(self, row: OrderRow, items: str) -> None:
        """That order goes back to the shop."""
        self._keep(Question("return", orders=(row.intent_id,), person=row.person), items)

    def quote(self, basket: Basket) -> None:
        """What would it cost, for who may not order it by voice."""
        self._keep(Question("quote", lines=_lines(basket)), spoken_basket(basket, self._language))

    def _keep(self, question: Question, items: str) -> None:
        language = self._language
        what = in_words(f"what_{question.kind}", language, items=items)

        def answered(told: Told | str) -> None:
            if isinstance(told, Told):
                self._tell(kept_in_words(told, items, language, is_aloud=self._is_aloud))
            elif told == "ask_kept":
                self._tell(in_words("ask_kept", language, what=what))
            else:
                self._tell(in_words("ask_offline" if told == "ask_offline" else "ask_not_kept", language))

        self._shop.keep(question, items, answered)


def _lines(basket: Basket) -> tuple[tuple[str, int], ...]:
    return tuple((line.sku, line.quantity) for line in basket.lines)[:MOST_ASKED_ABOUT]
