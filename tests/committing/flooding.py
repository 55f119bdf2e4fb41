"""A flood at QoS 0, past which mosquitto drops what it has for a client."""

from __future__ import annotations

import pytest

from agent.bench.attack_lab import Client
from order_backend.folder import ShopFolder

_MOST = 30_000


def until_dropped(flooding: Client, topic: str, folder: ShopFolder, *, whose: str) -> None:
    """Floods `topic` until the shop's broker says that it drops what it has for the client `whose`, which
    reads nothing meanwhile. Skips the test where the broker never does."""
    large, dropping = b"x" * 20_000, f"Outgoing messages are being dropped for client {whose}"
    for number in range(_MOST):
        sent = flooding.fire(topic, large)
        if number % 100 == 99:
            sent.wait_for_publish(60)
            if dropping in (folder.broker / "broker.log").read_text(errors="replace"):
                return
    pytest.skip("this broker keeps what a client does not read, or drops it otherwise")
