"""What the spoken and the typed conversation share: they move through the dialogue table and carry out its
effects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from agent.deciding.basket import Basket
from agent.deciding.challenged import Challenged
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    AwaitReceipt,
    Changed,
    Choosing,
    Chosen,
    Commit,
    Committing,
    Event,
    FactorGiven,
    FactorLate,
    FactorRefused,
    Idle,
    OrderHeard,
    PhoneRefused,
    Record,
    Say,
    Silent,
    State,
)
from agent.deciding.dialogue import step
from agent.deciding.feedback_given import WasWrong
from agent.deciding.inquired import Inquired, Tell
from agent.deciding.offered import AskOffer, AwaitingOffer, OfferArrived, OfferLate, OfferOver
from agent.deciding.understanding import Answer
from agent.deciding.verification import Verdict
from agent.deciding.ways import other_ways
from agent.till.awaited import Awaited
from agent.till.desk import Conversation, Desk
from agent.till.feedback import Trail
from agent.till.ready import ready_of
from agent.till.surroundings import surroundings


def speaker_of(state: State) -> Verdict:
    """Whose words led there; nobody's where there is no order."""
    return Verdict() if isinstance(state, Idle) else state.speaker


class Talk(ABC):
    """One conversation's state. Subclasses say how a sentence reaches the person and what waiting means."""

    def __init__(
        self, desk: Desk, language: str, start_timer: Callable[[int, Callable[[], None]], None]
    ) -> None:
        """`start_timer(ms, then)` calls back once."""
        self._desk, self._language = desk, language
        self._state: State = Idle()
        self._conversation = Conversation.new()
        self._intent = ""  # the last intent committed here
        self._speech_ended_ns = 0  # of the answer in hand
        self._trail = Trail()
        self._answer = ""  # to what was asked in between; brought with what is said next
        self.awaited = Awaited(desk.factors.boot_s, start_timer, self._too_late, self._others_have_phone)
        """For how long what `awaiting` says is."""

    @property
    def awaiting(self) -> AwaitingFactor | None:
        """What waits for a PIN, a badge or a phone."""
        return self._state if isinstance(self._state, AwaitingFactor) else None

    def factor(self, event: FactorGiven | FactorRefused | PhoneRefused) -> None:
        """A PIN was typed, a badge read, or a phone has answered."""
        self._speech_ended_ns = 0
        self._apply(event)

    @property
    def speaker(self) -> Verdict:
        """Whose the order in hand is; nobody's where there is none."""
        return speaker_of(self._state)

    def take_back(self) -> None:
        """As if whoever ordered had said no; what was signed stays."""
        if not isinstance(self._state, Idle | Committing):
            self._apply(Answered(Answer("denial"), self.speaker))

    def pin_in(self, number: str) -> str | None:
        """The PIN in what was typed on the keypad for the order in hand; None where it is for another."""
        return number

    @abstractmethod
    def _say(self, say: Say) -> None:
        """Brings a sentence to the person."""

    @abstractmethod
    def _say_answer(self) -> None:
        """Brings `_answer` alone: nothing is asked."""

    @abstractmethod
    def _ask_offer(self, ask: AskOffer) -> None:
        """The shop is asked what something would cost: `_state` is AwaitingOffer."""

    @abstractmethod
    def _await_receipt(self) -> None:
        """The order is on its way: `_state` is Committing."""

    def _become(self, state: State) -> None:
        before, self._state = self._state, state
        self.awaited.became(before, state)

    def _too_late(self) -> None:
        self._apply(FactorLate())

    def _others_have_phone(self, person: str) -> bool:
        others = (one for one in self._desk.people.all() if one.pseudonym != person and one.admitted)
        return any(self._desk.phones.has(one.pseudonym) for one in others)

    def _chance(self) -> bytes:
        """Fresh for a step in which words may be asked for that are to be said again; b'' where none may."""
        return b""

    def _too_long(self, say: Say, state: State) -> bool:
        """Whether `say`, with `state` after it, is longer than can be brought to the person at once."""
        return False

    def _was_wrong(self) -> None:
        """Somebody says so: what led here is kept, and whatever is open ends."""
        now_s = self._desk.now_s()
        noted = self._desk.feedback.note(self._trail.taken(now_s), self._language, now_s)
        self._apply(WasWrong(noted))

    def _proposed(self) -> Basket | None:
        """What was proposed aloud and awaits an answer."""
        return None

    def _decided(self, code: str) -> None:  # noqa: B027
        """Called with the code of every decision that goes to the journal."""

    def _committed(self, intent_id: str) -> None:  # noqa: B027
        """Called when the signed intent is on disk."""

    def _apply(self, event: Event) -> None:
        """One event through the table, with everything that follows from it."""
        of = event if isinstance(event, OrderHeard | Chosen | Changed | OfferArrived) else self._state
        basket = getattr(of, "basket", None)
        match event:
            case Answered() if isinstance(self._state, AskingAnother):
                person = self._state.speaker.person  # whoever says yes, it is hers, and so are the limits
            case _ if isinstance(self._state, Challenged) and not isinstance(event, OrderHeard):
                person = self._state.speaker.person
            case OrderHeard() | Answered() | Changed():
                person = event.speaker.person
            case FactorGiven() if self.awaiting is not None:
                person = self.awaiting.speaker.person  # of whom the limits and rules are
            case Chosen() if isinstance(self._state, Choosing):
                person = self._state.speaker.person
            case OfferArrived() | OfferLate() | OfferOver() | Silent() if isinstance(
                self._state, AwaitingOffer | Committing
            ):
                person = self._state.speaker.person
            case _:
                person = ""
        ordering = isinstance(event, OrderHeard | Chosen | Changed)
        around = surroundings(self._desk, basket, person, ordering=ordering)
        answers = isinstance(self._state, Idle) and isinstance(event, Answered)  # no other step looks at it
        proposed = self._proposed() if answers else None
        ways = other_ways(ready_of(self._desk, person or self.speaker.person))
        around = replace(around, proposed=proposed, ways=ways, chance=self._chance(), too_long=self._too_long)
        if isinstance(event, FactorGiven) and event.person != person:
            around = replace(around, second=self._desk.known_as(event.person))
        state, effects = step(self._state, event, around)
        self._become(state)
        for effect in effects:
            match effect:
                case Tell(text):
                    self._answer = text
                case Say():
                    self._trail.said(state, effect, self._language, self._desk.now_s())
                    self._say(effect)
                case Record():
                    self._desk.record(effect, self._conversation, self._language)
                    self._decided(effect.code)
                case Commit():
                    outcome, self._intent = self._desk.commit(
                        effect, self._conversation, self._speech_ended_ns
                    )
                    if self._intent:
                        self._committed(self._intent)
                    self._apply(outcome)
                case AskOffer():
                    self._ask_offer(effect)
                case AwaitReceipt():
                    self._await_receipt()
        if isinstance(event, Inquired) and self._answer:
            self._say_answer()
