"""`earmark catalogue …`: the command line of what a shop sells."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.commands.command_line import add_command

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_catalogue(commands: _Subparsers) -> None:
    """The command and its actions."""
    catalogue = commands.add_parser("catalogue", help="what the shop sells").add_subparsers(
        metavar="ACTION", required=True
    )
    load = add_command(
        catalogue,
        "load",
        "catalogue",
        "load",
        "bring the running device a new one; it serves the old one meanwhile",
    )
    load.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="the shop's JSON (default: the settings' file)"
    )
    check = add_command(
        catalogue, "check", "catalogue_import", "check", "what is wrong or doubtful in a file of yours"
    )
    import_ = add_command(
        catalogue, "import", "catalogue_import", "import_", "make a catalogue for devices of a file of yours"
    )
    try_ = add_command(
        catalogue, "try", "catalogue_import", "try_", "what a device would understand, and what it would cost"
    )
    for parser in (check, import_, try_):
        parser.add_argument(
            "file", type=Path, metavar="FILE", help="a .csv of a spreadsheet, or JSON (docs/catalogue.md)"
        )
    import_.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where catalogue.json and its details go"
    )
    try_.add_argument("words", metavar="WORDS", help='an order as it is said: "order two bags of coffee"')
    try_.add_argument("--language", choices=["en", "ko", "pl"], default="en")
