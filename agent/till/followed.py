"""The order whose receipt is shown to whoever typed: placed from there, taken over by a voice, or to be taken
back."""

from __future__ import annotations

from agent.deciding.basket import Basket
from agent.deciding.conversation import Say
from agent.deciding.placed import ReceiptArrived
from agent.deciding.spoken_basket import spoken_basket
from agent.till.desk import Desk


class Followed:
    """One at a time: the last."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._intent_id = self._title = ""
        self._key = ""  # of the basket that was handed over

    def handed_over(self, basket: Basket, language: str) -> None:
        """A voice has it, and may still change it."""
        self._title, self._key = spoken_basket(basket, language), basket.key

    def follow(self, intent_id: str, title: str = "") -> None:
        """It is this intent: called `title`, or what was handed over."""
        self._intent_id, self._title = intent_id, title or self._title
        self._key = "" if title else self._key

    def receipt(self, intent_id: str, event: ReceiptArrived, language: str) -> Say | None:
        """What is shown of it; None for the receipt of another order."""
        if intent_id != self._intent_id:
            return None
        self._intent_id = ""
        key = f"shop_{event.code}" if event.code else "ordered"
        own = language == self._desk.settings.device.language
        title, other = self._titled(intent_id, language), event.instead if own else ""
        return Say(key, delivery=event.delivery, title=title, could=event.could, instead=other)

    def _titled(self, intent_id: str, language: str) -> str:
        """As it was shown, unless whoever took it over has changed it."""
        row = self._desk.journal.order(intent_id)
        changed = row is not None and self._key not in ("", row.basket_key)
        basket = self._desk.basket_of(row.basket_key, language) if row and changed else None
        return spoken_basket(basket, language) if basket else self._title
