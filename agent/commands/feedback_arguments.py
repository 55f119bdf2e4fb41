"""`earmark feedback …`: its command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from agent.commands.command_line import add_command, quantity

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_feedback(commands: _Subparsers) -> None:
    """The command and its actions."""
    actions = commands.add_parser(
        "feedback", help='what led to where somebody said "that was wrong": no words of theirs'
    ).add_subparsers(metavar="ACTION", required=True)
    shown = add_command(actions, "list", "feedback", "show", "what was understood and said before each")
    shown.add_argument("--limit", type=quantity, default=20, metavar="N", help="the newest N (default: 20)")
    shown.add_argument("--json", action="store_true", help="for machines")
    add_command(actions, "clear", "feedback", "clear", "forget all of it")
