"""The shop's MQTT side: takes intents off a shared subscription, answers, and tells devices the time.

An intent is acknowledged to the broker only after what came of it is in the database. Any number of these may
run side by side on one database, each a replica with a name and a certificate of its own. Sessions end with
the connection: what is lost with one is sent again by the device. A replica that cannot use its database, or
cannot know the time, leaves the broker, so that no device waits for it, and comes back when it can.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.committing.envelope import (
    STATUS,
    StatusData,
    decode_data,
    decode_event,
    down_topic,
    split_topic,
)
from agent.plumbing.errors import ConfigurationError, TrustError
from agent.plumbing.terminal import plain
from order_backend.announcing import Announcer
from order_backend.database import DatabaseError, RowRefused, reason
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder, claim
from order_backend.key_announcing import LOOK_EVERY_S, KeyAnnouncing, KeysChanged
from order_backend.presences import Presences
from order_backend.rates import Rates
from order_backend.renewals import Renewals
from order_backend.retention import Retention
from order_backend.shop_clock import ClockError, ShopClock

TIME_EVERY_S = 60.0
CLAIM_EVERY_S = 5.0
RECEIVE_MAXIMUM = 10
BURST_S = 20
"""After a silence, as many messages of a device are looked at as else in this time."""
SESSION_TAKEN_OVER = 0x8E
_SUBSCRIPTIONS = (
    "$share/orders/va/v1/d/+/up/intent",
    "$share/orders/va/v1/d/+/up/query",
    "$share/orders/va/v1/d/+/up/cancel",
    "$share/orders/va/v1/d/+/up/renew",
    "$share/orders/va/v1/d/+/up/offer",
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
        self._online: set[str] = set()
        """Who may be told the time: also those that could not sign without it."""
        self.presences = Presences()
        rate = config.messages_per_second
        self._rates = Rates(BURST_S * rate, rate) if rate else None
        self._limited: set[str] = set()
        self._stopping = threading.Event()
        self.connected = threading.Event()
        self._fault: Exception | None = None
        self._said = ""
        self._desk: OrderDesk | None = None
        self._clock: ShopClock | None = None
        self._renewals = Renewals(folder)
        self._tells = False
        self._announcing = KeyAnnouncing(folder)
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
                    self._clock = ShopClock(self._desk.shop, self.name, self._wall_clock)
                    self._work(self._clock)
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

    def _work(self, clock: ShopClock) -> None:
        while not self._stopping.is_set():
            clock.now_s()
            if self._connect():
                self._serve(clock)
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
        client.tls_set_context(_tls_context(self._folder, self.name))
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _connect(self) -> bool:
        # A new one each time: what an old one still had to acknowledge belongs to a session that is over.
        self._client = self._new_client()
        self._fault, self._tells = None, False
        self._announcing.new_session()
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options.SessionExpiryInterval = 0
        options.ReceiveMaximum = RECEIVE_MAXIMUM
        try:
            self._client.connect(self._host, self._port, keepalive=30, clean_start=True, properties=options)
        except OSError as error:
            log.warning("broker_unreachable %s:%d %s", self._host, self._port, type(error).__name__)
            return False
        return True

    def _serve(self, clock: ShopClock) -> None:
        """Until the connection is lost, or `stop`. Raises what makes this replica leave."""
        next_claim = next_time = next_look = 0.0
        assert self._desk is not None  # noqa: S101
        announcer = Announcer(self._desk.shop, self._folder, self._retain)
        retention = Retention(self._desk.shop.database, self._folder.config().longest_lifetime_s)
        try:
            while not self._stopping.is_set():
                if self._client.loop(timeout=0.5) != mqtt.MQTT_ERR_SUCCESS:
                    return
                if self._fault is not None:
                    raise self._fault
                if self.connected.is_set() and time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_EVERY_S
                    self._announcing.look(self._client, clock.now_s())
                if self._tells and self.connected.is_set():
                    announcer.look(clock.now_s)
                    retention.look(clock.now_s)
                if not self.connected.is_set() or time.monotonic() < next_claim:
                    continue
                next_claim = time.monotonic() + CLAIM_EVERY_S
                before, self._tells = self._tells, clock.tells()
                if self._tells and (not before or time.monotonic() >= next_time):
                    next_time = time.monotonic() + TIME_EVERY_S
                    for device_id in self._online:
                        self._tell_time(device_id)
            clock.tells_no_more()
        finally:
            self.connected.clear()
            self._client.disconnect()

    def _on_publish(
        self, client: mqtt.Client, _: object, mid: int, reason: ReasonCode, properties: object
    ) -> None:
        if not reason.is_failure:
            self._announcing.published(mid)

    def _retain(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True)

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
        self._online.clear()
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in _SUBSCRIPTIONS])

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("broker_refused the subscriptions: see its access list")
            client.disconnect()
            return
        log.info("serving %s:%d as %s", self._host, self._port, self.name)
        self._said = ""
        self.connected.set()

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self.connected.clear()
        if reason.value == SESSION_TAKEN_OVER:
            log.error("replica_twice another order service connects as %s: give each its own name", self.name)
        log.info("broker_lost %s", reason)

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if self._fault is not None:
            return
        try:
            self._handle(message.topic, bytes(message.payload))
        except RowRefused:  # would fail each time, and only this message
            log.exception("message_failed topic=%s", message.topic)
        except (DatabaseError, ClockError) as error:
            self._fault = (
                error  # unacknowledged, and this replica leaves: one that cannot write must not go on
            )
            return
        except (TrustError, ValueError) as error:
            log.warning("message_refused topic=%s %s", message.topic, plain(str(error)))
        except Exception:  # one device's message must not stop the others' orders
            log.exception("message_failed topic=%s", message.topic)
        client.ack(message.mid, message.qos)

    def _handle(self, topic: str, payload: bytes) -> None:
        assert self._desk is not None and self._clock is not None  # noqa: S101
        device_id, what = split_topic(topic)
        if what != "up/status" and self._is_too_much(device_id):
            return
        match what:
            case "up/intent":
                reply = self._desk.intent(device_id, payload, now_s=self._clock.now_s())
            case "up/renew":
                renewed = self._renewals.renew(self._desk.shop, device_id, payload, now_s=self._clock.now_s())
                if renewed is None:
                    return
                reply = renewed
            case "up/query":
                reply = self._desk.query(device_id, payload, now_s=self._clock.now_s())
            case "up/offer":
                reply = self._desk.offer(device_id, payload, now_s=self._clock.now_s())
            case "up/cancel":
                reply = self._desk.cancel(device_id, payload, now_s=self._clock.now_s())
            case _:
                self._status(device_id, payload)
                return
        log.info("%s device=%s", reply.code, device_id)
        for what, answer in ((reply.what, reply.payload), ("rsp", reply.not_placed)):
            if answer:
                self._client.publish(down_topic(device_id, what), answer, qos=1)

    def _is_too_much(self, device_id: str) -> bool:
        """Then there is no answer at all, since any would be final: the device sends again, later."""
        if self._rates is None or self._rates.allows(device_id, time.monotonic()):
            self._limited.discard(device_id)
            return False
        if device_id not in self._limited:
            log.warning("rate_limited device=%s", device_id)
        self._limited.add(device_id)
        return True

    def _status(self, device_id: str, payload: bytes) -> None:
        assert self._desk is not None and self._clock is not None  # noqa: S101
        online = decode_data(decode_event(payload, STATUS), StatusData).online
        known = self._desk.knows(device_id)
        if known:
            now_s = self._clock.now_s()
            claims = self._desk.status(device_id, payload, now_s=now_s)
            seen = self.presences.take(device_id, claims, now_s=now_s)
            if seen != "unchanged":
                log.info("presence_%s device=%s", seen, device_id)
        if online and known:
            self._online.add(device_id)
            if self._tells:
                self._tell_time(device_id)
        else:
            self._online.discard(device_id)

    def _tell_time(self, device_id: str) -> None:
        assert self._desk is not None and self._clock is not None  # noqa: S101
        payload = self._desk.time(now_s=self._clock.now_s())
        self._client.publish(down_topic(device_id, "time"), payload, qos=1, retain=True)


def _tls_context(folder: ShopFolder, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder.ca_certificate))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*folder.replica_files(name))
    return context


def _send_at_once(client: mqtt.Client, _: object, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
