"""`earmark-backend orders` and `earmark-backend accept`: what was ordered, and what is being handed over."""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime

import msgspec

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.folder import ShopFolder
from order_backend.mail_text import price
from order_backend.shop import Shop


def orders(options: argparse.Namespace) -> int:
    """Prints the newest."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        rows, ends = shop.orders(options.limit), shop.ends.all()
    if options.json:
        told = [msgspec.to_builtins(row) | {"end": ends.get(row.order_id, "")} for row in rows]
        print(json.dumps(told))
        return 0
    for row in rows:
        placed = datetime.fromtimestamp(row.placed_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        what = ", ".join(f"{line['quantity']} × {line['title']}" for line in json.loads(row.lines))
        total = price(row.total_minor, row.currency)
        end = f"  {ends[row.order_id]}" if row.order_id in ends else ""
        # Titles are the device's words.
        print(
            plain(f"{row.order_id}  {placed}  {row.device_id}  {what}  {total}  for {row.delivery_date}{end}")
        )
    return 0


def accept(options: argparse.Namespace) -> int:
    """From now on the order stands. Raises ConfigurationError order_unknown, order_cancelled."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        if not shop.has_order(options.order):
            raise ConfigurationError(
                "order_unknown", f"no order {options.order!r}", f"earmark-backend orders {folder.path}"
            )
        with shop.transaction():
            shop.ends.put(options.order, "accepted", now_s=int(time.time()))
            end = shop.ends.of(options.order)
    if end == "cancelled":
        raise ConfigurationError(
            "order_cancelled", f"{options.order} was cancelled before", "hand nothing over"
        )
    print(f"{options.order} is accepted: a device that cancels it now is told that it is too late")
    return 0
