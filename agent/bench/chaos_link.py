"""What is between the road of a chaos device and the broker: its uplink process, what a till tells that
beside orders, and what the network and a thief on it do to messages."""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from agent.bench.chaos_files import ChaosFiles
from agent.bench.chaos_shim import Forger, OfferForger, Shim, unchecked_claims
from agent.committing.envelope import RECEIPT, SHOP_ROOT, SignedData, decode_data, decode_event
from agent.committing.road import OrderRoad
from agent.plumbing.child import Program, start_child
from agent.plumbing.errors import EarmarkError, IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import (
    CertificateRequest,
    ClientCertificate,
    LinkState,
    Message,
    Peer,
    Publish,
    Published,
    Received,
    UplinkToTill,
    UseAuthorities,
)

_LOOK_EVERY_S = 0.1
_MOST_A_TURN = 100


class ChaosLink:
    """Used from one thread."""

    def __init__(
        self, files: ChaosFiles, name: str, road: OrderRoad, chance: random.Random, counts: Counter[str]
    ) -> None:
        self._files, self._name, self._road = files, name, road
        self._chance, self._counts = chance, counts
        self._up: Shim[Publish] = Shim(chance, counts)
        self._down: Shim[Received] = Shim(chance, counts)
        self._forger, self._offer_forger = Forger(chance), OfferForger(chance)
        self._inbox: queue.Queue[tuple[IpcConnection, Any]] = queue.Queue()
        self.connected = False
        self._told: tuple[Message | None, str] = (None, "")
        self._heard = False
        self._start()

    def live(self) -> None:
        """An uplink that was killed is started anew."""
        if self._child.process.poll() is not None:
            self.connected = False
            self._road.link(False)
            self._child.end(1.0)
            self._start()

    def quieten(self, is_quiet: bool) -> None:
        """Messages pass unharmed while it is."""
        self._up.quiet = self._down.quiet = is_quiet

    def hear(self, take: Callable[[Received], None]) -> None:
        """All that has come: one a turn would fall behind on a slow machine, and then never catch up."""
        now_s, timeout_s = time.monotonic(), _LOOK_EVERY_S
        with contextlib.suppress(queue.Empty):
            for _ in range(_MOST_A_TURN):
                connection, message = self._inbox.get(timeout=timeout_s)
                timeout_s = 0.001
                if connection is self._uplink:
                    for passed in self._take(message, now_s):
                        take(passed)
        for passed in self._down.due(now_s):
            take(passed)

    def send(self, publish: Publish) -> None:
        """Over the same road as everything; perhaps with a forged one beside it."""
        true = self._up.put(publish, time.monotonic())
        forged = None if self._up.quiet else self._forger.perhaps(publish)
        if forged is not None:
            self._counts["forged"] += 1
            true = [forged, *true] if self._chance.random() < 0.5 else [*true, forged]
        for one in true:
            self._tell(one)

    def turn(self) -> None:
        """What was held back, and what a till tells its uplink: who it is, whom it believes, and that its
        certificate is to be another one."""
        for publish in self._up.due(time.monotonic()):
            self._tell(publish)
        if self.connected and (request := self._road.renewal.tick()) is not None:
            self._tell(request)
        known, (presence, pem) = self._road.authorities, self._told
        if not self._heard:
            return
        if known is not None and known.serial and known.believed.pem != pem:
            pem = known.believed.pem
            self._tell(UseAuthorities(pem))
        if (pair := self._road.presence.pair()) is not None and pair is not presence:
            presence = pair
            self._tell(pair)
        self._told = (presence, pem)

    def _start(self) -> None:
        program = Program("uplink", "agent.committing.uplink")
        self._child = start_child("uplink", program, self._files.settings(self._name), time.monotonic())
        (self._files.device(self._name) / "uplink.pid").write_text(str(self._child.process.pid))
        ours, theirs = socket.socketpair()
        with theirs:
            self._child.control.send(Peer("till"), (theirs.fileno(),))
        self._uplink = IpcConnection(ours, peer="uplink")
        self._told, self._heard = (None, ""), False
        threading.Thread(target=self._read, args=(self._uplink,), daemon=True).start()

    def _read(self, connection: IpcConnection) -> None:
        with contextlib.suppress(EOFError, IpcError):
            while True:
                self._inbox.put((connection, connection.receive(UplinkToTill)[0]))

    def _take(self, message: Any, now_s: float) -> list[Received]:
        """What of it is for the road."""
        match message:
            case LinkState(connected=connected):
                self.connected, self._heard = connected, True
                self._road.link(connected)
            case Published(ref=ref):
                self._road.published(ref)
            case ClientCertificate():
                self._road.renewal.certificate(message)
            case CertificateRequest():
                with contextlib.suppress(EarmarkError):
                    if (request := self._road.renewal.requested(message)) is not None:
                        self.send(request)
            case Received():
                self._count_refused_forgery(message)
                return self._passed(message, now_s)
        return []

    def _passed(self, message: Received, now_s: float) -> list[Received]:
        if message.topic.startswith(f"{SHOP_ROOT}/"):
            # What is retained for all devices comes in its order, keys before what they sign, and once a
            # session: a live uplink loses none of it, and a new till is told it anew.
            return [message]
        true = self._down.put(message, now_s)
        forged = None if self._down.quiet else self._offer_forger.perhaps(message)
        if forged is None:
            return true
        self._counts["forged_offers"] += 1
        return [forged, *true] if self._chance.random() < 0.5 else [*true, forged]

    def certificate(self, message: Received) -> None:
        """The shop's answer to a request for one."""
        try:
            answer = self._road.renewal.received(message.payload)
        except EarmarkError as error:
            self._counts[f"certificate_refused_{error.code}"] += 1
            return
        if answer is not None:
            self._counts["certificates"] += 1
            self._tell(answer)

    def _count_refused_forgery(self, message: Received) -> None:
        """By what the shop answers to it; nobody checks that signature here."""
        with contextlib.suppress(EarmarkError):
            signed = decode_data(decode_event(message.payload, RECEIPT), SignedData).signed
            claims = unchecked_claims(signed)
            way = self._forger.made.get(str(claims.get("intent_sha256")))
            if way is not None:
                self._counts[f"answered_{way}_{claims.get('error') or 'with_the_order'}"] += 1

    def _tell(self, message: Message) -> None:
        with contextlib.suppress(EOFError, IpcError, OSError):
            self._uplink.send(message)
