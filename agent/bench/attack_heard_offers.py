"""Attacks on what a device hears of an offer (DIRECT mode): it has asked the shop over the real broker, and
is told something else, something for somebody else, or the same once more. Each says what it saw.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import msgspec

from agent.bench.attack_lab import DEVICE, Client, Lab
from agent.bench.attack_offers import (
    Change,
    by_another_shop,
    by_own_key,
    cheaper,
    for_another_device,
    for_production,
    of_an_hour_ago,
    offer_in,
    signed_again,
)
from agent.bench.attack_road import DeviceRoad, device_road, on_its_way
from agent.bench.attacks import Attack, Where, codes
from agent.committing.envelope import OFFER, SignedData, encode_event, to_claims
from agent.committing.offering import Offered
from agent.committing.offers import read_offer
from agent.committing.road import OrderDiffers
from agent.plumbing.errors import TrustError
from order_backend.receipts import receipt_event

_DEVICE: Where = "device"


class _Asking(NamedTuple):
    device: DeviceRoad
    client: Client

    def offered(self, lab: Lab) -> str:
        """The shop's true offer to what is asked now."""
        request = self.device.road.offering.ask(lab.order().basket)
        self.client.publish(request.topic, request.payload)
        return offer_in(self.client)

    def hears(self, token: str) -> Offered:
        """Raises TrustError."""
        event = encode_event(
            OFFER, id_=uuid4(), source="shop", now_s=int(time.time()), data=SignedData(token)
        )
        return self.device.road.offering.received(event)


def _told(change: Change) -> Callable[[Lab], str]:
    """Another one comes first; the true one that comes after it is believed all the same."""

    def attack(lab: Lab, asking: _Asking) -> str:
        token = asking.offered(lab)
        try:
            believed = asking.hears(change(lab, token))
            return f"believed: {believed.basket.total}"
        except TrustError as error:
            asking.hears(token)
            return error.code

    return _with_a_device(attack)


def _with_a_device(attack: Callable[[Lab, _Asking], str]) -> Callable[[Lab], str]:
    def make(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            return attack(lab, _Asking(device_road(lab), client))

    return make


def _again(lab: Lab, asking: _Asking) -> str:
    """What it has heard already."""
    token = asking.offered(lab)
    asking.hears(token)
    return _refusal(asking, token)


def _of_before(lab: Lab, asking: _Asking) -> str:
    """A true one, to a request that is not wanted any more."""
    before = asking.offered(lab)
    after = asking.offered(lab)
    seen = _refusal(asking, before)
    asking.hears(after)
    return seen


def _refusal(asking: _Asking, token: str) -> str:
    try:
        return f"believed: {asking.hears(token).basket.total}"
    except TrustError as error:
        return error.code


def _other_goods(lab: Lab, token: str) -> str:
    """One instead of two at the price of two, by the true key."""
    [line] = to_claims(read_offer(token))["line_items"]
    total = line["item"]["price"] * line["quantity"]
    fewer = {**line, "quantity": 1, "item": {**line["item"], "price": total}}
    return signed_again(lab, token, line_items=[fewer])


def _of_the_receipts_key(lab: Lab, token: str) -> str:
    """It is the shop's, and pinned, and not for this."""
    return signed_again(lab, token, lab.folder.signing_key("receipts"))


def _another_closing(lab: Lab, asking: _Asking) -> str:
    """The order is on its way by an offer; the shop's own key says that another closing was taken."""
    offered = asking.hears(asking.offered(lab))
    asking.device.road.link(True)
    sent = on_its_way(lab, device=asking.device, offered=offered)
    if sent.claims.intent != offered.offer.intent_id:
        return "not closed by the device"
    other = msgspec.structs.replace(sent.claims, reference="0" * 43)
    event = receipt_event(other, lab.folder.signing_key("receipts"), event_id=uuid4())
    events = sent.road.received(f"va/v1/d/{DEVICE}/dn/ack", event)
    return next((one.code for one in events if isinstance(one, OrderDiffers)), f"{events}")


HEARD_OFFERS = (
    Attack("told a cheaper offer under its signature", _DEVICE, codes("signature_invalid"), _told(cheaper)),
    Attack("told an offer of another shop", _DEVICE, codes("signature_key_unknown"), _told(by_another_shop)),
    Attack(
        *("told an offer by a key that is not pinned", _DEVICE, codes("signature_key_unknown")),
        _told(by_own_key),
    ),
    Attack(
        *("told an offer by the key for receipts", _DEVICE, codes("signature_key_unknown")),
        _told(_of_the_receipts_key),
    ),
    Attack("told an offer to another device", _DEVICE, codes("offer_other"), _told(for_another_device)),
    Attack("told an offer for production, in a test", _DEVICE, codes("offer_other"), _told(for_production)),
    Attack("told an offer of other goods", _DEVICE, codes("offer_lines"), _told(_other_goods)),
    Attack("told an offer whose time is over", _DEVICE, codes("offer_expired"), _told(of_an_hour_ago)),
    Attack("told its offer once more", _DEVICE, codes("offer_unasked"), _with_a_device(_again)),
    Attack("told the offer of before", _DEVICE, codes("offer_unasked"), _with_a_device(_of_before)),
    Attack(
        *("a receipt over another closing than was signed", _DEVICE, codes("other_lines")),
        _with_a_device(_another_closing),
    ),
)
