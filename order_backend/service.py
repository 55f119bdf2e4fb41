"""The shop's MQTT side: takes intents off a shared subscription, answers, and tells devices the time.

An intent is acknowledged to the broker only after its order is in the database. Any number of these may run
side by side, each with its own certificate. Sessions end with the connection: what is lost with one is sent
again by the device.
"""

from __future__ import annotations

import logging
import random
import socket
import sqlite3
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

from agent.committing.envelope import STATUS, StatusData, decode_data, decode_event, down_topic, split_topic
from agent.plumbing.errors import TrustError
from agent.plumbing.terminal import plain
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder

TIME_EVERY_S = 60.0
RECEIVE_MAXIMUM = 10
_SUBSCRIPTIONS = (
    "$share/orders/va/v1/d/+/up/intent",
    "$share/orders/va/v1/d/+/up/query",
    "va/v1/d/+/up/status",
)

log = logging.getLogger("order_backend")


class OrderService:
    """`run` in one thread; `stop` from any."""

    def __init__(
        self,
        folder: ShopFolder,
        *,
        port: int | None = None,
        wall_clock: Callable[[], float] = time.time,
        reconnect_s: float = 1.0,
    ) -> None:
        config = folder.config()
        self._folder = folder
        self._wall_clock, self._reconnect_s = wall_clock, reconnect_s
        self._host, self._port = config.broker_host, port or config.broker_port
        self._online: set[str] = set()
        self._stopping = threading.Event()
        self.connected = threading.Event()
        self._desk: OrderDesk | None = None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=config.backend_name,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.tls_set_context(_tls_context(folder))
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    def run(self) -> None:
        """Until `stop`; comes back by itself when the broker does."""
        self._desk = OrderDesk(self._folder)
        try:
            while not self._stopping.is_set():
                if self._connect():
                    self._serve()
                self._stopping.wait(self._reconnect_s * (1.0 + random.random()))  # noqa: S311
        finally:
            self._desk.close()

    def stop(self) -> None:
        """Lets `run` return within a second or so."""
        self._stopping.set()

    def _connect(self) -> bool:
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options.SessionExpiryInterval = 0
        options.ReceiveMaximum = RECEIVE_MAXIMUM
        try:
            self._client.connect(self._host, self._port, keepalive=30, clean_start=True, properties=options)
        except OSError as error:
            log.warning("broker_unreachable %s:%d %s", self._host, self._port, type(error).__name__)
            return False
        return True

    def _serve(self) -> None:
        next_time = time.monotonic() + TIME_EVERY_S
        while not self._stopping.is_set():
            if self._client.loop(timeout=0.5) != mqtt.MQTT_ERR_SUCCESS:
                return
            if time.monotonic() >= next_time:
                next_time = time.monotonic() + TIME_EVERY_S
                for device_id in self._online:
                    self._tell_time(device_id)
        self._client.disconnect()

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
        log.info("serving %s:%d", self._host, self._port)
        self.connected.set()

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self.connected.clear()
        log.info("broker_lost %s", reason)

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        try:
            self._handle(message.topic, bytes(message.payload))
        except sqlite3.Error:
            raise  # unacknowledged, and the service ends: a shop that cannot write must not go on
        except (TrustError, ValueError) as error:
            log.warning("message_refused topic=%s %s", message.topic, plain(str(error)))
        except Exception:  # one device's message must not stop the others' orders
            log.exception("message_failed topic=%s", message.topic)
        client.ack(message.mid, message.qos)

    def _handle(self, topic: str, payload: bytes) -> None:
        assert self._desk is not None  # noqa: S101
        device_id, what = split_topic(topic)
        now_s = int(self._wall_clock())
        match what:
            case "up/intent":
                reply = self._desk.intent(device_id, payload, now_s=now_s)
            case "up/query":
                reply = self._desk.query(device_id, payload, now_s=now_s)
            case _:
                self._status(device_id, payload)
                return
        log.info("%s device=%s", reply.code, device_id)
        self._client.publish(down_topic(device_id, reply.what), reply.payload, qos=1)

    def _status(self, device_id: str, payload: bytes) -> None:
        assert self._desk is not None  # noqa: S101
        online = decode_data(decode_event(payload, STATUS), StatusData).online
        if online and self._desk.knows(device_id):
            self._online.add(device_id)
            self._tell_time(device_id)
        else:
            self._online.discard(device_id)

    def _tell_time(self, device_id: str) -> None:
        assert self._desk is not None  # noqa: S101
        payload = self._desk.time(now_s=int(self._wall_clock()))
        self._client.publish(down_topic(device_id, "time"), payload, qos=1, retain=True)


def _tls_context(folder: ShopFolder) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder.ca_certificate))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(folder.backend_certificate, folder.backend_key)
    return context


def _send_at_once(client: mqtt.Client, _: object, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
