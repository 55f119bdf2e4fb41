"""A shop at its real broker, and the real till and the real uplink of a device; a test is their supervisor,
takes grammars in `voice`'s place, and kills whom it likes."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from agent.bench.catalogue_swap import play_voice
from agent.committing.tls import client_context
from agent.plumbing import messages, operator
from agent.plumbing.child import Child, Program, start_child
from agent.plumbing.ipc import IpcConnection
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.published import claims_of_version
from order_backend.publishing import publish
from order_backend.shop import Shop
from tests.committing import network
from tests.committing.kit import CATALOGUE_FILE, NOW_S, joined_shop
from tests.committing.network import write_settings
from tests.plumbing.stand_ins import comes_true

PROCESSES = Path(__file__).parent / "processes"
STEPS = (
    "all parts are there", "put together", "half on disk", "laid ready", "taken by voice",
    "its details in their place", "between the two names", "both names, not flushed", "taken up",
)  # fmt: skip
"""Of taking up a catalogue, at which a till may die."""
PATIENCE_S = network.PATIENCE_S
"""A deadline for a hang, not a measure of speed."""
MANIFEST, PART = "va/v1/b/corner-shop/catalog", "va/v1/b/corner-shop/part/"


class Retained:
    """What the shop retains at the broker, one message at a time: in the order service's place, as it is."""

    def __init__(self, folder: ShopFolder, port: int) -> None:
        name = folder.config().backend_name
        self._taken = threading.Semaphore(0)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self._client.tls_set_context(
            client_context(folder.ca_certificate.read_text("ascii"), *folder.replica_files(name))
        )
        self._client.on_publish = lambda *_: self._taken.release()
        self._client.connect("localhost", port)
        self._client.loop_start()

    def put(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True)
        assert self._taken.acquire(timeout=PATIENCE_S), "the broker did not take it"

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class WholeRoad:
    """`parts` and `manifest` are of the newest catalogue that was cut; nothing of it is at the broker yet."""

    def __init__(self, root: Path, environment: Any) -> None:
        """`environment` sets variables for the till (`dying_till`), as monkeypatch does."""
        self._environment = environment
        self.folder = joined_shop(root)
        self._broker = PrivateBroker(self.folder)
        self._broker.start()
        self.retained = Retained(self.folder, self._broker.port)
        settings = write_settings(root, self._broker.port)
        (root / "catalogue.json").write_bytes(CATALOGUE_FILE.read_bytes())
        text = settings.read_text().replace("[broker]", 'catalogue_file = "catalogue.json"\n[broker]', 1)
        settings.write_text(text)
        self._settings, self.state = settings, root / "state" / "till"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self._operator = root / "operator.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._operator))
        self._listener.listen(64)
        self._children: dict[str, Child] = {}
        self.starts("uplink")
        self.starts("till")

    def cut(self, data: bytes, details: bytes | None = None) -> None:
        """Publishes it at the shop, and takes it from there."""
        with Shop.open(self.folder.database) as shop:
            newest = publish(self.folder, shop, data, now_s=NOW_S, details=details)
            parts = [part for one in claims_of_version(newest).documents for part in one.parts]
            self.manifest = newest.manifest
            self.parts = {part.sha256: shop.published.part(part.sha256) or b"" for part in parts}

    def retain(self) -> None:
        """All of it, as the order service does: the manifest last."""
        for sha256, payload in self.parts.items():
            self.retained.put(PART + sha256, payload)
        self.retained.put(MANIFEST, self.manifest)

    def starts(self, name: str, *, dies_at: str = "", retry_ms: int = 0) -> None:
        """That process, joined to the other; a till may die at a step of `dying_till`."""
        if name == "uplink":
            program = Program("uplink", "agent.committing.uplink")
        else:
            program = Program("till", "dying_till", launcher_options=("--also-import", str(PROCESSES)))
            self._environment.setenv("EARMARK_DIES_AT", dies_at)
            self._environment.setenv("EARMARK_RETRY_MS", str(retry_ms or 30_000))
        self._children[name] = start_child(name, program, self._settings, time.monotonic())
        if name == "till":
            self._send(name, messages.OperatorListener(), self._listener)
            ours, theirs = socket.socketpair()
            with theirs:
                self._send(name, messages.Peer("voice"), theirs)
            threading.Thread(target=play_voice, args=(IpcConnection(ours, peer="till"),), daemon=True).start()
        if len(self._children) == 2:
            one, other = socket.socketpair()
            with one, other:
                self._send("till", messages.Peer("uplink"), one)
                self._send("uplink", messages.Peer("till"), other)

    def _send(self, name: str, message: messages.Message, passed: socket.socket) -> None:
        # A till that dies at a step may be gone already.
        with contextlib.suppress(EOFError, OSError):
            self._children[name].control.send(message, (passed.fileno(),))

    def kill(self, name: str) -> None:
        """kill -9."""
        self._children[name].process.kill()
        self.died(name)

    def died(self, name: str) -> int:
        """Waits until it has; the signal that ended it."""
        return -self._children.pop(name).end(PATIENCE_S)

    def health(self) -> operator.CatalogueHealth:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self._operator))
        sock.settimeout(PATIENCE_S)
        with IpcConnection(sock, peer="till") as connection:
            connection.send(operator.AskHealth())
            return connection.receive(operator.Health)[0].catalogue

    def serves(self, version: int) -> bool:
        return comes_true(lambda: self.health().version == version)

    def held(self) -> dict[str, tuple[int, int]]:
        """The parts that the till has kept: each file, and when it was written."""
        found = (path for path in (self.state / "parts").iterdir() if not path.name.startswith("."))
        return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}

    def whole_parts(self) -> bool:
        return all(
            hashlib.sha256((self.state / "parts" / name).read_bytes()).hexdigest() == name
            for name in self.held()
        )

    def close(self) -> None:
        for child in self._children.values():
            child.process.kill()
            child.end(PATIENCE_S)
        self._listener.close()
        self.retained.close()
        self._broker.stop()


@contextlib.contextmanager
def whole_road(root: Path, environment: Any) -> Iterator[WholeRoad]:
    road = WholeRoad(root, environment)
    try:
        yield road
    finally:
        road.close()
