"""What both MQTT clients of the device, `uplink` and `sensors`, need of paho-mqtt beyond its own: a session
that comes back, and says why it was lost.

paho-mqtt does the protocol; the loop is ours, because paho's own reconnect hides why a connection failed.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.plumbing.link_errors import CONNECT_TIMEOUT_S, link_error_code
from agent.plumbing.reconnecting import BUSY, Reconnecting
from agent.plumbing.settings import Broker, SiteBroker

_LOGIN_REFUSED = frozenset({0x86, 0x87, 0x8C})
"""Reason codes of CONNACK: bad user name or password, not authorised, bad authentication method."""


class Up(NamedTuple):
    """Connected and subscribed."""


class Down(NamedTuple):
    """Not connected, and why (an error code)."""

    reason: str


Event = TypeVar("Event")


class UnboundClient(mqtt.Client):
    """paho binds its socket to ('', 0) before it connects, which the sandbox refuses and nobody needs."""

    def _create_socket_connection(self) -> socket.socket:
        return socket.create_connection((self._host, self._port), timeout=self._connect_timeout)


class MqttSession(ABC, Generic[Event]):
    """One MQTT 5 session: call `step` again and again, and everything else from the same thread.

    A subclass says what it subscribes to and adds events of its own kind.
    """

    def __init__(
        self,
        client: UnboundClient,
        broker: Broker | SiteBroker,
        *,
        jitter: Callable[[], float],
        spread_s: float = 0.0,
    ) -> None:
        """`jitter` gives 0 up to 1, the share of its longest that a rest is. `spread_s`: over so long those
        who lost the same broker come back for the first time (0: the shortest rest)."""
        self._broker = broker
        first, *others = broker.addresses if isinstance(broker, Broker) else ((broker.host, broker.port),)
        # In an order of its own, lest all who lose the first one meet at the same second.
        self._addresses = (first, *sorted(others, key=lambda _: jitter()))
        self._at = 0
        self._reconnecting = Reconnecting(
            shortest_s=broker.reconnect_min_seconds,
            longest_s=broker.reconnect_max_seconds,
            spread_s=spread_s,
            chance=jitter,
        )
        self._events: list[Event | Up | Down] = []
        self._connected = False
        self._answered = False
        self._reason = ""
        self._busy = False
        self._next_attempt_s = 0.0
        self._last_down: str | None = None
        self._take(client)

    def _take(self, client: UnboundClient) -> None:
        """Speaks by `client` from now on; there is no connection."""
        self._client = client
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) of the broker that is, or will next be, connected to."""
        return self._addresses[self._at]

    @property
    def connected(self) -> bool:
        """Whether there is a session and its subscription stands."""
        return self._connected

    def step(self, wake_fd: int, timeout_s: float) -> list[Event | Up | Down]:
        """Waits for the broker, for `wake_fd` or for `timeout_s`, whichever is first, and says what happened.

        Connecting blocks: at most CONNECT_TIMEOUT_S each for TCP and TLS.
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

    @abstractmethod
    def _subscription(self) -> list[tuple[str, int]]:
        """Topic filters and QoS."""

    @abstractmethod
    def _ask(self, options: Properties) -> bool:
        """Adds what CONNECT asks for to `options`; whether the session starts clean."""

    def _opened(self) -> None:
        """Called when the subscription stands."""

    def _why_unanswered(self) -> str:
        """The code for an end before any answer to CONNECT; '' where link_lost says it best."""
        return ""

    def _refuse(self, reason: str) -> None:
        """Hangs up on the broker, for `reason`."""
        self._reason = reason
        self._client.disconnect()

    def _connect(self) -> None:
        self._reason, self._answered, self._busy = "", False, False
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        clean = self._ask(options)
        try:
            self._client.connect(
                *self.address,
                keepalive=self._broker.keepalive_seconds,
                clean_start=clean,
                properties=options,
            )
        except OSError as error:
            self._lost(link_error_code(error))

    def _lost(self, reason: str) -> None:
        self._at = 0 if self._connected else (self._at + 1) % len(self._addresses)
        self._connected = False
        self._next_attempt_s = time.monotonic() + self._reconnecting.rest_s(busy=self._busy)
        if reason != self._last_down:
            self._last_down = reason
            self._events.append(Down(reason))

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._answered = True
        if reason.is_failure:
            self._reason = "broker_login_refused" if reason.value in _LOGIN_REFUSED else "broker_refused"
            self._busy = reason.value in BUSY
        else:
            client.subscribe(self._subscription())

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refuse("broker_refused")
            return
        self._connected, self._last_down = True, None
        self._reconnecting.connected()
        self._opened()
        self._events.append(Up())

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._busy = self._busy or reason.value in BUSY
        if not self._reason and not self._answered:
            self._reason = self._why_unanswered()
        self._lost(self._reason or "link_lost")


def _send_at_once(client: mqtt.Client, _: object, sock: Any) -> None:
    """Small packets that wait for each other's TCP acknowledgement cost 40 ms each way."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
