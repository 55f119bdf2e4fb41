"""The shop against its own devices and its own end: nothing placed twice, nothing driven into a terminal."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from agent.committing.envelope import QUERY, QueryData, encode_event
from agent.deciding.basket import Basket
from agent.plumbing.messages import Publish
from order_backend import cli
from order_backend.broker import LARGEST_LOG_BYTES, PrivateBroker, bound_log
from order_backend.desk import OrderDesk
from order_backend.shop import Shop
from tests.committing.kit import DEVICE, Bench, agreed
from tests.committing.network import PATIENCE_S, RawClient, serving
from tests.committing.test_tls import context_of

_TAKES_ONE_AND_DIES = """
import os, signal, sys
from pathlib import Path
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
desk = OrderDesk(ShopFolder(Path(sys.argv[1])))
desk.intent(sys.argv[2], sys.stdin.buffer.read(), now_s=int(sys.argv[3]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def _sent(bench: Bench) -> Publish:
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    [publish] = bench.road.tick().publishes
    return publish


def test_a_shop_killed_between_commit_and_puback_has_one_order_and_the_same_receipt(bench: Bench) -> None:
    payload, now_s = _sent(bench).payload, int(bench.clocks.wall_s)
    arguments = [str(bench.folder.path), DEVICE, str(now_s)]
    done = subprocess.run([sys.executable, "-c", _TAKES_ONE_AND_DIES, *arguments], input=payload, check=False)
    assert done.returncode == -signal.SIGKILL
    restarted = OrderDesk(bench.folder)
    again, once_more = (restarted.intent(DEVICE, payload, now_s=now_s + wait) for wait in (60, 600))
    restarted.close()
    assert again.code == once_more.code == "replayed"
    assert again.payload == once_more.payload
    assert [
        type(event).__name__ for event in bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", again.payload)
    ] == ["OrderPlaced"]
    with Shop.open(bench.folder.database) as shop:
        assert len(shop.orders()) == 1


def test_a_shop_whose_clock_went_back_or_forth_does_not_place_twice(bench: Bench) -> None:
    payload, now_s = _sent(bench).payload, int(bench.clocks.wall_s)
    codes = [
        bench.desk.intent(DEVICE, payload, now_s=now_s + step).code for step in (0, -86_400, 86_400 * 365, 0)
    ]
    assert codes == ["ordered", "replayed", "replayed", "replayed"]


def test_a_devices_titles_do_not_drive_the_shops_terminal(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.trust_time()
    order = agreed()
    line = msgspec.structs.replace(order.basket.lines[0], title="coffee\x1b[2J\nE-FAKE  2 × gold")
    basket = Basket((line,), order.basket.catalogue_version)
    bench.road.commit(msgspec.structs.replace(order, basket=basket))
    bench.road.link(True)
    [publish] = bench.road.tick().publishes
    assert bench.desk.intent(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s)).code == "ordered"
    assert cli.main(["orders", str(bench.folder.path)]) == 0
    [shown] = capsys.readouterr().out.splitlines()
    assert shown.isprintable()


def test_a_device_cannot_write_lines_into_the_shops_log(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = encode_event(QUERY, id_=uuid4(), source=DEVICE, now_s=0, data=QueryData(str(uuid4())))
    event = json.loads(good)
    event["data"] |= {"\x1b[2J\nordered device=nobody": 1}
    caplog.set_level(logging.INFO, "order_backend")
    with PrivateBroker(bench.folder) as broker, serving(bench.folder, broker.port) as service:
        device = RawClient(context_of(bench.folder, tmp_path / "keys"), DEVICE, broker.port)
        device.subscribe(f"va/v1/d/{DEVICE}/dn/#")
        device.publish(f"va/v1/d/{DEVICE}/up/query", json.dumps(event).encode())
        device.publish(f"va/v1/d/{DEVICE}/up/query", good)
        assert device.messages.get(timeout=PATIENCE_S).topic.endswith("/dn/rsp")
        device.close()
        assert service.connected.is_set()
    lines = [record.getMessage() for record in caplog.records if record.name == "order_backend"]
    assert any(line.startswith("message_refused") for line in lines)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("database", [""])
def test_whoever_knocks_at_the_broker_on_and_on_fills_no_disk(bench: Bench) -> None:
    log = bench.folder.broker / "broker.log"
    with PrivateBroker(bench.folder) as broker:
        os.truncate(log, LARGEST_LOG_BYTES + 1)
        bound_log(bench.folder)
        assert log.with_name("broker.log.1").stat().st_size > LARGEST_LOG_BYTES
        before = log.stat().st_size  # it may have written a line meanwhile
        socket.create_connection(("127.0.0.1", broker.port)).close()
        deadline = time.monotonic() + PATIENCE_S
        while log.stat().st_size == before:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert log.stat().st_size < LARGEST_LOG_BYTES, "it goes on where the file ends now"


def test_a_database_that_cannot_be_used_is_one_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.desk.shop._db.run("ALTER TABLE orders RENAME TO gone")
    assert cli.main(["orders", str(bench.folder.path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "shop_database" in line
