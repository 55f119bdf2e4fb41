"""`earmark-backend tickets`, `returns` and `quotes`: what devices ask of a person here."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.folder import ShopFolder
from order_backend.kept_asks import About
from order_backend.requests import Kind, Request
from order_backend.shop import Shop

KINDS: Mapping[Kind, str] = {
    "ticket": "Who wants to talk to a person, and about what.",
    "return": "Orders that are to go back.",
    "quote": "Quotes that were given.",
}


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of each."""
    parser.add_argument("--all", action="store_true", help="those that are closed, too")
    parser.add_argument("--close", metavar="NUMBER", help="it is dealt with")
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--json", action="store_true")


def show(kind: Kind) -> Callable[[argparse.Namespace], int]:
    """The command for that kind: closes and shows. It raises ConfigurationError request_unknown."""

    def command(options: argparse.Namespace) -> int:
        folder: ShopFolder = options.folder
        folder.config()
        with Shop.open(folder.database) as shop:
            if options.close is not None and not shop.requests.close(kind, options.close):
                detail = f"no {kind} {options.close!r}"
                raise ConfigurationError("request_unknown", detail, "add --all to see all that there are")
            rows = shop.requests.of_kind(kind, closed=options.all, limit=options.limit)
        if options.json:
            print(json.dumps([_as_json(row) for row in rows]))
            return 0
        for row in rows:
            print(plain(_line(row)))
        return 0

    return command


def _as_json(row: Request) -> dict[str, object]:
    told: dict[str, object] = msgspec.to_builtins(row)
    return told | {"about": json.loads(row.about), "told": json.loads(row.told)}


def _line(row: Request) -> str:
    about = msgspec.json.decode(row.about, type=About)
    asked = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    goods = [f"{quantity} × {sku}" for sku, quantity in about.lines]
    closed = ("closed",) if row.state == "closed" else ()
    return "  ".join((row.reference, asked, row.device_id, *about.orders, *goods, *about.codes, *closed))
