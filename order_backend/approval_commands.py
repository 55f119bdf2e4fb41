"""`earmark-backend approvals` and `approval`: what devices want approved on phones, and what a phone has
signed, carried to its device."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import msgspec

from agent.plumbing.currencies import on_a_bill
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.approval_requests import OpenRequest
from order_backend.folder import ShopFolder
from order_backend.shop import Shop


def add_approval_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `approval`."""
    parser.add_argument("--device", required=True)
    parser.add_argument("answer", metavar="ANSWER", help="the phone's signed answer")


def add_approvals_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `approvals`."""
    parser.add_argument("--device", default="", metavar="ID", help="what this device asks")
    parser.add_argument("--person", default="", metavar="PSEUDONYM", help="what this person's phone is asked")
    parser.add_argument(
        "--json",
        action="store_true",
        help="for a phone's page, and for earmark phone approve --phone DIR --asked FILE",
    )


def approvals(options: argparse.Namespace) -> int:
    """Lists what is asked now, the newest first."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        found = shop.approval_requests.open_ones(
            shop.clock.read().latest_s, device_id=options.device, person=options.person
        )
    if options.json:
        print(msgspec.json.encode(found).decode())
        return 0
    for one in found:
        print(plain(_line(one)))
    return 0


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
        now_s = shop.clock.read().latest_s
        with shop.transaction("approvals"):
            shop.approvals.put(options.device, options.answer, shop_id=config.shop_id, now_s=now_s)
    print("on its way, while an order service runs; the device says what comes of it")
    return 0


def _line(one: OpenRequest) -> str:
    asked, until = one.asked, datetime.fromtimestamp(one.until_s, UTC).strftime("%H:%M:%SZ")
    goods = (f"{quantity} × {sku}" for sku, quantity, _ in asked.lines)
    total = on_a_bill(asked.total_minor, asked.currency)
    return "  ".join((asked.device, asked.person, *goods, total, f"until {until}"))
