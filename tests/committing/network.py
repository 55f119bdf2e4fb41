"""A shop on a real broker, and a device whose uplink is the real process under its launcher."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion

from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.live_trust import LiveTrust
from agent.committing.road import OrderRoad, RoadEvent
from agent.committing.trust import load_trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing.child import Program, start_child
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import (
    CertificateRequest,
    ClientCertificate,
    LinkState,
    Message,
    Peer,
    Published,
    Received,
    Stop,
    UplinkToTill,
    UseAuthorities,
)
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.service import OrderService
from tests.committing.kit import DEVICE

PATIENCE_S = 240.0
"""A deadline for a hang, not a measure of speed."""


def eventually(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {PATIENCE_S:.0f} s")


def as_long_as_it_goes_on(condition: Callable[[], Any], progress: Callable[[], object], what: str) -> Any:
    """`eventually`, with the patience anew whenever `progress` says something else than before."""
    before, deadline = progress(), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if result := condition():
            return result
        if (now := progress()) != before:
            before, deadline = now, time.monotonic() + PATIENCE_S
        time.sleep(0.01)
    raise AssertionError(f"{what}: nothing went on for {PATIENCE_S:.0f} s, after {before}")


@contextmanager
def serving(folder: ShopFolder, port: int) -> Iterator[OrderService]:
    service = OrderService(folder, port=port, reconnect_s=0.1)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        assert service.connected.wait(PATIENCE_S)
        yield service
    finally:
        service.stop()
        thread.join(PATIENCE_S)


def write_settings(root: Path, port: int, *, host: str = "localhost", device_id: str = DEVICE) -> Path:
    path = root / "earmark.toml"
    path.write_text(f"""\
