"""Questions to the shop: they go out through `uplink`, and whoever asked is told what it answers, or that it
does not within a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Protocol

from agent.committing.asking import Question
from agent.committing.envelope import TOLD, down_topic, type_of
from agent.committing.told_claims import ToldClaims
from agent.deciding.conversation import Record
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, JournalError, TrustError
from agent.plumbing.messages import Message
from agent.plumbing.told import Told
from agent.till.desk import Conversation, Desk

ANSWER_WAIT_MS = 3_000

Then = Callable[[Told | str], None]


class Shop(Protocol):
    """Where questions go."""

    def ask(self, question: Question, then: Then) -> None:
        """Calls back once: with what the shop told, or with the code of why it cannot be asked (ask_offline,
        clock_untrusted, ...) or has not answered (ask_silent)."""
        ...

    def keep(self, question: Question, title: str, then: Then) -> None:
        """Keeps what somebody at the shop is to deal with (`title` for people), and sends it until it is
        answered. Calls back with the answer; before that with ask_kept where there is none within a moment,
        or nobody is reached; or once with the code of why nothing is kept."""
        ...


class NoShop:
    """Where nobody can be asked."""

    def ask(self, question: Question, then: Then) -> None:
        then("ask_offline")

    def keep(self, question: Question, title: str, then: Then) -> None:
        then("ask_offline")


NO_SHOP = NoShop()


class Asks:
    """A `Shop`; used from the till's loop."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[Message], None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        """`send` reaches `uplink` (or is dropped where there is none)."""
        self._desk, self._send, self._start_timer = desk, send, start_timer
        self._topic = down_topic(desk.settings.device.id, "rsp")
        self._waiting: dict[str, Then] = {}
        self.refused: Counter[str] = Counter()
        """What came and answers no question that is open, by error code."""

    def ask(self, question: Question, then: Then) -> None:
        """As `Shop.ask`."""
        if not self._desk.online:
            then("ask_offline")
            return
        try:
            asked = self._desk.road.asking.ask(question)
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            then(error.code)
            return
        self._waiting[asked.id] = then
        self._send(asked.publish)
        self._start_timer(ANSWER_WAIT_MS, partial(self._late, asked.id))

    def keep(self, question: Question, title: str, then: Then) -> None:
        """As `Shop.keep`."""
        try:
            id_ = self._desk.road.asking.keep(question, title)
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            then(error.code)
            return
        self._waiting[id_] = then
        if not self._desk.online:
            then("ask_kept")
        else:
            self._start_timer(ANSWER_WAIT_MS, partial(self._still_waits, id_))

    def takes(self, topic: str, payload: bytes) -> bool:
        """Whether what comes from there is for `received`."""
        return topic == self._topic and type_of(payload) == TOLD

    def received(self, payload: bytes) -> None:
        """From the broker. What is forged, altered, foreign, late or repeated changes nothing: the answer
        that is awaited may still come."""
        try:
            told = self._desk.road.asking.received(payload)
            if told.number or told.code:
                self._note(told)
        except (TrustError, JournalError) as error:
            _not_corrupt(error)
            audit.refused(self.refused, error)
        else:
            self._answer(told.ask, told)

    def _note(self, told: ToldClaims) -> None:
        """What has come of something that was kept stands among the decisions (`earmark orders`), also where
        nobody waits for it any more."""
        request = self._desk.journal.request(told.ask)
        if request is not None:
            title = ": ".join(part for part in (told.number or told.code, request.title) if part)
            record = Record(f"{told.kind}_refused" if told.code else f"{told.kind}_taken", title=title)
            self._desk.record(record, Conversation.new(), self._desk.settings.device.language)

    def _still_waits(self, id_: str) -> None:
        if id_ in self._waiting:
            self._waiting[id_]("ask_kept")

    def _late(self, id_: str) -> None:
        self._desk.road.asking.drop(id_)
        self._answer(id_, "ask_silent")

    def _answer(self, id_: str, told: Told | str) -> None:
        then = self._waiting.pop(id_, None)
        if then is not None:
            then(told)


def _not_corrupt(error: EarmarkError) -> None:
    """As of orders: no half-life on a journal that is damaged. Raises `error`."""
    if error.code == "journal_corrupt":
        raise error
