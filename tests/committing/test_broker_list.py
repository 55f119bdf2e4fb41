"""Where the first broker does not answer, an order goes by another one of the shop's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.committing.road import OrderPlaced
from agent.plumbing import sandbox
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings_file import load_settings
from order_backend.broker import PrivateBroker, free_port
from order_backend.folder import ShopFolder
from order_backend.shop import Shop
from tests.committing.kit import agreed
from tests.committing.network import Device, serving, write_settings


@pytest.fixture
def other(tmp_path: Path, folder: ShopFolder) -> Iterator[PrivateBroker]:
    """A second broker of the same shop, with files of its own."""
    shutil.copytree(folder.path, tmp_path / "other")
    with PrivateBroker(ShopFolder(tmp_path / "other")) as broker:
        yield broker


def settings_with(root: Path, port: int, *also: str) -> Path:
    path = write_settings(root, port)
    path.write_text(path.read_text().replace("[broker]\n", f"[broker]\nalso = {list(also)}\n"))
    return path


def placed(device: Device) -> list[OrderPlaced]:
    return [event for event in device.events if isinstance(event, OrderPlaced)]


def test_a_device_whose_first_broker_is_gone_orders_by_the_other(
    folder: ShopFolder, other: PrivateBroker, tmp_path: Path
) -> None:
    nobody = f"localhost:{free_port()}"
    device = Device(tmp_path, settings_with(tmp_path, free_port(), nobody, f"localhost:{other.port}"))
    try:
        with serving(folder, other.port):
            device.until(device.road.clock_trusted, "the shop's time by the other broker")
            device.road.commit(agreed())
            device.until(lambda: placed(device), "a receipt")
    finally:
        device.close()


def test_a_broker_that_dies_with_an_order_in_hand_leaves_it_to_the_other(
    folder: ShopFolder, other: PrivateBroker, tmp_path: Path
) -> None:
    first = PrivateBroker(folder)
    first.start()
    device = Device(tmp_path, settings_with(tmp_path, first.port, f"localhost:{other.port}"))
    try:
        with serving(folder, first.port):
            device.until(device.road.clock_trusted, "the shop's time")
        device.road.commit(agreed())
        device.until(lambda: device.states() == ["sent"], "the first broker's acknowledgement")
        first.stop()
        with serving(folder, other.port):
            device.until(lambda: placed(device), "a receipt by the other broker")
    finally:
        device.close()
        first.stop()
    with Shop.open(folder.database) as shop:
        assert len(shop.orders()) == 1


def test_the_sandbox_lets_the_uplink_reach_those_ports_and_no_other(tmp_path: Path) -> None:
    path = settings_with(tmp_path, 1_001, "a.example:1002", "b.example:1003")
    rules = sandbox.ruleset_for(sandbox.profile_named("uplink"), load_settings(path), path)
    assert set(rules.connect_ports) == {1_001, 1_002, 1_003, 53}


@pytest.mark.parametrize("address", ["a.example", "a.example:0", "a.example:99999", "a b:1", ":1"])
def test_what_is_no_address_is_said_at_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(settings_with(tmp_path, 1_001, address))
