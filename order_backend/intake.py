"""What devices send up, and what each is answered with. A device's name comes from the topic, which the
broker guards; how much is looked at of each is bounded.

Knows no MQTT: `service` brings the messages, and `publish` takes the answers away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from agent.committing.envelope import (
    STATUS,
    StatusData,
    decode_data,
    decode_event,
    down_topic,
    split_topic,
)
from agent.committing.statements import StatusClaims
from order_backend.desk import OrderDesk
from order_backend.device_log import DeviceLog
from order_backend.folder import ShopFolder
from order_backend.growth import GROWS_TOO_FAST
from order_backend.presences import Presences
from order_backend.publish import Publish
from order_backend.rates import Rates
from order_backend.receipts import Reply
from order_backend.renewals import Renewals
from order_backend.shop_clock import ShopClock

BURST_S = 20
"""After a silence, as many messages of a device are looked at as else in this time."""

STATUSES_AT_ONCE = 30
STATUSES_PER_S = 0.5
"""An honest device comes and goes no oftener than its connection breaks, and with each till that starts."""


class Intake:
    """Used from one thread; outlives connections to broker and database."""

    def __init__(self, folder: ShopFolder, publish: Publish) -> None:
        self._publish = publish
        self.log = DeviceLog(logging.getLogger("order_backend"))
        self._online: set[str] = set()
        """Who may be told the time: also those that could not sign without it."""
        self._presences = Presences()
        rate = folder.config().messages_per_second
        self._rates = Rates(BURST_S * rate, rate) if rate else None
        self._statuses = Rates(STATUSES_AT_ONCE, STATUSES_PER_S) if rate else None
        self._limited: set[str] = set()
        self._renewals = Renewals(folder)
        self._noted: dict[str, tuple[str, int]] = {}

    def new_session(self) -> None:
        """Who is there will be heard anew."""
        self._online.clear()

    def is_too_much(self, topic: str) -> bool:
        """Asked once for each message, before it is taken. If so there is no answer at all, since any would
        be final: the device sends again, later. That it is there or gone is counted by itself: no flood of
        others may hide it, and each makes every order service sign and publish the time."""
        try:
            device_id, what = split_topic(topic)
        except ValueError:
            return False
        rates = self._statuses if what == "up/status" else self._rates
        if rates is None or rates.allows(device_id, time.monotonic()):
            self._limited.discard(device_id)
            return False
        if device_id not in self._limited:
            self.log.say(f"limit {device_id}", f"rate_limited device={device_id}", level=logging.WARNING)
        self._limited.add(device_id)
        return True

    def take(self, topic: str, payload: bytes, desk: OrderDesk, clock: ShopClock, *, tells: bool) -> None:
        """One message, with all that follows from it in the database when this returns. `tells`: whether this
        replica is the one that tells devices the time.

        Raises TrustError and ValueError where it is refused without an answer, DatabaseError, ClockError.
        """
        device_id, what = split_topic(topic)
        match what:
            case "up/intent":
                reply = desk.intent(device_id, payload, now_s=clock.now_s())
            case "up/renew":
                renewed = self._renewals.renew(desk.shop, device_id, payload, now_s=clock.now_s())
                if renewed is None:
                    return
                reply = renewed
            case "up/approval":
                reply = desk.approval_desk.take(device_id, payload, now_s=clock.now_s())
            case "up/key":
                reply = desk.key_changes.take(device_id, payload, now_s=clock.now_s())
            case "up/query":
                reply = desk.query(device_id, payload, now_s=clock.now_s())
            case "up/offer":
                reply = desk.offer(device_id, payload, now_s=clock.now_s())
            case "up/cancel":
                reply = desk.cancel(device_id, payload, now_s=clock.now_s())
            case "up/receipt":
                reply = desk.returned(device_id, payload, now_s=clock.now_s())
            case _:
                self._status(device_id, payload, desk, clock, tells=tells)
                return
        self._answer(device_id, reply)

    def take_together(self, intents: Iterable[tuple[str, bytes]], desk: OrderDesk, clock: ShopClock) -> None:
        """As `take` for each of these messages, which are intents, and with one commit for all: nothing is
        answered before it. Raises what `OrderDesk.intents` raises; then nothing was done."""
        incoming = [(split_topic(topic)[0], payload) for topic, payload in intents]
        replies = desk.intents(incoming, now_s=clock.now_s())
        for (device_id, _), reply in zip(incoming, replies, strict=True):
            self._answer(device_id, reply)

    def tell_time(self, desk: OrderDesk, clock: ShopClock) -> None:
        """To all that are there."""
        for device_id in self._online:
            self._tell_time(device_id, desk, clock)

    def _answer(self, device_id: str, reply: Reply) -> None:
        level = logging.WARNING if reply is GROWS_TOO_FAST else logging.INFO
        self.log.say(device_id, f"{reply.code} device={device_id}", level=level)
        for what, answer in ((reply.what, reply.payload), ("rsp", reply.not_placed)):
            if answer:
                self._publish(down_topic(device_id, what), answer)

    def _status(
        self, device_id: str, payload: bytes, desk: OrderDesk, clock: ShopClock, *, tells: bool
    ) -> None:
        online = decode_data(decode_event(payload, STATUS), StatusData).online
        known = desk.knows(device_id)
        if known:
            now_s = clock.now_s()
            if (notice := desk.key_changes.notice(device_id, payload, now_s=now_s)) is not None:
                self._answer(device_id, notice)
            claims = desk.status(device_id, payload, now_s=now_s)
            seen = self._presences.take(device_id, claims, now_s=now_s)
            self._note(device_id, claims, desk, now_s)
            if seen != "unchanged":
                self.log.say(device_id, f"presence_{seen} device={device_id}")
        if online and known:
            self._online.add(device_id)
            if tells:
                self._tell_time(device_id, desk, clock)
        else:
            self._online.discard(device_id)

    def _note(self, device_id: str, claims: StatusClaims | None, desk: OrderDesk, now_s: int) -> None:
        """What it connects with goes into the database, once."""
        if claims is None or not (claims.certificate or claims.authorities):
            return
        said = (claims.certificate, claims.authorities)
        if self._noted.get(device_id) != said:
            desk.shop.certificates.heard(device_id, claims, now_s=now_s)
            self._noted[device_id] = said

    def _tell_time(self, device_id: str, desk: OrderDesk, clock: ShopClock) -> None:
        self._publish(down_topic(device_id, "time"), desk.time(now_s=clock.now_s()), retain=True)
