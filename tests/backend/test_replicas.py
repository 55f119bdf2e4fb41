"""Several order services side by side; and one that loses its database, its clock or its broker."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.committing.envelope import QUERY, STATUS, QueryData, StatusData, encode_event
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.messages import Received
from order_backend import cli
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.replicas import add_replica
from order_backend.service import OrderService
from order_backend.shop import Shop
from order_backend.shop_clock import TELLS_FOR_S, ClockError, ShopClock
from tests.committing.kit import DEVICE, agreed, joined_shop
from tests.committing.network import (
    PATIENCE_S,
    Device,
    RawClient,
    UplinkProcess,
    eventually,
)
from tests.committing.test_tls import context_of


@pytest.fixture
def folder(tmp_path: Path, database: str) -> ShopFolder:
    folder = joined_shop(tmp_path, database=database)
    add_replica(folder, "backend-2", now=datetime.now(UTC))
    return folder


class WrongClock:
    """This machine's clock, `off_s` ahead."""

    def __init__(self, off_s: float = 0.0) -> None:
        self.off_s = off_s

    def __call__(self) -> float:
        return time.time() + self.off_s


@contextmanager
def running(
    folder: ShopFolder, port: int, name: str = "", clock: WrongClock | None = None
) -> Iterator[OrderService]:
    service = OrderService(folder, name=name, port=port, wall_clock=clock or time.time, reconnect_s=0.1)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield service
    finally:
        service.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def orders(folder: ShopFolder) -> int:
    with Shop.open(folder.database) as shop:
        return len(shop.orders(1_000))


def order(device: Device) -> None:
    before = device.states().count("ordered")
    device.road.commit(agreed(before + 1))
    device.until(lambda: device.states().count("ordered") == before + 1, "a receipt")


def test_two_replicas_serve_side_by_side_and_either_alone(
    folder: ShopFolder, broker: PrivateBroker, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "order_backend")
    with running(folder, broker.port) as first, running(folder, broker.port, "backend-2") as second:
        for service in (first, second):
            assert service.connected.wait(PATIENCE_S)
        device.until(device.road.clock_trusted, "the shop's time")
        for _ in range(4):
            order(device)
        first.stop()
        eventually(lambda: not first.connected.is_set(), "the first one's end")
        order(device)
        assert second.connected.is_set()
    with running(folder, broker.port, "backend-1") as first:
        assert first.connected.wait(PATIENCE_S)
        order(device)
    assert orders(folder) == 6
    assert not [one for one in caplog.messages if one.startswith("replica_twice")]


def test_a_name_serves_once_and_needs_a_certificate(folder: ShopFolder, broker: PrivateBroker) -> None:
    with running(folder, broker.port, "backend-2") as one:
        assert one.connected.wait(PATIENCE_S)
        with pytest.raises(ConfigurationError) as caught:
            OrderService(folder, name="backend-2", port=broker.port).run()
        assert caught.value.code == "replica_running"
        assert one.connected.is_set()
    with pytest.raises(ConfigurationError) as caught:
        OrderService(folder, name="backend-3", port=broker.port)
    assert caught.value.code == "replica_unknown"


