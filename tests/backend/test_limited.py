"""The shop's limits for a device hold at the intent too, whatever the device knows of them."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from agent.committing.shop_policy import Limits
from agent.deciding.basket import AgreedOrder, Basket
from order_backend.limited import DAY_S
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed

TWO_BAGS = 38_00


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.trust_time()
    bench.road.link(True)
    return bench


def limit(bench: Bench, now_s: int = NOW_S, **limits: int) -> None:
    """The device is not told: it is of a release before, or out of reach."""
    with bench.desk.shop.transaction("policy", DEVICE):
        bench.desk.shop.policies.put(bench.folder, DEVICE, Limits(**limits), now_s=now_s)


def order(bench: Bench, agreed_order: AgreedOrder | None = None) -> str:
    """What came of it at the shop."""
    bench.clocks.pass_by(1)
    signed = bench.road.commit(agreed_order or agreed())
    return bench.desk.intent(DEVICE, signed.payload, now_s=int(bench.clocks.wall_s)).code


def with_badge(quantity: int = 2, person: str = "person-1") -> AgreedOrder:
    return msgspec.structs.replace(agreed(quantity, person=person), factors=("voice", "badge"))


@pytest.mark.parametrize(
    ("limits", "by_voice", "by_badge"),
    [
        ({"voice_order_max_minor": TWO_BAGS - 1}, "device_limit", "ordered"),
        ({"voice_order_max_minor": TWO_BAGS}, "ordered", "ordered"),
        ({"factor_order_max_minor": TWO_BAGS - 1}, "ordered", "device_limit"),
        ({"largest_quantity": 1}, "device_limit", "device_limit"),
        ({"largest_quantity": 2, "most_lines": 1}, "ordered", "ordered"),
    ],
)
def test_one_order_keeps_to_them(shop: Bench, limits: dict[str, int], by_voice: str, by_badge: str) -> None:
    limit(shop, **limits)
    assert order(shop) == by_voice
    assert order(shop, with_badge()) == by_badge


def test_so_many_different_things(shop: Bench) -> None:
    limit(shop, most_lines=1)
    lines = (agreed().basket.lines[0], CATALOGUE.line("butter", {}, 1, "en"))
    two = AgreedOrder(Basket(lines, CATALOGUE.version), "person-1", ("voice",), str(uuid.uuid4()))
    assert order(shop, two) == "device_limit"


@pytest.mark.parametrize(
    ("name", "make"), [("voice_day_max_minor", agreed), ("factor_day_max_minor", with_badge)]
)
def test_a_day_of_one_person_keeps_to_them(shop: Bench, name: str, make: Any) -> None:
    limit(shop, **{name: 2 * TWO_BAGS})
    assert [order(shop, make()) for _ in range(3)] == ["ordered", "ordered", "device_limit"]
    assert order(shop, make(person="person-2")) == "ordered"
    shop.clocks.pass_by(DAY_S)
    assert order(shop, make()) == "ordered"


def test_what_was_taken_back_does_not_count(shop: Bench) -> None:
    limit(shop, voice_day_max_minor=TWO_BAGS)
    assert order(shop) == "ordered" and order(shop) == "device_limit"
    with shop.desk.shop.transaction():
        [placed] = shop.desk.shop.orders()
        shop.desk.shop.ends.put(placed.order_id, "cancelled", now_s=NOW_S)
    assert order(shop) == "ordered"


def test_what_was_signed_before_them_is_not_held_against_them(shop: Bench) -> None:
    early = shop.road.commit(agreed())
    limit(shop, now_s=NOW_S + 60, voice_order_max_minor=1)
    assert shop.desk.intent(DEVICE, early.payload, now_s=NOW_S + 61).code == "ordered"
    shop.clocks.pass_by(60)
    assert order(shop) == "device_limit"


def test_orders_that_come_late_count_for_the_day_on_which_they_were_signed(shop: Bench) -> None:
    orders = msgspec.structs.replace(shop.settings.orders, intent_lifetime_seconds=6 * DAY_S)
    shop.settings = msgspec.structs.replace(shop.settings, orders=orders)
    shop.restart_device()
    shop.trust_time()
    limit(shop, voice_day_max_minor=TWO_BAGS)
    signed = []
    for _ in range(3):
        signed.append(shop.road.commit(agreed()))
        shop.clocks.pass_by(DAY_S)
    now_s = int(shop.clocks.wall_s)
    assert {shop.desk.intent(DEVICE, one.payload, now_s=now_s).code for one in reversed(signed)} == {
        "ordered"
    }


def test_several_that_are_taken_together_count_together(shop: Bench) -> None:
    limit(shop, voice_day_max_minor=TWO_BAGS)
    shop.clocks.pass_by(1)
    together = [(DEVICE, shop.road.commit(agreed()).payload) for _ in range(2)]
    replies = shop.desk.intents(together, now_s=int(shop.clocks.wall_s))
    assert [reply.code for reply in replies] == ["ordered", "device_limit"]


def test_a_refusal_stays_one_once_they_are_lifted(shop: Bench) -> None:
    limit(shop, voice_order_max_minor=1)
    shop.clocks.pass_by(1)
    signed = shop.road.commit(agreed())
    now_s = int(shop.clocks.wall_s)
    assert shop.desk.intent(DEVICE, signed.payload, now_s=now_s).code == "device_limit"
    limit(shop)
    assert shop.desk.intent(DEVICE, signed.payload, now_s=now_s).code == "replayed"
    assert order(shop) == "ordered"
