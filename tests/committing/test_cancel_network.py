"""An order is taken back over a real broker and the real uplink, whatever is away or killed on the way."""

from __future__ import annotations

from pathlib import Path

from agent.committing.road import CancelTooLate, OrderPlaced, OrderRefused
from agent.plumbing.messages import Publish
from order_backend.broker import PrivateBroker
from order_backend.cli import main
from order_backend.folder import ShopFolder
from order_backend.order_ends import End
from order_backend.shop import Shop
from tests.committing.kit import agreed
from tests.committing.network import Device, UplinkProcess, serving


def ends(folder: ShopFolder) -> list[End | None]:
    """Of all orders, the newest first."""
    with Shop.open(folder.database) as shop:
        return [shop.ends.of(order.order_id) for order in shop.orders()]


def ordered(device: Device) -> OrderPlaced:
    """One whose receipt has come."""
    device.until(device.road.clock_trusted, "the shop's time")
    device.road.commit(agreed())
    receipts = device.until(
        lambda: [event for event in device.events if isinstance(event, OrderPlaced)], "a receipt"
    )
    receipt: OrderPlaced = receipts[0]
    return receipt


def told(device: Device) -> list[str]:
    """What was said of the cancellation."""
    said = [event for event in device.events if isinstance(event, OrderRefused | CancelTooLate)]
    return [event.code if isinstance(event, OrderRefused) else "too_late" for event in said]


def take_back(device: Device, order: OrderPlaced) -> None:
    assert device.road.cancel(order.intent_id, factors=("voice",)) == "asked"


def test_an_order_is_taken_back(folder: ShopFolder, broker: PrivateBroker, device: Device) -> None:
    with serving(folder, broker.port):
        take_back(device, ordered(device))
        device.until(lambda: told(device), "the end of the order")
    assert (told(device), device.states(), ends(folder)) == (["cancelled"], ["refused"], ["cancelled"])


def test_one_that_is_handed_over_stands(folder: ShopFolder, broker: PrivateBroker, device: Device) -> None:
    with serving(folder, broker.port):
        order = ordered(device)
        assert main(["accept", str(folder.path), order.order_id]) == 0
        take_back(device, order)
        device.until(lambda: told(device), "that it is too late")
    assert (told(device), device.states(), ends(folder)) == (["too_late"], ["ordered"], ["accepted"])


def test_a_shop_that_was_away_and_a_device_that_died_take_it_back_once(
    folder: ShopFolder, broker: PrivateBroker, device: Device, tmp_path: Path
) -> None:
    with serving(folder, broker.port):
        order = ordered(device)
    take_back(device, order)
    device.until(lambda: device.journal.open_cancels()[0].attempts > 1, "a second attempt")
    device.uplink.kill()
    device.journal.close()
    device.open()  # what it knew is what is on disk
    device.uplink = UplinkProcess(tmp_path / "earmark.toml")
    assert device.states() == ["ordered"] and told(device) == []
    with serving(folder, broker.port):
        device.until(lambda: told(device), "the end of the order")
        device.until(lambda: not device.journal.open_cancels(), "nothing left open")
    assert (told(device), device.states(), ends(folder)) == (["cancelled"], ["refused"], ["cancelled"])


def test_an_order_that_comes_again_after_its_end_stays_taken_back(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    """The broker may have kept it, or somebody on the way."""
    with serving(folder, broker.port):
        order = ordered(device)
        take_back(device, order)
        device.until(lambda: told(device), "the end of the order")
        before = device.road.refused.total()
        topic, payload = device.journal.signed_bytes(order.intent_id)
        device.uplink.till.send(Publish("again", topic, payload))
        device.until(lambda: device.road.refused.total() > before, "the shop's answer to it")
    assert (told(device), device.states(), ends(folder)) == (["cancelled"], ["refused"], ["cancelled"])