[device]
id = "{device_id}"
environment = "test"
[paths]
state_dir = "state"
keys_dir = "keys"
trust_file = "keys/trust.json"
[broker]
host = "{host}"
port = {port}
keepalive_seconds = 5
reconnect_min_seconds = 0.1
reconnect_max_seconds = 1.0
reconnect_spread_seconds = 0.1
[orders]
resend_min_seconds = 0.5
resend_max_seconds = 2.0
""")
    (root / "state" / "uplink").mkdir(parents=True, exist_ok=True)
    return path


class UplinkProcess:
    """The real uplink, with this test in the till's place."""

    def __init__(self, settings_file: Path) -> None:
        program = Program("uplink", "agent.committing.uplink")
        self._child = start_child("uplink", program, settings_file, time.monotonic())
        self.inbox: queue.Queue[UplinkToTill] = queue.Queue()
        self.till = self.be_a_new_till()

    @property
    def pid(self) -> int:
        return self._child.process.pid

    def be_a_new_till(self) -> IpcConnection:
        ours, theirs = socket.socketpair()
        with theirs:
            self._child.control.send(Peer("till"), (theirs.fileno(),))
        self.till = connection = IpcConnection(ours, peer="uplink")
        threading.Thread(target=self._read, args=(connection, self.inbox), daemon=True).start()
        return connection

    @staticmethod
    def _read(connection: IpcConnection, inbox: queue.Queue[Any]) -> None:
        try:
            while True:
                inbox.put(connection.receive(UplinkToTill)[0])
        except EOFError:
            return

    def next(self, kind: type[Any], accept: Callable[[Any], bool] = lambda message: True) -> Any:
        """The next message of that kind that is accepted; others are passed over."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            message = self.inbox.get(timeout=PATIENCE_S)
            if isinstance(message, kind) and accept(message):
                return message
        raise AssertionError(f"no {kind.__name__}")

    def kill(self) -> None:
        self._child.process.kill()
        self._child.end(PATIENCE_S)

    def stop(self) -> int:
        self._child.control.send(Stop())
        code = self._child.end(PATIENCE_S)
        self.till.close()
        return code


class Device:
    """Journal, keys and road of one device in this process, joined to an uplink process."""

    def __init__(self, root: Path, settings_file: Path) -> None:
        self._root = root
        self.settings: Settings = load_settings(settings_file)
        self.uplink = UplinkProcess(settings_file)
        self.events: list[RoadEvent] = []
        self.connected = self.heard = False
        self.uplink_has: dict[str, Any] = {}
        self.open()

    def open(self) -> None:
        trust = LiveTrust(load_trust(Path(self.settings.paths.trust_file)), self._root / "state" / ROTATIONS)
        self.trust = trust
        keys = FileKeyStore.load(Path(self.settings.paths.keys_dir))
        self.journal = Journal(self._root / "state" / "journal.db")
        time_ = TrustedTime(trust, self.journal)
        self.road = OrderRoad(
            *(self.journal, keys, trust, time_, self.settings),
            jitter=lambda: 0.0,
            key_folder=self._root / "state" / "till",
        )

    def turn(self) -> None:
        """What the till's loop does once."""
        try:
            message = self.uplink.inbox.get(timeout=0.05)
        except queue.Empty:
            message = None
        match message:
            case LinkState(connected=connected):
                self.connected, self.heard = connected, True
                self.road.link(connected)
            case Published(ref=ref):
                self.road.published(ref)
            case ClientCertificate():
                self.road.renewal.certificate(message)
            case CertificateRequest():
                self._pass_on(self.road.renewal.requested(message))
            case Received(topic=topic, payload=payload) if topic.endswith("/dn/cert"):
                self._pass_on(self.road.renewal.received(payload))
            case Received(topic=topic, payload=payload):
                self.events += self.road.received(topic, payload)
        publishes, events = self.road.tick()
        self.events += events
        for publish in publishes:
            self.uplink.till.send(publish)
        if self.connected:
            self._pass_on(self.road.renewal.tick())
        self._tell_uplink()

    def _tell_uplink(self) -> None:
        """As the till's `ShopLink` does, once `uplink` has said anything."""
        known, told = self.road.authorities, self.uplink_has
        if self.heard and known is not None and known.serial and told.get("pem") != known.believed.pem:
            told["pem"] = known.believed.pem
            self.uplink.till.send(UseAuthorities(known.believed.pem))
        pair = self.road.presence.pair()
        if self.heard and pair is not None and told.get("pair") is not pair:
            told["pair"] = pair
            self.uplink.till.send(pair)

    def _pass_on(self, message: Message | None) -> None:
        if message is not None:
            self.uplink.till.send(message)

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        def look() -> Any:
            self.turn()
            return condition()

        return eventually(look, what)

    def states(self) -> list[str]:
        return [row.state for row in self.journal.orders()]

    def close(self) -> None:
        self.uplink.stop()
        self.journal.close()


def authority_of(folder: ShopFolder) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = serialization.load_pem_private_key(folder.ca_key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(folder.ca_certificate.read_bytes()), key


def now() -> datetime:
    return datetime.now(UTC)


class RawClient:
    """A hostile MQTT client with some certificate: says what the broker let it do."""

    def __init__(self, context: ssl.SSLContext, client_id: str, port: int) -> None:
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self._answers: queue.Queue[int] = queue.Queue()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        client.tls_set_context(context)
        client.on_connect = lambda c, u, f, reason, p: self._answers.put(reason.value)
        client.on_subscribe = lambda c, u, m, reasons, p: self._answers.put(reasons[0].value)
        client.on_publish = lambda c, u, m, reason, p: self._answers.put(reason.value)
        client.on_message = lambda c, u, message: self.messages.put(message)
        client.connect("localhost", port, keepalive=30)
        client.loop_start()
        self._client = client
        self.connect_code = self._answers.get(timeout=PATIENCE_S)

    def publish(self, topic: str, payload: bytes) -> int:
        """The PUBACK's reason code."""
        self._client.publish(topic, payload, qos=1)
        return self._answers.get(timeout=PATIENCE_S)

    def subscribe(self, topic: str) -> int:
        self._client.subscribe(topic, qos=1)
        return self._answers.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(folder: ShopFolder) -> Iterator[PrivateBroker]:
    with PrivateBroker(folder) as broker:
        yield broker


@pytest.fixture
def device(tmp_path: Path, broker: PrivateBroker) -> Iterator[Device]:
    device = Device(tmp_path, write_settings(tmp_path, broker.port))
    yield device
    device.close()
