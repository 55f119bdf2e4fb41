"""The shop's MQTT side: takes intents off a shared subscription, answers, and tells devices the time.

A message is acknowledged only after what came of it is in the database (`taking`). Any number of these may
run side by side on one database, each a replica with a name and a certificate of its own. Sessions end with
the connection: what is lost with one is sent again by the device. A replica that cannot use its database, or
cannot know the time, leaves the broker, so that no device waits for it, and comes back when it can.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from functools import partial

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.announcing import Announcer
from order_backend.approvals import Carrier
from order_backend.broker_socket import has_more, send_at_once, tls_context
from order_backend.database import DatabaseError, reason
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder, claim
from order_backend.intake import Intake
from order_backend.key_announcing import LOOK_EVERY_S, KeyAnnouncing, KeysChanged
from order_backend.retention import Retention
from order_backend.session_watch import SessionWatch
from order_backend.shop_clock import ClockError, ShopClock
from order_backend.taking import MOST_TOGETHER, Arrived, Taking

TIME_EVERY_S = 60.0
CLAIM_EVERY_S = 5.0
RECEIVE_MAXIMUM = MOST_TOGETHER
SESSION_TAKEN_OVER, NOT_AUTHORIZED = 0x8E, 0x87
_SUBSCRIPTIONS = (
    "$share/orders/va/v1/d/+/up/intent",
    "$share/orders/va/v1/d/+/up/query",
    "$share/orders/va/v1/d/+/up/cancel",
    "$share/orders/va/v1/d/+/up/receipt",
    "$share/orders/va/v1/d/+/up/renew",
    "$share/orders/va/v1/d/+/up/offer",
    "$share/orders/va/v1/d/+/up/key",
    "$share/orders/va/v1/d/+/up/approval",
    # Not shared: each replica has to know who is there, and retained messages reach no shared subscription.
    "va/v1/d/+/up/status",
)

log = logging.getLogger("order_backend")


class OrderService:
    """`run` in one thread; `stop` from any."""

    def __init__(
        self,
        folder: ShopFolder,
        *,
        name: str = "",
        port: int | None = None,
        wall_clock: Callable[[], float] = time.time,
        reconnect_s: float = 1.0,
    ) -> None:
        """`name` is the replica's, the shop's first one if empty. Raises ConfigurationError shop_missing,
        shop_invalid, replica_unknown."""
        config = folder.config()
        self._folder = folder
        self.name = name or config.backend_name
        if self.name not in folder.replicas():
            raise ConfigurationError(
                "replica_unknown",
                f"no order service {self.name!r} has a certificate",
                f"earmark-backend replica {folder.path} {self.name}",
            )
        self._wall_clock, self._reconnect_s = wall_clock, reconnect_s
        self._host, self._port = config.broker_host, port or config.broker_port
        self._stopping = threading.Event()
        self.connected = threading.Event()
        self._taking: Taking | None = None
        self._carrier: Carrier | None = None
        self._said = ""
        self._desk: OrderDesk | None = None
        self._intake = Intake(folder, self._publish)
        self._announcing = KeyAnnouncing(folder)
        self._watch = SessionWatch(self.name, self._publish, time.monotonic)
        self._client = self._new_client()

    def run(self) -> None:
        """Until `stop`; comes back by itself when broker, database and clock do.

        Raises ConfigurationError: replica_running, replica_lock, shop_key_missing, price_list_invalid, and
        shop_database where SQLite's file cannot be used from the start.
        """
        lock = self._claim_name()
        try:
            opened, shared = False, isinstance(self._folder.database, str)
            while not self._stopping.is_set():
                try:
                    self._announcing.desk_opened()
                    self._desk = OrderDesk(self._folder)
                    opened = True
                    self._work(self._desk)
                except ConfigurationError as error:
                    if error.code != "shop_database" or not (opened or shared):
                        raise
                    self._say("database_away", error.detail)
                except KeysChanged:
                    log.info("keys_changed another key signs from now on")
                except ClockError as error:
                    self._say(error.code, error.detail + " -> " + error.next_step)
                except DatabaseError as error:
                    self._say("database_away", reason(error))
                finally:
                    self._close()
                self._rest()
        finally:
            os.close(lock)

    def stop(self) -> None:
        """Lets `run` return within a second or so."""
        self._stopping.set()

    def _work(self, desk: OrderDesk) -> None:
        clock = ShopClock(desk.shop, self.name, self._wall_clock)
        while not self._stopping.is_set():
            clock.now_s()
            # A new one each time: what waited belongs to a session that is over.
            self._taking = taking = Taking(self._intake, desk, clock, self._ack)
            if self._connect():
                self._serve(desk, clock, taking)
            self._rest()

    def _rest(self) -> None:
        self._stopping.wait(self._reconnect_s * (1.0 + random.random()))  # noqa: S311

    def _close(self) -> None:
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()

    def _claim_name(self) -> int:
        path = self._folder.backend / f"{self.name}.lock"
        try:
            lock = claim(path)
        except OSError as error:
            raise ConfigurationError("replica_lock", f"{path}: {error.strerror}") from error
        if lock is None:
            raise ConfigurationError(
                "replica_running",
                f"another order service runs as {self.name!r}",
                f"earmark-backend replica {self._folder.path} NAME, and run it --as NAME",
            )
        return lock

    def _new_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.name,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.tls_set_context(tls_context(self._folder, self.name))
        client.on_socket_open = send_at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _connect(self) -> bool:
        # A new one each time: what an old one still had to acknowledge belongs to a session that is over.
        self._client = self._new_client()
        self._announcing.new_session()
        self._watch.new_session()
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options.SessionExpiryInterval = 0
        options.ReceiveMaximum = RECEIVE_MAXIMUM
        try:
            self._client.connect(self._host, self._port, keepalive=30, clean_start=True, properties=options)
        except OSError as error:
            log.warning("broker_unreachable %s:%d %s", self._host, self._port, type(error).__name__)
            return False
        return True

    def _serve(self, desk: OrderDesk, clock: ShopClock, taking: Taking) -> None:
        """Until the connection is lost, or `stop`. Raises what makes this replica leave."""
        next_claim = next_time = next_look = 0.0
        retain = partial(self._publish, retain=True)
        announcer = Announcer(desk.shop, self._folder, retain)
        self._carrier = carrier = Carrier(desk.shop.approvals, self._publish)
        retention = Retention(desk.shop.database, self._folder.config().longest_lifetime_s)
        try:
            while not self._stopping.is_set():
                if not self._turn(taking):
                    return
                if self.connected.is_set() and time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_EVERY_S
                    self._announcing.look(self._publish, clock.now_s())
                if taking.tells and self.connected.is_set():
                    announcer.look(clock.now_s)
                    carrier.look(clock.now_s)
                    retention.look(clock.now_s)
                if not self.connected.is_set() or time.monotonic() < next_claim:
                    continue
                next_claim = time.monotonic() + CLAIM_EVERY_S
                before, taking.tells = taking.tells, clock.tells()
                if taking.tells and (not before or time.monotonic() >= next_time):
                    next_time = time.monotonic() + TIME_EVERY_S
                    self._intake.tell_time(desk, clock)
            clock.tells_no_more()
        finally:
            self._carrier = None
            self.connected.clear()
            self._client.disconnect()

    def _on_publish(
        self, client: mqtt.Client, _: object, mid: int, reason: ReasonCode, properties: object
    ) -> None:
        self._watch.acknowledged(mid, is_refused=reason.is_failure)
        if not reason.is_failure:
            self._announcing.published(mid)
            if self._carrier is not None:
                self._carrier.published(mid)

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        mid = self._client.publish(topic, payload, qos=1, retain=retain).mid
        self._watch.sent(mid)
        return mid

    def _ack(self, mid: int, qos: int) -> None:
        self._client.ack(mid, qos)

    def _say(self, code: str, detail: str) -> None:
        """Once, however often it is found."""
        if code != self._said:
            log.error("%s %s", code, plain(detail))
        self._said = code

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            log.error("broker_refused %s", reason)
            return
        self._intake.new_session()
        topics = (*_SUBSCRIPTIONS, self._watch.topic)
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        *others, echo = (reason.is_failure for reason in reasons)
        if any(others):
            log.error("broker_refused the subscriptions: see its access list")
            client.disconnect()
            return
        if echo:
            self._watch.refused()
        log.info("serving %s:%d as %s", self._host, self._port, self.name)
        self._said = ""
        self.connected.set()

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self.connected.clear()
        self._watch.ended(is_refusal=reason.value == NOT_AUTHORIZED)
        if reason.value == SESSION_TAKEN_OVER:
            log.error("replica_twice another order service connects as %s: give each its own name", self.name)
        log.info("broker_lost %s", reason)

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if self._watch.came(message.topic, bytes(message.payload), message.qos):
            self._ack(message.mid, message.qos)
        elif self._taking is not None:
            arrived = Arrived(message.topic, bytes(message.payload), message.mid, message.qos)
            self._taking.add(arrived)

    def _turn(self, taking: Taking) -> bool:
        """One look at the connection; False where it is lost. What came with the first message is read before
        any is taken, so that it can be taken together. Raises what makes this replica leave."""
        is_up = self._client.loop(timeout=0.5) == mqtt.MQTT_ERR_SUCCESS
        for _ in range(MOST_TOGETHER):  # whatever else is sent, what waits is taken then
            if not (is_up and taking.may_gather and has_more(self._client)):
                break
            is_up = self._client.loop(timeout=0) == mqtt.MQTT_ERR_SUCCESS
        if is_up:
            taking.take_waiting()
        if taking.fault is not None:
            raise taking.fault
        return is_up and not (self.connected.is_set() and self._watch.is_dead())
