"""Baskets that wait for a known voice: typed at a keyboard, or proposed by a sensor.

Neither source can confirm anything. The wake phrase with a sentence of consent, in a verified voice, hands
the basket to the spoken dialogue, which reads it back and asks: from there on it is a spoken order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent.deciding.basket import Basket
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.proposals import SensorProposals
from agent.till.typed import TypedDialogue

ABOUT_PROPOSALS = ("proposal_declined", "proposal_postponed")


class WaitingBaskets:
    """Knows which of them the spoken conversation has in hand. `chats` gives the typed ones, newest first."""

    def __init__(self, chats: Callable[[], Iterable[TypedDialogue]], sensors: SensorProposals) -> None:
        self._chats, self._sensors = chats, sensors
        self._conversation = ""
        self._from: TypedDialogue | str = ""  # a chat, or a sensor's id

    def take(self, conversation: str) -> Basket | None:
        """The basket for a verified voice that consented, now in the hands of `conversation`."""
        for chat in self._chats():
            if basket := chat.hand_over():
                self._conversation, self._from = conversation, chat
                return basket
        if waiting := self._sensors.awaiting():
            self._conversation, self._from = conversation, waiting.sensor.id
            return waiting.basket
        return None

    def proposed(self) -> Basket | None:
        """What was proposed aloud and awaits an answer."""
        waiting = self._sensors.awaiting()
        return waiting.basket if waiting else None

    def committed(self, intent_id: str, conversation: str) -> None:
        """The basket in hand became the signed order `intent_id`."""
        if conversation != self._conversation:
            return
        if isinstance(self._from, TypedDialogue):
            self._from.follow(intent_id)
        elif self._from:
            self._tell(self._sensors.ordered, self._from)

    def decided(self, code: str, conversation: str) -> None:
        """The code of a decision in `conversation`."""
        if code in ABOUT_PROPOSALS:
            if waiting := self._sensors.awaiting():
                self._tell(self._sensors.decided, waiting.sensor.id, code)
        elif conversation == self._conversation and isinstance(self._from, str) and self._from:
            self._tell(self._sensors.decided, self._from, code)

    def _tell(self, what: Callable[..., None], *arguments: str) -> None:
        try:
            what(*arguments)
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
