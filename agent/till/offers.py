"""The till's side of offers (DIRECT mode): what the shop is asked for, who waits for it, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from agent.committing.envelope import down_topic
from agent.deciding.basket import Basket
from agent.deciding.offered import OfferArrived, OfferLate
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, TrustError
from agent.plumbing.messages import Message
from agent.till.desk import Desk

OFFER_WAIT_MS = 1_500
"""After an order the device is silent for a second in any case (`reply_silence_ms`), and the shop is asked
within it: an answer in time costs nothing. With all of this wait the silence is a little more than two
seconds; whoever hears nothing for longer takes the device for deaf, and says it all again."""

Then = Callable[[OfferArrived | OfferLate], None]
AskForOffer = Callable[[Basket, Then], None]
"""Calls back once: with the offer, or that there is none. Who asks anew is not called back for before."""


def no_offers(_: Basket, then: Then) -> None:
    """Where nobody can be asked."""
    then(OfferLate())


class Offers:
    """Used from the till's loop."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[Message], None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        """`send` reaches `uplink` (or is dropped where there is none)."""
        self._desk, self._send, self._start_timer = desk, send, start_timer
        self._topic = down_topic(desk.settings.device.id, "offer")
        self._then: Then | None = None
        self._gives_way = False
        self._asked = 0
        self.refused: Counter[str] = Counter()
        """What came and was no offer that is awaited, by error code."""

    def ask(self, basket: Basket, then: Then) -> None:
        """An `AskForOffer`, for what is said aloud."""
        self._ask(basket, then, gives_way=False)

    def ask_for_screen(self, basket: Basket, then: Then) -> None:
        """The same for what is typed: one offer is awaited at a time, and nobody who speaks is left without
        an answer by it. So there is none while that is awaited for somebody else aloud, and none any more
        when it is asked for aloud, or on another screen."""
        if self._then is not None and not self._gives_way:
            then(OfferLate())
        else:
            self._ask(basket, then, gives_way=True)

    def _ask(self, basket: Basket, then: Then, *, gives_way: bool) -> None:
        before = self._then if self._gives_way else None
        self._asked, self._then, self._gives_way = self._asked + 1, then, gives_way
        if before is not None:
            before(OfferLate())
        try:
            self._send(self._desk.road.offering.ask(basket))
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            self._late(self._asked)
        else:
            self._start_timer(OFFER_WAIT_MS, partial(self._late, self._asked))

    def takes(self, topic: str) -> bool:
        """Whether what comes from there is an offer."""
        return topic == self._topic

    def received(self, payload: bytes) -> None:
        """From the broker. What is forged, altered, foreign, late or repeated changes nothing: the offer that
        is awaited may still come."""
        try:
            offered = self._desk.road.offering.received(payload)
        except TrustError as error:
            audit.refused(self.refused, error)
        else:
            self._answer(OfferArrived(offered.basket, offered.offer))

    def _late(self, asked: int) -> None:
        if asked == self._asked and self._then is not None:
            self._desk.road.offering.drop()
            audit.log("offer_none")
            self._answer(OfferLate())

    def _answer(self, event: OfferArrived | OfferLate) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(event)
