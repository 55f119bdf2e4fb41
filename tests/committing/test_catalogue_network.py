"""The catalogue over a real broker and the real uplink, which is told hashes and reads nothing else."""

from __future__ import annotations

import shutil

from agent.plumbing.messages import FetchParts, Received
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.published import Version, claims_of_version
from order_backend.publishing import publish
from order_backend.shop import Shop
from tests.committing.kit import CATALOGUE_FILE, NOW_S
from tests.committing.network import Device, eventually, serving

MANIFEST, PART = "va/v1/b/corner-shop/catalog", "va/v1/b/corner-shop/part/"


def published(folder: ShopFolder) -> Version:
    with Shop.open(folder.database) as shop:
        return publish(folder, shop, CATALOGUE_FILE.read_bytes(), now_s=NOW_S)


def manifest(device: Device) -> bytes:
    message = device.uplink.next(Received, lambda message: message.topic == MANIFEST)
    assert isinstance(message, Received)
    return message.payload


def test_what_is_published_reaches_a_device_that_is_there_and_each_new_till(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port):
        version = published(folder)
        assert manifest(device) == version.manifest
        [part] = claims_of_version(version).parts
        for _ in range(2):
            device.uplink.till.send(FetchParts((part.sha256,)))
            got = device.uplink.next(Received, lambda message: message.topic == PART + part.sha256)
            assert len(got.payload) == part.size
            device.uplink.be_a_new_till()
            assert manifest(device) == version.manifest, "a new till has seen nothing"


def test_a_broker_that_has_lost_what_it_retained_is_told_anew(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    with serving(folder, broker.port) as service:
        version = published(folder)
        assert manifest(device) == version.manifest
        broker.stop()
        shutil.rmtree(folder.broker / "state")
        eventually(lambda: not service.connected.is_set(), "the shop notices")
        broker.start()
        assert manifest(device) == version.manifest
        [part] = claims_of_version(version).parts
        device.uplink.till.send(FetchParts((part.sha256,)))
        assert device.uplink.next(Received, lambda message: message.topic == PART + part.sha256)
