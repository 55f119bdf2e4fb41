"""The device's session, when the broker drops packets for it in silence."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.bench.attack_lab import Client
from agent.committing import mqtt_link
from agent.committing.envelope import down_topic, up_topic
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY
from agent.committing.mqtt_link import Acknowledged, LinkEvent, MqttLink
from agent.committing.tls import client_context
from agent.plumbing.mqtt_client import Down, Up
from agent.plumbing.settings import Broker
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from tests.committing.flooding import until_dropped
from tests.committing.kit import DEVICE
from tests.committing.network import eventually


@pytest.fixture
def shop(folder: ShopFolder, broker: PrivateBroker) -> Iterator[Client]:
    """Whoever has an order service's certificate."""
    context = client_context(
        folder.ca_certificate.read_text(), folder.backend_certificate, folder.backend_key
    )
    client = Client(context, folder.config().backend_name, broker.port)
    yield client
    client.close()


class Stepped:
    """The link, which looks at its connection only when it is told to."""

    def __init__(self, link: MqttLink) -> None:
        self._link, self._seen = link, list[LinkEvent]()
        self._wake = socket.socketpair()

    def until(self, kind: type[LinkEvent]) -> LinkEvent:
        """The next event of that kind."""

        def stepped() -> bool:
            self._seen += self._link.step(self._wake[0].fileno(), 0.1)
            while self._seen and not isinstance(self._seen[0], kind):
                self._seen.pop(0)
            return bool(self._seen)

        eventually(stepped, kind.__name__)
        return self._seen.pop(0)


def test_a_device_that_is_acknowledged_nothing_comes_back_and_is(
    folder: ShopFolder,
    broker: PrivateBroker,
    shop: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_link, "UNACKNOWLEDGED_S", 3.0)
    keys = tmp_path / "keys"
    context = client_context(folder.ca_certificate.read_text(), keys / MQTT_CERTIFICATE, keys / MQTT_KEY)
    settings = Broker(host="localhost", port=broker.port, reconnect_spread_seconds=0.1)
    link = MqttLink(DEVICE, settings, context, jitter=lambda: 0.0)
    device = Stepped(link)
    device.until(Up)
    assert link.publish("before", up_topic(DEVICE, "tel"), b"1")
    assert device.until(Acknowledged) == Acknowledged("before")
    until_dropped(shop, down_topic(DEVICE, "rsp"), folder, whose=DEVICE)
    assert link.publish("dropped", up_topic(DEVICE, "tel"), b"2")
    assert device.until(Down) == Down("broker_acknowledges_nothing")
    device.until(Up)
    assert device.until(Acknowledged) == Acknowledged("dropped"), "the client sends it again by itself"
    link.close()
