"""Baskets that wait for a known voice: typed at a keyboard, proposed by a sensor, or a list that was to be
remembered.

No source can confirm anything. The wake phrase with a sentence of consent, in a verified voice, hands
the basket to the spoken dialogue, which reads it back and asks: from there on it is a spoken order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent.deciding.basket import Basket
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.proposals import SensorProposals
from agent.till.shopping_list import ShoppingList
from agent.till.typed import TypedDialogue

ABOUT_PROPOSALS = ("proposal_declined", "proposal_postponed")


class WaitingBaskets:
    """Knows which of them the spoken conversation has in hand. `chats` gives the typed ones, newest first."""

    def __init__(
        self,
        chats: Callable[[], Iterable[TypedDialogue]],
        sensors: SensorProposals,
        shopping: ShoppingList | None = None,
    ) -> None:
        self._chats, self._sensors, self._shopping = chats, sensors, shopping
        self._conversation = ""
        self._from: TypedDialogue | ShoppingList | str = ""  # a chat, the list, or a sensor's id

    def take(self, conversation: str) -> Basket | None:
        """The basket for a verified voice that consented, now in the hands of `conversation`."""
        for chat in self._chats():
            if basket := chat.hand_over():
                self._conversation, self._from = conversation, chat
                return basket
        source, proposed = self._said_last()
        if proposed is not None:
            self._conversation, self._from = conversation, source
        return proposed

    def proposed(self) -> Basket | None:
        """What was proposed aloud and awaits an answer."""
        return self._said_last()[1]

    def committed(self, intent_id: str, conversation: str) -> None:
        """The basket in hand became the signed order `intent_id`."""
        if conversation != self._conversation:
            return
        if isinstance(self._from, TypedDialogue):
            self._from.follow(intent_id)
        elif isinstance(self._from, ShoppingList):
            self._tell(self._from.unremind)
        elif self._from:
            self._tell(self._sensors.ordered, self._from)

    def decided(self, code: str, conversation: str) -> None:
        """The code of a decision in `conversation`."""
        if code in ABOUT_PROPOSALS:
            source, _ = self._said_last()
            if isinstance(source, ShoppingList):
                self._tell(source.decided, code)
            elif source:
                self._tell(self._sensors.decided, source, code)
        elif conversation == self._conversation and isinstance(self._from, str) and self._from:
            self._tell(self._sensors.decided, self._from, code)

    def _said_last(self) -> tuple[ShoppingList | str, Basket | None]:
        """What was said aloud last, and which source it is of."""
        sensor = self._sensors.awaiting()
        sensor_at_s = self._sensors.said_at_s(sensor.sensor.id) if sensor else 0
        shopping = self._shopping
        if shopping and shopping.said_at_s() >= sensor_at_s and (listed := shopping.awaiting()):
            return shopping, listed
        return (sensor.sensor.id, sensor.basket) if sensor else ("", None)

    def _tell(self, what: Callable[..., None], *arguments: str) -> None:
        try:
            what(*arguments)
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
