"""Attacks on the device: a shop, or somebody in its name, that says more than was agreed, and words that are
none of an order."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import msgspec
from joserfc.jwk import ECKey

from agent.bench.attack_lab import DEVICE, Lab
from agent.bench.attacks import Attack, codes
from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.live_trust import LiveTrust
from agent.committing.offering import Offered
from agent.committing.receipts import Amount, ReceiptClaims
from agent.committing.road import OrderDiffers, OrderRoad
from agent.committing.trust import Environment
from agent.committing.trusted_time import TrustedTime
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import NotUnderstood, understand
from agent.plumbing.settings import Device, Paths, Settings
from order_backend.receipts import receipt_event

_SPOKEN = (
    "two dark coffees'); DROP TABLE orders; --",
    "two dark coffees\x1b[2J\nordered device=nobody",
    "'; UPDATE orders SET total_minor = 0; --",
)


class DeviceRoad(NamedTuple):
    """A device's own, with its signing key, and its journal."""

    road: OrderRoad
    journal: Journal


class OnItsWay(NamedTuple):
    """The device's road; a receipt as the shop would sign it; what the journal says of the order."""

    road: OrderRoad
    claims: ReceiptClaims
    state: Callable[[], str]


def _closed_over_the_limit(lab: Lab) -> str:
    """The shop's own keys sign a receipt over a hundred times the amount: never told as "ordered"."""
    sent = on_its_way(lab)
    total = Amount(sent.claims.total.amount * 100, sent.claims.total.currency) if sent.claims.total else None
    dear = msgspec.structs.replace(sent.claims, total=total)
    key = lab.folder.signing_key("receipts")
    events = sent.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt_event(dear, key, event_id=uuid4()))
    return next((event.code for event in events if isinstance(event, OrderDiffers)), f"{events}")


def _forged_receipt(lab: Lab) -> str:
    """Somebody who can write on the device's topic, and has no key of the shop's."""
    sent, own = on_its_way(lab), ECKey.generate_key("P-256")
    events = sent.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt_event(sent.claims, own, event_id=uuid4()))
    if events or sent.state() not in ("queued", "sent"):
        return f"{events} {sent.state()}"
    return next(iter(sent.road.refused), "nothing")


def _spoken_injection(lab: Lab) -> str:
    """Whatever a recogniser may write down: what is no sentence of the catalogue's grammar orders nothing,
    and an order holds the catalogue's words only."""
    parser = SentenceParser(compile_sentences(lab.catalogue, "en"))
    for words in _SPOKEN:
        meaning = understand(parser, lab.catalogue, "order", words)
        if meaning != NotUnderstood():
            return f"understood: {meaning}"
    return "not_understood"


def device_road(lab: Lab, environment: Environment | None = None, *, ca_pem: str = "") -> DeviceRoad:
    """Of a device that is set to `environment`, or to the shop's, with the shop's keys as it was provisioned
    with them; with `ca_pem`, with that authority. Raises TrustError environment_mismatch."""
    root, bundle = lab.root / f"road-{uuid4()}", lab.trust
    root.mkdir()
    if ca_pem:
        bundle = msgspec.structs.replace(bundle, broker=msgspec.structs.replace(bundle.broker, ca_pem=ca_pem))
    trust = LiveTrust(bundle, root / ROTATIONS)
    journal = Journal(root / "journal.db")
    time_ = TrustedTime(trust, journal)
    time_.accept(int(time.time()))
    settings = Settings(
        device=Device(id=DEVICE, environment=environment or lab.environment),
        paths=Paths(keys_dir=str(lab.root / DEVICE)),
    )
    keys = FileKeyStore.load(lab.root / DEVICE)
    return DeviceRoad(OrderRoad(journal, keys, trust, time_, settings), journal)


def on_its_way(
    lab: Lab,
    environment: Environment | None = None,
    *,
    device: DeviceRoad | None = None,
    offered: Offered | None = None,
) -> OnItsWay:
    """An order that waits for its receipt, on that device or on one as `device_road` has it; by the offer
    that it has heard, if any. Raises TrustError environment_mismatch."""
    road, journal = device or device_road(lab, environment)
    order = lab.order()
    if offered is not None:
        order = msgspec.structs.replace(order, basket=offered.basket, offer=offered.offer)
    signed = road.commit(order)
    [row] = journal.orders()
    claims = ReceiptClaims(
        status="Success",
        iss=lab.trust.shop_id,
        iat=int(time.time()),
        reference="r",
        aud=DEVICE,
        env=lab.environment,
        intent=signed.intent_id,
        intent_sha256=signed.sha256,
        order_id="E-FORGED",
        total=Amount(row.total.minor, row.total.currency),
    )
    return OnItsWay(road, claims, lambda: journal.orders()[0].state)


CLOSINGS = (
    Attack("closed over the limit by the shop", "device", codes("over_agreed"), _closed_over_the_limit),
    Attack("a receipt that the shop did not sign", "device", codes("receipt_key_unknown"), _forged_receipt),
)

SPOKEN = (Attack("SQL and escapes in what is said", "device", codes("not_understood"), _spoken_injection),)
