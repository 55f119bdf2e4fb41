"""A typed conversation over the operator socket. It can ask and cancel; only a verified voice can place its
basket."""

from __future__ import annotations

from collections.abc import Callable

from agent.deciding.conversation import (
    Answered,
    AwaitReceipt,
    Commit,
    Committing,
    Confirming,
    Confused,
    Event,
    Helped,
    Idle,
    OrderHeard,
    ReceiptArrived,
    Record,
    Say,
    State,
)
from agent.deciding.dialogue import step
from agent.deciding.replies import render, spoken_basket
from agent.deciding.understanding import Answer, HelpAsked, NotUnderstood, OrderAsked, understand
from agent.deciding.verification import TYPED
from agent.till.desk import Conversation, Desk


class TypedDialogue:
    """One `earmark chat`. Its replies go to the keyboard; what a voice confirms is also answered aloud."""

    def __init__(self, desk: Desk, language: str, reply: Callable[[str], None]) -> None:
        """Raises CatalogueError catalogue_language where nothing can be ordered in `language`."""
        self._desk, self._language, self._reply = desk, language, reply
        self._parser = desk.parser(language)
        self._state: State = Idle()
        self._conversation = Conversation.new()
        self._intent = self._agreed_title = ""
        self._aloud: list[Say] = []
        self._speech_ended_ns = 0

    @property
    def waiting(self) -> bool:
        """Whether a basket was read back and may be confirmed by voice."""
        return isinstance(self._state, Confirming)

    def typed(self, text: str) -> None:
        """One line from the keyboard."""
        entry = "order" if isinstance(self._state, Idle | Committing) else "consent"
        meaning = understand(self._parser, self._desk.catalogue, entry, text, text)
        if isinstance(meaning, NotUnderstood) and entry == "consent":
            meaning = understand(self._parser, self._desk.catalogue, "order", text, text)
        match meaning:
            case OrderAsked(basket):
                self._conversation = Conversation.new()
                self._apply(OrderHeard(basket, TYPED))
            case Answer():
                self._apply(Answered(meaning, TYPED))
            case HelpAsked():
                self._apply(Helped())
            case _:
                self._apply(Confused())

    def confirmed_by_voice(self, answered: Answered, speech_ended_ns: int) -> tuple[Say, ...]:
        """A spoken consent for the waiting basket; returns what to say aloud."""
        self._aloud, self._speech_ended_ns = [], speech_ended_ns
        self._apply(answered)
        return tuple(self._aloud)

    def receipt(self, intent_id: str, event: ReceiptArrived) -> None:
        """A verified receipt for any order; only this conversation's own is shown."""
        if intent_id and intent_id == self._intent:
            self._intent = ""
            key = f"shop_{event.code}" if event.code else "ordered"
            self._show(Say(key, delivery=event.delivery, title=self._agreed_title))

    def _apply(self, event: Event) -> None:
        basket = event.basket if isinstance(event, OrderHeard) else getattr(self._state, "basket", None)
        person = event.speaker.person if isinstance(event, OrderHeard | Answered) else ""
        self._state, effects = step(self._state, event, self._desk.surroundings(basket, person))
        for effect in effects:
            match effect:
                case Say():
                    self._show(effect)
                case Record():
                    self._desk.record(effect, self._conversation, self._language)
                case Commit(basket=agreed, speaker=speaker):
                    self._agreed_title = spoken_basket(agreed, self._language)
                    outcome, self._intent = self._desk.commit(
                        agreed, speaker, self._conversation, self._speech_ended_ns
                    )
                    self._apply(outcome)
                case AwaitReceipt():
                    # The keyboard does not wait for a moment as a listener does: the receipt follows as its
                    # own line.
                    self._state = Idle()
                    self._show(Say("queued", basket=basket))

    def _show(self, say: Say) -> None:
        self._reply(render(say, self._language, self._desk.catalogue.currency))
        spoken = self._desk.settings.device.language
        if say.basket is not None and spoken != self._language:
            say = Say(
                say.key, say.listen, self._desk.in_language(say.basket, spoken), say.limit, say.delivery
            )
        self._aloud.append(say)
