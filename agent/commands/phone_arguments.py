"""`earmark phone …`: the command line of a phone that is played."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.commands.command_line import PRODUCT_HELP, add_command, quantity

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_phone(commands: _Subparsers) -> None:
    """The command and its actions."""
    phone = commands.add_parser(
        "phone", help="play a phone that approves orders, and pair it with the device"
    ).add_subparsers(metavar="ACTION", required=True)
    pair = add_command(phone, "pair", "phone", "pair", "make a phone, and what a device has to know of it")
    pair.add_argument("person", metavar="PERSON", help="whose it is: the pseudonym of earmark people")
    pair.add_argument("--out", type=Path, required=True, metavar="DIR", help="where both files go")
    add = add_command(phone, "add", "phone", "add", "let a phone approve its person's orders on the device")
    add.add_argument("pairing", type=Path, metavar="FILE", help="the pairing.json that pair has made")
    remove = add_command(phone, "remove", "phone", "remove", "let a person's phone approve nothing any more")
    remove.add_argument("person", metavar="PERSON", help="the pseudonym of earmark people")
    approve = add_command(phone, "approve", "phone", "approve", "sign that exactly this basket is approved")
    approve.add_argument("--refuse", action="store_true", help="sign that it is refused")
    code = add_command(phone, "code", "phone", "show_code", "the eight digits for a phone without a network")
    for parser in (approve, code):
        parser.add_argument("--phone", type=Path, required=True, metavar="DIR", help="as pair has made it")
        parser.add_argument(
            "--asked",
            type=Path,
            metavar="FILE",
            help="the output of earmark-backend approvals SHOP --json; '-' is standard input",
        )
    check = add_command(phone, "check", "phone", "check", "what a device makes of an answer")
    check.add_argument("answer", metavar="ANSWER", help="of approve or code")
    check.add_argument("--pairing", type=Path, required=True, metavar="FILE", help="as pair has made it")
    for parser in (approve, code, check):
        parser.add_argument(
            "--item",
            required=parser is check,
            metavar="PRODUCT",
            help=PRODUCT_HELP if parser is check else f"{PRODUCT_HELP} (default: what the device asks now)",
        )
        parser.add_argument("--quantity", type=quantity, default=1, metavar="N", help="how many (default: 1)")
