"""The till's side of the road to the shop: what is due goes out through `uplink`, and what comes back is told
to the conversations."""

from __future__ import annotations

from collections.abc import Callable

from agent.committing.journal_mend import MENDED
from agent.committing.road import (
    CancelTooLate,
    OrderDiffers,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    RoadEvent,
    TimeTrusted,
)
from agent.deciding.conversation import ReceiptArrived
from agent.plumbing import audit, messages
from agent.plumbing.errors import JournalError
from agent.plumbing.messages import Message
from agent.till.desk import Desk

OUTBOX_LOOK_MS = 500
_NOT_CONNECTED = "uplink_not_connected"


class ShopLink:
    """Used from the till's loop."""

    def __init__(
        self,
        desk: Desk,
        send: Callable[[Message], None],
        arrived: Callable[[str, ReceiptArrived], None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        """`send` reaches `uplink` (or is dropped where there is none); `arrived` is told of every receipt,
        with the intent's id."""
        self._desk, self._send, self._arrived, self._start_timer = desk, send, arrived, start_timer
        self.broker_reason = _NOT_CONNECTED
        """Why the broker is not reached, where it is not."""

    def begin(self) -> None:
        """Looks into the outbox from now on, and has it told where the journal was mended."""
        if self._desk.journal.meta_get(MENDED) == "1":
            self._arrived("", ReceiptArrived("", "forgotten"))
            self._desk.journal.meta_set(MENDED, "0")
        self._look()

    def _look(self) -> None:
        self.send_outbox()
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
        self._linked(False, _NOT_CONNECTED)

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
            case messages.Received(topic=topic, payload=payload):
                for event in self._desk.road.received(topic, payload):
                    self._tell(event)

    def _linked(self, connected: bool, reason: str) -> None:
        self._desk.online, self.broker_reason = connected, reason
        self._desk.road.link(connected)

    def _tell(self, event: RoadEvent) -> None:
        match event:
            case OrderPlaced():
                receipt = ReceiptArrived(event.title, "", event.delivery)
            case OrderDiffers():
                audit.log("order_differs", intent_id=event.intent_id, reason=event.code)
                receipt = ReceiptArrived(event.title, event.code)
            case OrderRefused():
                receipt = ReceiptArrived(event.title, event.code)
            case CancelTooLate():
                receipt = ReceiptArrived(event.title, "cancel_too_late")
            case OrderExpired():
                receipt = ReceiptArrived(event.title, "expired")
            case TimeTrusted():
                audit.log("time_trusted")
                return
        self._arrived(str(event.intent_id), receipt)


def _not_corrupt(error: JournalError) -> None:
    """No half-life on a journal that is damaged: it is mended when the till starts. Raises `error`."""
    if error.code == "journal_corrupt":
        raise error
