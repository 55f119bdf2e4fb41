"""Exactly one order, over a real broker and the real uplink, whatever is killed or stopped on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.committing.envelope import STATUS, StatusData, decode_data, decode_event
from agent.committing.road import OrderPlaced, OrderRefused
from agent.committing.tls import client_context
from agent.plumbing.messages import LinkState, Publish, Published, Received
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.shop import OrderRow, Shop
from tests.committing.kit import DEVICE, agreed
from tests.committing.network import (
    PATIENCE_S,
    Device,
    RawClient,
    UplinkProcess,
    eventually,
    serving,
    write_settings,
)


def orders(folder: ShopFolder) -> list[OrderRow]:
    with Shop.open(folder.database) as shop:
        return shop.orders()


def placed(device: Device) -> list[OrderPlaced]:
    return [event for event in device.events if isinstance(event, OrderPlaced)]


def test_the_whole_road(folder: ShopFolder, broker: PrivateBroker, device: Device) -> None:
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        device.road.commit(agreed())
        device.until(lambda: placed(device), "a receipt")
    [order] = orders(folder)
    assert placed(device)[0].order_id == order.order_id
    assert device.states() == ["ordered"]


def test_a_broker_that_was_away_gets_the_order_once_when_it_is_back(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        broker.stop()
        device.until(lambda: not device.road._connected, "the loss of the link")
        device.road.commit(agreed())
        for _ in range(5):
            device.turn()
        assert device.states() == ["queued"] and orders(folder) == []
        broker.start()
        device.until(lambda: placed(device), "a receipt after the return")
    assert len(orders(folder)) == 1 and device.states() == ["ordered"]


def test_a_shop_that_was_away_gets_the_order_once_when_it_is_back(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
    device.road.commit(agreed())
    device.until(lambda: device.states() == ["sent"], "the broker's acknowledgement")
    attempts = device.journal.orders()[0].attempts
    device.until(lambda: device.journal.orders()[0].attempts > attempts, "a second attempt")
    with serving(folder, broker.port):
        device.until(lambda: placed(device), "a receipt")
    assert len(orders(folder)) == 1


def test_killing_the_uplink_in_the_middle_places_one_order(
    folder: ShopFolder, broker: PrivateBroker, device: Device, tmp_path: Path
) -> None:
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        device.road.commit(agreed())
        publishes, _ = device.road.tick()
        device.uplink.till.send(publishes[0])
        device.uplink.kill()
        device.road.link(False)
        device.uplink = UplinkProcess(tmp_path / "earmark.toml")
        device.until(lambda: placed(device), "a receipt")
    assert len(orders(folder)) == 1 and len(placed(device)) == 1


TILL = """
import sys, time
sys.path[:0] = [{root!r}]
from pathlib import Path
from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore
from agent.committing.road import OrderRoad
from agent.committing.trust import load_trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing.settings_file import load_settings
from tests.committing.kit import agreed
settings = load_settings(Path({settings!r}))
trust = load_trust(Path(settings.paths.trust_file))
journal = Journal(Path(settings.paths.state_dir) / "journal.db")
clock = TrustedTime(trust, journal)
clock.accept(int(time.time()))
road = OrderRoad(journal, FileKeyStore.load(Path(settings.paths.keys_dir)), trust, clock, settings)
print(road.commit(agreed()).intent_id, flush=True)
time.sleep(600)
"""


def test_kill_9_of_the_signer_between_queue_and_publish_places_one_order(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    settings_file = write_settings(tmp_path, broker.port)
    root = str(Path(__file__).parents[2])
    script = TILL.format(root=root, settings=str(settings_file))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root
    ) as till:
        assert till.stdout is not None
        intent_id = till.stdout.readline().strip()
        os.kill(till.pid, signal.SIGKILL)
    device = Device(tmp_path, settings_file)
    try:
        assert device.road.clock_trusted()  # within the same boot the time is still known
        with serving(folder, broker.port):
            device.until(lambda: placed(device), "a receipt")
    finally:
        device.close()
    assert [order.intent_id for order in orders(folder)] == [intent_id]


def test_a_new_till_gets_link_state_and_time_and_takes_over(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        device.road.commit(agreed())
        publishes, _ = device.road.tick()
        device.uplink.till.send(publishes[0])
        device.uplink.next(Published)  # what a dead till has sent need not leave
        device.uplink.till.close()  # the till dies with the receipt on its way, or unread
        device.journal.close()
        eventually(lambda: len(orders(folder)) == 1, "the order at the shop")
        device.uplink.be_a_new_till()
        device.open()
        device.until(lambda: placed(device), "the receipt, again")
    assert len(orders(folder)) == 1 and len(placed(device)) == 1


def test_the_shop_tells_the_time_to_a_till_that_asks_anew(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    def is_time(message: Received) -> bool:
        return message.topic.endswith("dn/time")

    with serving(folder, broker.port):
        device.uplink.next(Received, is_time)
        device.uplink.be_a_new_till()
        assert device.uplink.next(LinkState).connected
        device.uplink.next(Received, is_time)


def test_a_shop_with_a_higher_price_refuses_and_says_so(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    catalogue = json.loads(folder.catalogue.read_bytes())
    next(product for product in catalogue["products"] if product["id"] == "coffee")["price_minor"] += 1
    folder.catalogue.write_text(json.dumps(catalogue))
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        device.road.commit(agreed())
        device.until(lambda: device.states() == ["refused"], "a refusal")
    [refusal] = [event for event in device.events if isinstance(event, OrderRefused)]
    assert refusal.code == "over_limit" and orders(folder) == []


def test_the_uplink_publishes_below_its_own_base_only(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        for topic in (
            "va/v1/d/device-2/up/intent",
            "va/v1/d/device-1/dn/ack",
            "va/v1/b/corner-shop/catalog",
            "x",
        ):
            device.uplink.till.send(Publish("evil", topic, b"x"))
        device.uplink.till.send(Publish("last", "va/v1/d/device-1/up/tel", b"x"))
        messages = []
        while not messages or getattr(messages[-1], "ref", "") != "last":
            messages.append(device.uplink.inbox.get(timeout=PATIENCE_S))
        assert all(getattr(message, "ref", "") != "evil" for message in messages)


@pytest.fixture
def online(folder: ShopFolder, broker: PrivateBroker) -> Iterator[Callable[[], bool]]:
    """What the device's status says next, as the shop sees it."""
    context = client_context(
        folder.ca_certificate.read_text(), folder.backend_certificate, folder.backend_key
    )
    watcher = RawClient(context, folder.config().backend_name, broker.port)
    watcher.subscribe(f"va/v1/d/{DEVICE}/up/status")

    def says_online() -> bool:
        message = watcher.messages.get(timeout=PATIENCE_S)
        return decode_data(decode_event(bytes(message.payload), STATUS), StatusData).online

    yield says_online
    watcher.close()


def test_a_device_says_when_it_comes_and_when_it_goes(
    online: Callable[[], bool], broker: PrivateBroker, tmp_path: Path
) -> None:
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    while not online():
        pass
    assert uplink.stop() == 0
    while online():
        pass


@pytest.mark.slow
def test_the_will_says_that_a_killed_device_is_gone(
    online: Callable[[], bool], broker: PrivateBroker, tmp_path: Path
) -> None:
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    while not online():
        pass
    uplink.kill()
    while online():  # after the will's delay of 30 s
        pass
