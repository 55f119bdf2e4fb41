"""What a phone is asked and what it answers, over a real broker, uplink and order service."""

from __future__ import annotations

import time

from agent.committing.approvals import approval_in
from agent.deciding.phone import Asked
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.shop import Shop
from tests.committing.kit import DEVICE
from tests.committing.network import Device, serving

NONCE = "0123456789abcdef" * 2
ASKED = Asked(DEVICE, "p-0123abcd", (("coffee?roast=dark", 2, 19_00),), 38_00, "PLN", 1, NONCE)


def test_a_phone_is_asked_by_the_shop_and_its_answer_comes_and_is_kept_no_longer(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port), Shop.open(folder.database) as shop:
        device.until(device.road.clock_trusted, "the shop's time")
        device.uplink.till.send(device.road.approval_asking.ask(ASKED))
        [passed_on] = device.until(
            lambda: shop.approval_requests.open_ones(int(time.time())), "what the phone is asked"
        )
        assert (passed_on.asked.person, passed_on.asked.total_minor) == (ASKED.person, ASKED.total_minor)
        came: list[bytes] = []
        received = device.road.received
        device.road.received = lambda topic, payload: (  # type: ignore[method-assign]
            came.append(payload) or [] if topic.endswith("/dn/approval") else received(topic, payload)
        )
        with shop.transaction("approvals"):
            shop.approvals.put(DEVICE, "a.b.c", shop_id="corner-shop", now_s=int(time.time()))
        device.until(
            lambda: came and not shop.approvals.waiting(now_s=0), "the answer, and the broker's word"
        )
    assert [approval_in(payload) for payload in came] == ["a.b.c"]
