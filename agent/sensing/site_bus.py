"""A site's own MQTT 5 broker, listened to: this client subscribes and has no way to publish.

Driven by one thread, as the uplink's `MqttLink` is. It keeps no message: `step` gives what has come, and at
most that, so a flood costs processor time and no memory.
"""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.committing.tls import CONNECT_TIMEOUT_S, link_error_code
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.mqtt_client import UnboundClient, send_at_once
from agent.plumbing.settings import SiteBroker

LARGEST_PACKET_BYTES = 8 * 1024
"""Asked of the broker; one that sends more all the same is hung up on."""


class SiteMessage(NamedTuple):
    """What came on a topic; `retained`: the broker had kept it from before."""

    topic: str
    payload: bytes
    retained: bool


class SiteUp(NamedTuple):
    """Connected and subscribed."""


class SiteDown(NamedTuple):
    """Not connected, and why (an error code)."""

    reason: str


SiteEvent = SiteMessage | SiteUp | SiteDown


class _BoundedClient(UnboundClient):
    """paho would take in a packet of up to 256 MB before anybody sees it."""

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > LARGEST_PACKET_BYTES:
            raise ConnectionError("longer than was asked for")
        data: bytes = super()._sock_recv(bufsize)
        return data


class SiteBus:
    """Call `step` again and again, from one thread."""

    def __init__(
        self,
        client_id: str,
        broker: SiteBroker,
        topics: Sequence[str],
        *,
        jitter: Callable[[], float],
    ) -> None:
        """Raises ConfigurationError site_ca_unusable, site_password_unusable."""
        self._broker, self._topics, self._jitter = broker, topics, jitter
        self._events: list[SiteEvent] = []
        self._reason = ""
        self._failures = 0
        self._next_attempt_s = 0.0
        self._last_down: str | None = None
        client = _BoundedClient(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if broker.tls:
            client.tls_set_context(_context(broker))
        if broker.username:
            client.username_pw_set(broker.username, _password(broker))
        client.on_socket_open = send_at_once
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client

    def step(self, wake_fd: int, timeout_s: float) -> list[SiteEvent]:
        """Waits for the broker, for `wake_fd` or for `timeout_s`, whichever is first, and says what happened.

        Connecting blocks for at most CONNECT_TIMEOUT_S each for TCP and TLS.
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

    def close(self) -> None:
        """Leaves."""
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()

    def _connect(self) -> None:
        self._reason = ""
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options.MaximumPacketSize = LARGEST_PACKET_BYTES
        try:
            self._client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=self._broker.keepalive_seconds,
                clean_start=True,
                properties=options,
            )
        except OSError as error:
            self._lost(link_error_code(error))

    def _lost(self, reason: str) -> None:
        full = min(
            self._broker.reconnect_max_seconds, self._broker.reconnect_min_seconds * 2.0**self._failures
        )
        self._failures = min(self._failures + 1, 30)
        self._next_attempt_s = time.monotonic() + full * (1.0 - 0.25 * self._jitter())
        if reason != self._last_down:
            self._last_down = reason
            self._events.append(SiteDown(reason))

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self._reason = "broker_refused"
        else:
            client.subscribe([(topic, 0) for topic in self._topics])

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._reason = "broker_refused"
            client.disconnect()
            return
        self._failures, self._last_down = 0, None
        self._events.append(SiteUp())

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._lost(self._reason or "link_lost")

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.qos > 0:  # subscribed with 0: no broker of good will does, and paho would keep count of it
            self._reason = "broker_refused"
            client.disconnect()
            return
        self._events.append(SiteMessage(message.topic, bytes(message.payload), message.retain))


def _context(broker: SiteBroker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            "site_ca_unusable", f"cannot use {broker.ca_file}: {error}", "mend [site_broker] ca_file"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _password(broker: SiteBroker) -> str:
    path = Path(broker.password_file)
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError("site_password_unusable", f"others can read {path}", f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "site_password_unusable", f"cannot read {path}: {error}", "mend [site_broker] password_file"
        ) from error
