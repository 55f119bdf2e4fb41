"""A site's own MQTT 5 broker, listened to: this client subscribes and has no way to publish.

It keeps no message: `step` gives what has come, and at most that, so a flood costs processor time and no
memory.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.link_errors import CONNECT_TIMEOUT_S
from agent.plumbing.mqtt_client import Down, MqttSession, UnboundClient, Up
from agent.plumbing.settings import SiteBroker

LARGEST_PACKET_BYTES = 8 * 1024
"""Asked of the broker; one that sends more all the same is hung up on."""


class SiteMessage(NamedTuple):
    """What came on a topic; `retained`: the broker had kept it from before."""

    topic: str
    payload: bytes
    retained: bool


SiteEvent = SiteMessage | Up | Down


class _BoundedClient(UnboundClient):
    """paho would take in a packet of up to 256 MB before anybody sees it."""

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > LARGEST_PACKET_BYTES:
            raise ConnectionError("longer than was asked for")
        data: bytes = super()._sock_recv(bufsize)
        return data


class SiteBus(MqttSession[SiteMessage]):
    """Every topic is subscribed to at QoS 0."""

    def __init__(
        self,
        client_id: str,
        broker: SiteBroker,
        topics: Sequence[str],
        *,
        jitter: Callable[[], float],
    ) -> None:
        """Raises ConfigurationError site_ca_unusable, site_password_unusable."""
        self._topics = topics
        client = _BoundedClient(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        if broker.tls:
            client.tls_set_context(_context(broker))
        if broker.username:
            client.username_pw_set(broker.username, _password(broker))
        super().__init__(client, broker, jitter=jitter)
        client.on_message = self._on_message

    def _subscription(self) -> list[tuple[str, int]]:
        return [(topic, 0) for topic in self._topics]

    def _ask(self, options: Properties) -> bool:
        options.MaximumPacketSize = LARGEST_PACKET_BYTES
        return True

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.qos > 0:  # subscribed with 0: no broker of good will does, and paho would keep count of it
            self._refuse("broker_refused")
            return
        self._events.append(SiteMessage(message.topic, bytes(message.payload), message.retain))


def try_login(client_id: str, broker: SiteBroker, topics: Sequence[str]) -> str:
    """'' where the broker takes the login and the subscriptions, else the error code that a `SiteBus` would
    report.

    A client id of its own keeps it from ending the session of a device that runs. Raises as `SiteBus` does.
    """
    bus = SiteBus(client_id, broker, topics, jitter=lambda: 0.0)
    deadline_s = time.monotonic() + 2 * CONNECT_TIMEOUT_S
    ours, theirs = socket.socketpair()  # what `step` may wait for, and nobody writes to
    with ours, theirs:
        while time.monotonic() < deadline_s:
            for event in bus.step(ours.fileno(), 0.5):
                match event:
                    case Up():
                        bus.close()
                        return ""
                    case Down(reason=reason):
                        return reason
    bus.close()
    return "broker_silent"


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
