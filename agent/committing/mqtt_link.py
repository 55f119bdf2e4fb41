"""The MQTT 5 session of one device, driven by one thread: it connects, comes back, and reports what
happened.

It knows topics and bytes and nothing about orders. paho-mqtt does the protocol; the loop is ours, because
paho's own reconnect hides why a connection failed.
"""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.committing.envelope import STATUS, StatusData, device_base, encode_event, up_topic
from agent.committing.tls import CONNECT_TIMEOUT_S, code_of_openssl_text, link_error_code, probe_broker
from agent.plumbing.mqtt_client import UnboundClient, send_at_once
from agent.plumbing.settings import Broker

RECEIVE_MAXIMUM = 10
MAXIMUM_PACKET_BYTES = 128 * 1024
WILL_DELAY_S = 30
MOST_QUEUED = 100
_SESSION_TAKEN_OVER = 0x8E


class Incoming(NamedTuple):
    """A message from the broker, not acknowledged until `MqttLink.done` is told so."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    session: int


class Up(NamedTuple):
    """Connected and subscribed."""


class Down(NamedTuple):
    """Not connected, and why (an error code)."""

    reason: str


class Acknowledged(NamedTuple):
    """The broker took the message that was published as `ref`."""

    ref: str


LinkEvent = Incoming | Up | Down | Acknowledged


class MqttLink:
    """Call `step` again and again; all other methods from the same thread."""

    def __init__(
        self, device_id: str, broker: Broker, context: ssl.SSLContext, *, jitter: Callable[[], float]
    ) -> None:
        self._device_id, self._broker, self._context, self._jitter = device_id, broker, context, jitter
        self._events: list[LinkEvent] = []
        self._refs: dict[int, str] = {}
        self._session = 0
        self._connected = False
        self._failures = 0
        self._next_attempt_s = 0.0
        self._reason = ""
        self._answered = False
        self._last_down: str | None = None
        client = UnboundClient(
            CallbackAPIVersion.VERSION2,
            client_id=device_id,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.tls_set_context(context)
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.max_queued_messages_set(MOST_QUEUED)
        will = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        will.WillDelayInterval = WILL_DELAY_S
        client.will_set(
            up_topic(device_id, "status"), self._status(False), qos=1, retain=True, properties=will
        )
        client.on_socket_open = send_at_once
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_log = self._on_log
        self._client = client

    @property
    def connected(self) -> bool:
        """Whether there is a session and its subscription stands."""
        return self._connected

    def step(self, wake_fd: int, timeout_s: float) -> list[LinkEvent]:
        """Waits for the broker, for `wake_fd` or for `timeout_s`, whichever is first, and says what happened.

        Connecting blocks: at most CONNECT_TIMEOUT_S each for TCP and TLS, and as long again to find out why
        a broker hung up.
        """
        sock = self._client.socket()
        if sock is None:
            wait = self._next_attempt_s - time.monotonic()
            if wait <= 0:
                self._connect()
            else:
                select.select([wake_fd], [], [], min(wait, timeout_s))
        else:
            pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            fd = sock.fileno()
            writers = [fd] if self._client.want_write() else []
            readable, writable, _ = select.select([fd, wake_fd], writers, [], 0 if pending else timeout_s)
            if fd in readable or pending:
                self._client.loop_read()
            if writable:
                self._client.loop_write()
            self._client.loop_misc()
        events, self._events = self._events, []
        return events

    def publish(self, ref: str, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hands a message over at QoS 1; False where there is no session or it has too much in hand."""
        if not self._connected:
            return False
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc == mqtt.MQTT_ERR_QUEUE_SIZE:
            return False
        self._refs[info.mid] = ref
        return True

    def announce(self) -> None:
        """Says (again) that the device is online; the shop answers with the time."""
        self._client.publish(up_topic(self._device_id, "status"), self._status(True), qos=1, retain=True)

    def done(self, message: Incoming) -> None:
        """Acknowledges `message`, unless its session is over (the broker will send it again)."""
        if message.qos > 0 and message.session == self._session and self._client.socket() is not None:
            self._client.ack(message.packet_id, message.qos)

    def close(self) -> None:
        """Says that the device is offline and leaves; the broker keeps the session."""
        if self._connected:
            self._client.publish(up_topic(self._device_id, "status"), self._status(False), qos=1, retain=True)
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()

    def _status(self, online: bool) -> bytes:
        return encode_event(
            STATUS, id_=uuid4(), source=self._device_id, now_s=int(time.time()), data=StatusData(online)
        )

    def _connect(self) -> None:
        self._reason, self._answered = "", False
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options.SessionExpiryInterval = self._broker.session_expiry_seconds
        options.ReceiveMaximum = RECEIVE_MAXIMUM
        options.MaximumPacketSize = MAXIMUM_PACKET_BYTES
        try:
            self._client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=self._broker.keepalive_seconds,
                clean_start=False,
                properties=options,
            )
        except OSError as error:
            self._lost(link_error_code(error))

    def _lost(self, reason: str) -> None:
        self._connected = False
        self._session += 1
        full = min(
            self._broker.reconnect_max_seconds, self._broker.reconnect_min_seconds * 2.0**self._failures
        )
        self._failures = min(self._failures + 1, 30)
        self._next_attempt_s = time.monotonic() + full * (1.0 - 0.25 * self._jitter())
        self._report_down(reason)

    def _report_down(self, reason: str) -> None:
        if reason != self._last_down:
            self._last_down = reason
            self._events.append(Down(reason))

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._answered = True
        if reason.is_failure:
            self._reason = "broker_refused"
        else:
            client.subscribe(device_base(self._device_id) + "dn/#", qos=1)

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._reason = "broker_refused"
            client.disconnect()
            return
        self._connected, self._failures, self._last_down = True, 0, None
        self.announce()
        self._events.append(Up())

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.value == _SESSION_TAKEN_OVER:
            self._reason = "broker_session_taken"
        if not self._reason and not self._answered:
            # Our CONNECT may have crossed the broker's alert, which is then lost; a silent client hears it.
            self._reason = probe_broker(self._broker.host, self._broker.port, self._context)
        self._lost(self._reason or "link_lost")

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        self._events.append(
            Incoming(message.topic, bytes(message.payload), message.qos, message.mid, self._session)
        )

    def _on_publish(
        self, client: mqtt.Client, _: object, mid: int, reason: ReasonCode, properties: object
    ) -> None:
        ref = self._refs.pop(mid, None)
        if ref is not None and not reason.is_failure:
            self._events.append(Acknowledged(ref))

    def _on_log(self, client: mqtt.Client, _: object, level: int, text: str) -> None:
        # paho keeps the reason of a failed read to its log; in TLS 1.3 our certificate is refused there.
        if level == mqtt.MQTT_LOG_ERR and (code := code_of_openssl_text(text)):
            self._reason = code
