"""A device or an order service whose right is taken away while it is connected, on the real broker."""

from __future__ import annotations

import queue
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import paho.mqtt.client as mqtt
import pytest

from agent.committing.envelope import STATUS, StatusData, encode_event
from agent.committing.tls import client_context, probe_broker
from agent.plumbing.messages import LinkState
from order_backend import cli, revocation
from order_backend.broker import PrivateBroker, reload_broker
from order_backend.folder import ShopFolder
from order_backend.provisioning import write_revocations
from order_backend.replicas import add_replica
from order_backend.revocation import Ended, revoke_device, revoke_replica
from order_backend.service import OrderService
from tests.committing.kit import DEVICE, agreed, join, joined_shop
from tests.committing.network import (
    PATIENCE_S,
    Device,
    RawClient,
    UplinkProcess,
    eventually,
    serving,
    write_settings,
)
from tests.committing.test_tls import context_of

CUT = {0x8E, 0x80}
"""Session taken over; or no word at all, which is what mosquitto 2.0.11 gives."""
STATUS_TOPIC = f"va/v1/d/{DEVICE}/up/status"


@pytest.fixture
def folder(tmp_path: Path) -> ShopFolder:
    folder = joined_shop(tmp_path)
    add_replica(folder, "backend-2", now=datetime.now(UTC))
    return folder


def service_context(folder: ShopFolder, name: str) -> ssl.SSLContext:
    return client_context(folder.ca_certificate.read_text(), *folder.replica_files(name))


def left_with(client: RawClient) -> queue.Queue[int]:
    """What the broker says when it ends that client's session."""
    reasons: queue.Queue[int] = queue.Queue()

    def gone(client: mqtt.Client, _: object, flags: object, reason: object, properties: object) -> None:
        reasons.put(reason.value)  # type: ignore[attr-defined]
        client.loop_stop()

    client._client.on_disconnect = gone
    return reasons


def birth() -> bytes:
    return encode_event(STATUS, id_=uuid4(), source=DEVICE, now_s=0, data=StatusData(True))


def retained(folder: ShopFolder, broker: PrivateBroker) -> list[bytes]:
    """What a new order service is told of the device's presence."""
    client = RawClient(service_context(folder, "backend-2"), "backend-2", broker.port)
    try:
        client.subscribe(STATUS_TOPIC)
        client.subscribe("va/v1/d/+/up/intent")  # answered after the retained ones were sent
        return [bytes(client.messages.get_nowait().payload) for _ in range(client.messages.qsize())]
    finally:
        client.close()


