"""The till's side of the road to the shop: what is due goes out through `uplink`, and what comes back is told
to the conversations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from agent.committing.journal_mend import MENDED
from agent.committing.journal_rows import OrderRow
from agent.committing.road import (
    CancelTooLate,
    OrderDiffers,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    RoadEvent,
    TimeTrusted,
)
from agent.deciding.placed import JournalMended, ReceiptArrived
from agent.plumbing import audit, messages
from agent.plumbing.errors import JournalError, TrustError
from agent.plumbing.messages import Message
from agent.till.desk import DAY_SECONDS, Desk
from agent.till.details_added import instead_of_refused
from agent.till.news import CANCEL_TOO_LATE, News

OUTBOX_LOOK_MS = 500
LEFT_OVER_LOOK_MS = 60_000
MOST_LEFT_OVER = 5
"""Ends of orders that a start tells at most, the newest: nobody listens to a list."""
T = TypeVar("T")
_NOT_CONNECTED = "uplink_not_connected"


class ShopLink:
    """Used from the till's loop."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[Message], None],
        arrived: Callable[[str, ReceiptArrived | JournalMended], None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        """`send` reaches `uplink` (or is dropped where there is none); `arrived` is told of every receipt,
        with the intent's id, and with '' that the journal was mended."""
        self._desk, self._send, self._arrived, self._start_timer = desk, send, arrived, start_timer
        self._uplink_is_there = False
        self._uplink_has: tuple[Message | None, str] = (None, "")
        self.broker_reason = _NOT_CONNECTED
        """Why the broker is not reached, where it is not."""

    def begin(self) -> None:
        """Looks into the outbox from now on, and has told what the till before this one could not say to its
        end: where the journal was mended, and how orders ended."""
        journal, since_s = self._desk.journal, self._desk.now_s() - DAY_SECONDS
        ends = [_end(row) for row in journal.untold(since_s)]
        standing = filter(None, map(journal.order, journal.untold_cancels(since_s)))
        ends += [News(row.intent_id, ReceiptArrived(row.title, CANCEL_TOO_LATE)) for row in standing]
        self._tell_left_over(ends[-MOST_LEFT_OVER:])
        self._look()

    def _tell_left_over(self, ends: list[News]) -> None:
        if self._desk.is_quiet():  # a device that power or an update started at night wakes nobody
            self._start_timer(LEFT_OVER_LOOK_MS, partial(self._tell_left_over, ends))
            return
        if self._desk.journal.meta_get(MENDED) == "1":
            self._arrived("", JournalMended())
        for news in ends:
            self._arrived(*news)

    def _look(self) -> None:
        self.send_outbox()
        if self._desk.online and (request := self._desk.road.renewal.tick()) is not None:
            self._send(request)
        self._tell_uplink()
        self._start_timer(OUTBOX_LOOK_MS, self._look)

    def received(self, message: Message) -> None:
        """From `uplink`."""
        try:
            self._take(message)
        except JournalError as error:
            _not_corrupt(error)
            # A receipt that could not be written is not lost: the shop repeats it when the intent is resent.
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
        self.send_outbox()

    def lost(self) -> None:
        """`uplink` is gone."""
        self._uplink_is_there, self._uplink_has = False, (None, "")
        self._desk.online, self.broker_reason = False, _NOT_CONNECTED
        self._desk.road.link(False)

    def send_outbox(self) -> None:
        """Hands over what is due."""
        try:
            publishes, events = self._desk.road.tick()
        except JournalError as error:
            _not_corrupt(error)
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return
        for publish in publishes:
            self._send(publish)
        for event in events:
            self._tell(event)

    def _take(self, message: Message) -> None:
        match message:
            case messages.LinkState(connected=connected, reason=reason):
                self._linked(connected, reason)
            case messages.Published(ref=ref):
                self._desk.road.published(ref)
            case messages.ClientCertificate():
                self._desk.road.renewal.certificate(message)
            case messages.CertificateRequest():
                self._renew(self._desk.road.renewal.requested, message)
            case messages.Received(topic=topic, payload=payload) if topic.endswith("/dn/cert"):
                self._renew(self._desk.road.renewal.received, payload)
            case messages.Received(topic=topic, payload=payload):
                for event in self._desk.road.received(topic, payload):
                    self._tell(event)

    def _renew(self, step: Callable[[T], Message | None], what: T) -> None:
        try:
            answer = step(what)
        except TrustError as error:
            audit.log(error.code, detail=error.detail)
            return
        if answer is not None:
            self._send(answer)

    def _linked(self, connected: bool, reason: str) -> None:
        self._desk.online, self.broker_reason = connected, reason
        self._desk.road.link(connected)
        self._uplink_is_there = True
        self._tell_uplink()

    def _tell_uplink(self) -> None:
        """Who may vouch for the broker, and what to say of our presence: once to each `uplink`, and when it
        has changed. One that says over and over that it is connected gets no more for that."""
        if not self._uplink_is_there:
            return
        presence, authorities = self._uplink_has
        known = self._desk.road.authorities
        if known is not None and known.serial and (pem := known.believed.pem) != authorities:
            authorities = pem
            self._send(messages.UseAuthorities(pem))
        if (pair := self._desk.road.presence.pair()) is not None and pair is not presence:
            presence = pair
            self._send(pair)
        self._uplink_has = (presence, authorities)

    def _tell(self, event: RoadEvent) -> None:
        match event:
            case OrderPlaced():
                receipt = ReceiptArrived(event.title, "", event.delivery)
            case OrderDiffers():
                audit.log("order_differs", intent_id=event.intent_id, reason=event.code)
                receipt = ReceiptArrived(event.title, event.code)
            case OrderRefused():
                could = self._desk.in_words(event.available)
                code = f"{event.code}_part" if could else event.code
                receipt = ReceiptArrived(event.title, code, could=could, instead=self._instead(event))
            case CancelTooLate():
                receipt = ReceiptArrived(event.title, CANCEL_TOO_LATE)
            case OrderExpired():
                receipt = ReceiptArrived(event.title, "expired")
            case TimeTrusted():
                audit.log("time_trusted")
                self._tell_uplink()
                return
        self._arrived(str(event.intent_id), receipt)

    def _instead(self, event: OrderRefused) -> str:
        if event.code != "unavailable":
            return ""
        language = self._desk.settings.device.language
        return instead_of_refused(self._desk, str(event.intent_id), event.available, language)


def _end(row: OrderRow) -> News:
    code = "expired" if row.state == "expired" else row.reason
    return News(row.intent_id, ReceiptArrived(row.title, code, row.delivery_date))


def _not_corrupt(error: JournalError) -> None:
    """No half-life on a journal that is damaged: it is mended when the till starts. Raises `error`."""
    if error.code == "journal_corrupt":
        raise error