@pytest.mark.parametrize("name", ["backend-", "kitchen-1", "backend-2/../../x", "backend-2\n", ""])
def test_a_replica_has_a_name_that_no_device_gets(folder: ShopFolder, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        add_replica(folder, name, now=datetime.now(UTC))
    assert caught.value.code == "replica_name"


def test_the_time_is_told_once_however_many_replicas_there_are(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    context = context_of(folder, tmp_path / "keys")
    with running(folder, broker.port) as first, running(folder, broker.port, "backend-2") as second:
        for service in (first, second):
            assert service.connected.wait(PATIENCE_S)
        eventually(lambda: any(one._taking and one._taking.tells for one in (first, second)), "who tells it")
        client = RawClient(context, DEVICE, broker.port)
        client.subscribe(f"va/v1/d/{DEVICE}/dn/#")
        base = f"va/v1/d/{DEVICE}/up/"
        client.publish(base + "status", event(STATUS, StatusData(True)))
        for _ in range(4):  # both replicas have answered after the birth when these are
            client.publish(base + "query", event(QUERY, QueryData(str(uuid.uuid4()))))
        topics = [client.messages.get(timeout=PATIENCE_S).topic.rpartition("/")[2] for _ in range(5)]
        client.close()
    assert sorted(topics) == ["rsp"] * 4 + ["time"]


def event(type_: str, data: StatusData | QueryData) -> bytes:
    return encode_event(type_, id_=uuid.uuid4(), source=DEVICE, now_s=0, data=data)


def test_one_replica_tells_the_time_until_it_stops_or_is_not_heard_of(folder: ShopFolder) -> None:
    with Shop.open(folder.database) as shop:
        now_s = int(shop.clock.read().now_s)
        one, other = (
            lambda name=name, later=0: shop.clock.claim_telling(name, now_s=now_s + later, for_s=TELLS_FOR_S)
            for name in ("one", "other")
        )
        assert [one(), other(), one(later=10), other(later=20)] == [True, False, True, False]
        assert [other(later=25), one(later=25)] == [True, False]
        shop.clock.stop_telling("other")
        assert one(later=25)
        assert shop.clock.read().floor_s == now_s + 25


def test_a_replica_whose_clock_is_off_signs_nothing_and_takes_nothing(
    folder: ShopFolder, broker: PrivateBroker, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    clock = WrongClock(-86_400)
    with running(folder, broker.port, clock=clock) as service:
        eventually(lambda: any(one.startswith("clock_off") for one in caplog.messages), "its word")
        assert not service.connected.is_set() and not device.road.clock_trusted()
        clock.off_s = 0.0
        assert service.connected.wait(PATIENCE_S)
        device.until(device.road.clock_trusted, "the shop's time")
        order(device)
        clock.off_s = 86_400.0
        device.road.commit(agreed(3))
        device.until(lambda: not service.connected.is_set(), "that it leaves")
        assert device.states().count("ordered") == 1 and orders(folder) == 1
        with running(folder, broker.port, "backend-2"):
            device.until(lambda: device.states().count("ordered") == 2, "the other replica's receipt")
    assert orders(folder) == 2


def test_a_database_whose_clock_went_back_is_not_believed_until_somebody_says_so(
    folder: ShopFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with Shop.open(folder.database) as shop:
        clock = ShopClock(shop, "backend-1")
        now_s = clock.now_s()
        assert clock.tells()
        assert shop.clock.claim_telling("backend-1", now_s=now_s + 3, for_s=TELLS_FOR_S)
        assert clock.now_s() >= now_s + 3, "a little behind: the time does not go back"
        assert shop.clock.claim_telling("backend-1", now_s=now_s + 86_400, for_s=TELLS_FOR_S)
        with pytest.raises(ClockError) as caught:
            clock.now_s()
        assert caught.value.code == "clock_behind"
        assert cli.main(["clock", str(folder.path), "--set-back"]) == 0
        assert "0 s behind" in capsys.readouterr().out
        assert clock.now_s() < now_s + 86_400 and clock.tells()


def test_without_its_database_a_service_leaves_waits_and_loses_nothing(
    folder: ShopFolder, broker: PrivateBroker, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    def execute(statement: str) -> None:
        with Shop.open(folder.database) as shop:
            shop._db.run(statement)

    with running(folder, broker.port) as service:
        assert service.connected.wait(PATIENCE_S)
        device.until(device.road.clock_trusted, "the shop's time")
        order(device)
        execute("ALTER TABLE answers RENAME TO taken_away")
        device.road.commit(agreed(3))
        device.until(lambda: any(one.startswith("database_away") for one in caplog.messages), "its word")
        device.until(lambda: device.journal.orders()[0].attempts > 1, "another attempt")
        assert device.states().count("ordered") == 1 and orders(folder) == 1
        execute("ALTER TABLE taken_away RENAME TO answers")
        device.until(lambda: device.states().count("ordered") == 2, "the receipt, once it is back")
    assert orders(folder) == 2


def test_a_broker_that_is_killed_still_has_the_time_of_each_device(
    folder: ShopFolder, broker: PrivateBroker, device: Device, tmp_path: Path
) -> None:
    saved = folder.broker / "state" / "mosquitto.db"
    with running(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
    written = saved.stat().st_mtime_ns if saved.exists() else 0
    eventually(lambda: saved.exists() and saved.stat().st_mtime_ns > written, "the broker's own file")
    device.uplink.kill()
    kill(broker)
    broker.start()
    client = RawClient(context_of(folder, tmp_path / "keys"), DEVICE, broker.port)
    client.subscribe(f"va/v1/d/{DEVICE}/dn/time")
    message = client.messages.get(timeout=PATIENCE_S)
    client.close()
    device.uplink = UplinkProcess(tmp_path / "earmark.toml")
    assert message.retain


def test_a_broker_that_lost_everything_is_given_the_time_of_each_device_again(
    folder: ShopFolder, broker: PrivateBroker, device: Device
) -> None:
    def is_time(message: Received) -> bool:
        return message.topic.endswith("dn/time")

    with running(folder, broker.port) as service:
        device.uplink.next(Received, is_time)
        kill(broker)
        shutil.rmtree(folder.broker / "state")
        eventually(lambda: not service.connected.is_set(), "the loss of the broker")
        broker.start()
        device.uplink.next(Received, is_time)


def kill(broker: PrivateBroker) -> None:
    """As the power would: nothing is saved."""
    assert broker._process is not None
    broker._process.kill()
    broker.stop()
