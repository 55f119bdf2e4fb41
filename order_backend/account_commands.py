"""`earmark-backend stock` and `earmark-backend account`: what is left, who pays, and how much may be owed."""

from __future__ import annotations

import argparse

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.folder import ShopFolder
from order_backend.mail_text import price
from order_backend.prices import newest_price_list
from order_backend.shop import Shop


def add_stock_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `stock`."""
    parser.add_argument("--item", metavar="ID", help="as orders name it, for example 'coffee?roast=dark'")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--quantity", type=_natural, help="so many are there now; orders take from it")
    change.add_argument("--not-counted", action="store_true", help="there is always enough")


def add_account_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `account`."""
    parser.add_argument("--device", required=True)
    parser.add_argument("--account", metavar="NAME", help="the account that pays for the device from now on")
    change = parser.add_mutually_exclusive_group()
    change.add_argument(
        "--credit", type=_natural, metavar="MINOR", help="most that may be owed (minor units)"
    )
    change.add_argument("--no-limit", action="store_true", help="as much as they like")
    parser.add_argument("--paid", type=_natural, metavar="MINOR", help="so much less is owed (minor units)")


def stock(options: argparse.Namespace) -> int:
    """Sets or shows. Raises ConfigurationError stock_item."""
    folder: ShopFolder = options.folder
    changes = options.quantity is not None or options.not_counted
    if changes and options.item is None:
        raise ConfigurationError("stock_item", "no item is named", "add --item ID")
    with Shop.open(folder.database) as shop:
        if changes and newest_price_list(folder, shop).unit_price(options.item) is None:
            raise ConfigurationError("stock_item", f"{options.item!r} is not sold here")
        if changes:
            shop.stock.count(options.item, options.quantity)
        for sku, quantity in shop.stock.counted().items():
            if options.item in (None, sku):
                print(plain(f"{sku}  {quantity}"))
    return 0


def account(options: argparse.Namespace) -> int:
    """Sets and shows. Raises ConfigurationError account_device."""
    folder: ShopFolder = options.folder
    with Shop.open(folder.database) as shop:
        currency = newest_price_list(folder, shop).currency
        if shop.device(options.device) is None:
            raise ConfigurationError(
                "account_device", f"no device {options.device!r} was admitted", "earmark-backend admit --help"
            )
        with shop.transaction():
            if options.account is not None:
                shop.accounts.join(options.device, options.account)
            found = shop.accounts.lock(options.device)
            if options.credit is not None or options.no_limit:
                shop.accounts.limit(found, options.credit)
            if options.paid is not None:
                shop.accounts.owe(found, -options.paid)
            found = shop.accounts.lock(options.device)
    most = "no limit" if found.credit_minor is None else f"at most {price(found.credit_minor, currency)}"
    print(
        plain(
            f"{options.device}  account {found.account_id}  owes {price(found.owed_minor, currency)}, {most}"
        )
    )
    return 0


def _natural(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**53:
        raise ValueError(text)
    return number
