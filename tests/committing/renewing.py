"""A device that changes its signing key, and its shop, joined by the test's hands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.committing.keys import FileKeyStore
from agent.committing.next_key import finish_before_start, offer_next_key
from agent.committing.road import OrderPlaced, RoadEvent
from tests.committing.kit import DEVICE, Bench, agreed

DOWN = f"va/v1/d/{DEVICE}/dn/"


@dataclass
class Renewing:
    """Over a bench whose files stand in `root`."""

    bench: Bench
    root: Path

    @property
    def now_s(self) -> int:
        return int(self.bench.clocks.wall_s)

    def begin(self) -> str:
        """As `earmark keys renew`: the thumbprint of the key that is to follow."""
        kid = offer_next_key(self.bench.settings)[0].key.kid
        self.bench.clocks.pass_by(6)  # the till looks now and then
        return kid

    def start(self) -> str:
        """The supervisor starts the till anew: the thumbprint of the key that it signs with then."""
        finish_before_start(self.bench.settings, self.root / "earmark.toml")
        self.bench.keys = FileKeyStore.load(self.root / "keys")
        self.bench.restart_device()
        self.bench.trust_time()
        self.bench.road.link(True)
        return self.bench.keys.device_kid

    def deliver(self, *, lose: str = "") -> list[str]:
        """What is due goes to the shop, and its answers come back but for those on dn/`lose`; its codes."""
        codes = []
        for publish in self.bench.road.tick().publishes:
            what = publish.topic.rsplit("/", 1)[1]
            desk = self.bench.desk
            handle = {"intent": desk.intent, "key": desk.key_changes.take, "receipt": desk.returned}[what]
            reply = handle(DEVICE, publish.payload, now_s=self.now_s)
            codes.append(reply.code)
            if reply.payload and reply.what != lose:
                self.hear(reply.what, reply.payload)
        return codes

    def hear(self, what: str, payload: bytes) -> list[RoadEvent]:
        """From the shop, on dn/`what`."""
        return self.bench.road.received(DOWN + what, payload)

    def order(self, quantity: int = 1) -> str:
        """Agreed to and queued: its id."""
        return self.bench.road.commit(agreed(quantity)).intent_id

    def ordered(self, quantity: int = 1) -> None:
        """One order, whose receipt matches it."""
        id_ = self.order(quantity)
        assert "ordered" in self.deliver()
        row = self.bench.journal.order(id_)
        assert row is not None and row.state == "ordered"

    def birth(self) -> bytes:
        """What the device says as soon as it is connected."""
        pair = self.bench.road.presence.pair()
        assert pair is not None
        return pair.online

    def renew(self) -> str:
        """The whole road: the thumbprint of the key that it signs with then."""
        kid = self.begin()
        assert self.deliver() == ["key_registered"]
        assert self.start() == kid
        return kid

    def known(self) -> tuple[str, str]:
        """The thumbprints of the key that signs, and of the one that is to follow, by the shop."""
        device = self.bench.desk.shop.device(DEVICE)
        assert device is not None
        return device.signing_jwk.kid, device.next_key.kid if device.next_key is not None else ""


__all__ = ["DOWN", "OrderPlaced", "Renewing"]
