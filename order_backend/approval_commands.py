"""`earmark-backend approval`: carries to a device what a person's phone has signed."""

from __future__ import annotations

import argparse

from agent.plumbing.errors import ConfigurationError
from order_backend.folder import ShopFolder
from order_backend.shop import Shop


def add_approval_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `approval`."""
    parser.add_argument("--device", required=True)
    parser.add_argument("answer", metavar="ANSWER", help="the phone's signed answer")


def approval(options: argparse.Namespace) -> int:
    """Raises ConfigurationError: approval_device, approval_too_long."""
    folder: ShopFolder = options.folder
    config = folder.config()
    with Shop.open(folder.database) as shop:
        if shop.device(options.device) is None:
            raise ConfigurationError(
                "approval_device",
                f"no device {options.device!r} was admitted",
                "earmark-backend admit --help",
            )
        reading = shop.clock.read()
        now_s = max(int(reading.now_s), reading.floor_s)
        with shop.transaction("approvals"):
            shop.approvals.put(options.device, options.answer, shop_id=config.shop_id, now_s=now_s)
    print("on its way, while an order service runs; the device says what comes of it")
    return 0
