"""`earmark-backend broker` and `earmark-backend run` as the processes that an operator starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from agent.committing.road import OrderPlaced
from order_backend.broker import free_port
from order_backend.cli import main
from tests.committing.kit import agreed, found_shop, join
from tests.committing.network import PATIENCE_S, Device, eventually, write_settings


def start(*words: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "order_backend.cli", *words], env=os.environ | {"PYTHONPATH": str(root)}
    )


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_an_order_through_the_commands_and_a_clean_end(tmp_path: Path) -> None:
    port = free_port()
    folder = found_shop(tmp_path / "shop", broker_port=port)
    join(folder, tmp_path / "keys")
    broker, service = start("broker", str(folder.path)), start("run", str(folder.path))
    device = None
    try:
        eventually(lambda: listening(port), "the broker")
        device = Device(tmp_path, write_settings(tmp_path, port))
        device.until(device.road.clock_trusted, "the shop's time")
        device.road.commit(agreed())
        device.until(lambda: device.states() == ["ordered"], "a receipt")
        assert isinstance(device.events[-1], OrderPlaced)
        assert main(["orders", str(folder.path)]) == 0
    finally:
        if device is not None:
            device.close()
        for process in (service, broker):
            process.terminate()
        codes = [process.wait(PATIENCE_S) for process in (service, broker)]
    assert codes == [0, 0] and not listening(port)
