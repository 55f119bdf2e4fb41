"""Any number of devices' MQTT connections in one process, driven by one selector loop: no thread for each."""

from __future__ import annotations

import contextlib
import resource
import selectors
import ssl
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.committing.envelope import device_base
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.mqtt_client import UnboundClient
from order_backend import certificates

KEEPALIVE_S = 600
CONNECT_TIMEOUT_S = 60.0
SESSION_EXPIRY_S = 86_400
_MISC_EVERY_S = 5.0
_FILES_BESIDES = 300


class Member:
    """One connection. `on_up` is called when its subscription stands, `on_answer` with each message on
    dn/ack, `on_down` when the connection has ended, with whether it had come to its subscription."""

    def __init__(self, fleet: Fleet, name: str, context: ssl.SSLContext, port: int) -> None:
        self.name, self.up = name, False
        self.on_up: Callable[[], None] = _nothing
        self.on_down: Callable[[bool], None] = _ignore
        self.on_answer: Callable[[bytes], None] = _ignore
        self._port = port
        client = UnboundClient(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        client.tls_set_context(context)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_socket_open = lambda c, u, sock: fleet.opened(self, sock)
        client.on_socket_close = lambda c, u, sock: fleet.closed(sock)
        client.on_socket_register_write = lambda c, u, sock: fleet.writes(self, sock, True)
        client.on_socket_unregister_write = lambda c, u, sock: fleet.writes(self, sock, False)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self.client = client

    def connect(self) -> bool:
        """TCP and TLS, for which it blocks; False where there is nobody. The rest is the loop's."""
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        options.SessionExpiryInterval = SESSION_EXPIRY_S
        try:
            self.client.connect(
                "127.0.0.1", self._port, keepalive=KEEPALIVE_S, clean_start=False, properties=options
            )
        except OSError:
            return False
        return True

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if not reason.is_failure:
            client.subscribe(device_base(self.name) + "dn/#", qos=1)

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        self.up = True
        self.on_up()

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/dn/ack"):
            self.on_answer(bytes(message.payload))

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        was_up, self.up = self.up, False
        self.on_down(was_up)


class Fleet:
    """`turn` again and again, from one thread."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self._selector = selectors.DefaultSelector()
        self._next_misc_s = 0.0

    def add(self, name: str, context: ssl.SSLContext, port: int) -> Member:
        """One more, not connected yet."""
        member = Member(self, name, context, port)
        self.members.append(member)
        return member

    def turn(self, timeout_s: float) -> None:
        """Reads and writes what can be, after at most so long."""
        for key, ready in self._selector.select(timeout_s):
            member: Member = key.data
            if ready & selectors.EVENT_READ:
                member.client.loop_read()
                sock: Any = member.client.socket()
                while sock is not None and sock.pending():  # decrypted already: no selector tells of it
                    member.client.loop_read()
                    sock = member.client.socket()
            if ready & selectors.EVENT_WRITE:
                member.client.loop_write()
        if time.monotonic() >= self._next_misc_s:
            self._next_misc_s = time.monotonic() + _MISC_EVERY_S
            for member in self.members:
                if member.client.socket() is not None:
                    member.client.loop_misc()

    def turn_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether it came about within that time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.turn(0.05)
        return True

    def close(self) -> None:
        """Hangs up, without a word to the broker."""
        for member in self.members:
            sock: Any = member.client.socket()
            if sock is not None:
                with contextlib.suppress(OSError, KeyError):
                    self._selector.unregister(sock)
                    sock.close()
        self._selector.close()

    def opened(self, member: Member, sock: Any) -> None:
        self._selector.register(sock, selectors.EVENT_READ, member)

    def closed(self, sock: Any) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def writes(self, member: Member, sock: Any, wanted: bool) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.modify(sock, events, member)


def contexts_for(
    names: Iterable[str],
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    ca_file: Path,
    scratch: Path,
) -> Iterable[tuple[str, ssl.SSLContext]]:
    """A TLS context with a client certificate of its own for each: one authority, P-256, and one key for all
    of them, since making keys is not what is measured."""
    now, key = datetime.now(UTC), certificates.new_key()
    pem, file = certificates.private_pem(key), scratch / "client.pem"
    authorities = ca_file.read_text("ascii")
    for name in names:
        certificate = certificates.client_certificate(name, key.public_key(), *authority, now=now)
        file.write_bytes(pem + certificates.certificate_pem(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cadata=authorities)
        context.load_cert_chain(file)
        yield name, context


def allow_files(connections: int) -> None:
    """Lets this process and those that it starts have so many sockets. Raises ConfigurationError bench_files
    where the system does not allow it."""
    wanted = connections + _FILES_BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ConfigurationError(
            "bench_files",
            f"{connections} connections need {wanted} open files a process, {hard} are allowed",
            "raise `ulimit -Hn`, or take fewer --connections",
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _nothing() -> None:
    pass


def _ignore(_: object) -> None:
    pass
