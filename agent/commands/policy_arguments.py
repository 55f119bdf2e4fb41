"""`earmark policy …`: the command line of what a house allows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.commands.command_line import PRODUCT_HELP, add_command, quantity

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def add_policy(commands: _Subparsers) -> None:
    """The command and its actions."""
    policy = commands.add_parser("policy", help="who may order what, how much and when").add_subparsers(
        metavar="ACTION", required=True
    )
    explain = add_command(policy, "explain", "policy", "explain", "whether an order would pass, and why")
    explain.add_argument("--person", required=True, metavar="NAME", help="who orders, as enrolled")
    explain.add_argument("--role", metavar="ROLE", help="that they have by `earmark people`, if any")
    explain.add_argument("--item", required=True, metavar="PRODUCT", help=PRODUCT_HELP)
    explain.add_argument("--quantity", type=quantity, default=1, metavar="N", help="how many (default: 1)")
    explain.add_argument("--at", type=_minute, metavar="HH:MM", help="local time (default: now)")
    explain.add_argument("--day", choices=_DAYS, help="day of the week (default: today)")
    explain.add_argument(
        "--spent-minor",
        type=_minor,
        default=0,
        metavar="N",
        help="what was ordered by voice in the 24 hours before, in grosz or cents (default: 0)",
    )
    explain.add_argument(
        "--ordered-before",
        action="store_true",
        help="as if the same was ordered before, at that hour; else as of somebody's first order ever",
    )
    explain.add_argument(
        "--shop-rules", type=Path, metavar="FILE", help="the shop's own, from `earmark policy shop --json`"
    )
    explain.add_argument("--json", action="store_true", help="for machines")
    check = add_command(policy, "check", "policy", "check", "every fault of a policy file, with its line")
    install = add_command(policy, "install", "policy", "install", "begin with a ready policy")
    install.add_argument("kind", choices=["household", "factory"], help="which")
    shop = add_command(policy, "shop", "shop_policy", "show", "what the shop lets this device order")
    shop.add_argument("--json", action="store_true", help="the rules alone, for explain --shop-rules")
    for parser in (explain, check, install):
        parser.add_argument(
            "--file",
            type=Path,
            metavar="FILE",
            help="the policy (default: that of the settings, policy.toml beside them)",
        )


def _minor(text: str) -> int:
    if not text.isdecimal() or int(text) > 10_000_000_00:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount like 19000 (for 190.00)")
    return int(text)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        raise argparse.ArgumentTypeError(f"{text!r} is no time of day like 22:10")
    return int(hours) * 60 + int(minutes)