def test_a_revoked_devices_live_session_ends_and_it_cannot_come_back(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    context = context_of(folder, tmp_path / "keys")
    live = RawClient(context, DEVICE, broker.port)
    reasons = left_with(live)
    join(folder, tmp_path / "other", "device-2")
    bystander = RawClient(context_of(folder, tmp_path / "other"), "device-2", broker.port)
    not_this_one = left_with(bystander)
    live._client.publish(STATUS_TOPIC, birth(), qos=1, retain=True).wait_for_publish(PATIENCE_S)
    eventually(lambda: retained(folder, broker), "the birth")
    assert revoke_device(folder, DEVICE, port=broker.port, now=datetime.now(UTC)) == Ended(True)
    assert reasons.get(timeout=PATIENCE_S) in CUT
    assert probe_broker("localhost", broker.port, context) == "tls_client_revoked"
    assert retained(folder, broker) == []
    assert bystander.publish("va/v1/d/device-2/up/tel", b"x") < 128 and not_this_one.empty()
    bystander.close()


def test_nor_by_resuming_its_tls_session(folder: ShopFolder, broker: PrivateBroker, tmp_path: Path) -> None:
    """A resumed session shows no certificate, so a revocation list would not be asked."""
    context = context_of(folder, tmp_path / "keys")
    with (
        socket.create_connection(("localhost", broker.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.settimeout(0.1)

        def ticket() -> ssl.SSLSession | None:
            with pytest.raises(TimeoutError):
                tls.recv(1)  # tickets come with a read
            return tls.session if tls.session is not None and tls.session.has_ticket else None

        session = eventually(ticket, "a session to resume")
    assert revoke_device(folder, DEVICE, port=broker.port, now=datetime.now(UTC)) == Ended(True)
    with (
        socket.create_connection(("localhost", broker.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as tls,
        pytest.raises(OSError) as ended,
    ):
        tls.settimeout(PATIENCE_S)
        tls.recv(1)
    assert not isinstance(ended.value, TimeoutError), "it was hung up on, not left waiting"


def test_the_will_of_a_session_that_was_taken_over_brings_no_presence_back(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    try:
        uplink.next(LinkState, lambda state: state.connected)
        eventually(lambda: retained(folder, broker), "the birth")
        assert revoke_device(folder, DEVICE, port=broker.port, now=datetime.now(UTC)) == Ended(True)
        lost = uplink.next(LinkState, lambda state: not state.connected)
        assert lost.reason in ("broker_session_taken", "link_lost")
        assert uplink.next(LinkState, lambda state: not state.connected).reason == "tls_client_revoked"
        assert retained(folder, broker) == []
    finally:
        assert uplink.stop() == 0


def test_its_orders_are_refused_meanwhile_and_those_of_others_are_not(
    folder: ShopFolder, broker: PrivateBroker, device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    join(folder, other / "keys", "device-2")
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        bystander = Device(other, write_settings(other, broker.port, device_id="device-2"))
        bystander.until(bystander.road.clock_trusted, "the shop's time")

        def order_first(*_: object) -> Ended:
            """The broker has not been told yet: the live session goes on."""
            device.road.commit(agreed())
            device.until(lambda: device.states() == ["refused"], "the refusal")
            return Ended(True)

        with monkeypatch.context() as patched:
            patched.setattr(revocation, "_end", order_first)
            assert revoke_device(folder, DEVICE, port=broker.port, now=datetime.now(UTC)) == Ended(True)
        assert device.journal.orders()[0].reason == "device_revoked"
        assert revoke_device(folder, DEVICE, port=broker.port, now=datetime.now(UTC)) == Ended(True)
        bystander.road.commit(agreed())
        bystander.until(lambda: bystander.states() == ["ordered"], "a receipt")
        bystander.close()


def test_an_order_service_is_revoked_with_its_session_its_topics_and_all_its_certificates(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    older = service_context(folder, "backend-2")
    add_replica(folder, "backend-2", now=datetime.now(UTC))
    context = service_context(folder, "backend-2")
    live = RawClient(context, "backend-2", broker.port)
    reasons = left_with(live)
    command = ["replica", str(folder.path), "backend-2", "--revoke", "--port", str(broker.port)]
    assert cli.main(command) == 0
    assert reasons.get(timeout=PATIENCE_S) in CUT
    for one in (older, context):
        assert probe_broker("localhost", broker.port, one) == "tls_client_revoked"
    assert folder.replicas() == ["backend-1"]
    assert "user backend-2" not in (folder.broker / "access.acl").read_text()
    assert cli.main(command) == 1, "there is none any more"
    add_replica(folder, "backend-2", now=datetime.now(UTC))
    for one in (older, context):
        assert probe_broker("localhost", broker.port, one) == "tls_client_revoked"
    assert probe_broker("localhost", broker.port, service_context(folder, "backend-2")) == ""


def test_an_order_service_of_an_earlier_release_is_revoked_too(folder: ShopFolder) -> None:
    folder.service_certificates.unlink()
    assert revoke_replica(folder, "backend-2", now=datetime.now(UTC)) is not None
    assert revoke_replica(folder, "backend-9", now=datetime.now(UTC)) is None


def test_a_new_order_service_serves_without_a_restart_of_the_broker(
    folder: ShopFolder, broker: PrivateBroker
) -> None:
    assert cli.main(["replica", str(folder.path), "backend-3"]) == 0
    service = OrderService(folder, name="backend-3", port=broker.port)
    assert service.name == "backend-3"
    client = RawClient(service_context(folder, "backend-3"), "backend-3", broker.port)
    try:
        topic = f"va/v1/d/{DEVICE}/dn/ack"
        eventually(lambda: client.publish(topic, b"x") < 128, "its right to answer")
    finally:
        client.close()


def test_who_cannot_reach_the_broker_is_not_told_that_the_session_is_over(
    folder: ShopFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["broker_unreachable", "", ""])
    monkeypatch.setattr(revocation, "probe_broker", lambda *_: next(codes, ""))
    monkeypatch.setattr(revocation, "_PATIENCE_S", 0.3)
    assert cli.main(["revoke", str(folder.path), "--device", DEVICE]) == 1
    assert "broker_not_reloaded" in capsys.readouterr().err
    assert cli.main(["revoke", str(folder.path), "--device", "nobody"]) == 1


def test_a_broker_that_cannot_be_signalled_yet_is_not_ended_by_it(folder: ShopFolder) -> None:
    configuration = str(folder.broker / "mosquitto.conf")
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", configuration])
    try:
        (folder.broker / "broker.pid").write_text(f"{process.pid}\n")
        eventually(lambda: configuration.encode() in Path(f"/proc/{process.pid}/cmdline").read_bytes(), "it")
        assert not reload_broker(folder)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_another_process_under_the_brokers_number_is_left_alone(folder: ShopFolder) -> None:
    (folder.broker / "broker.pid").write_text("1\n")
    assert not reload_broker(folder)
    write_revocations(folder, now=datetime.now(UTC))
