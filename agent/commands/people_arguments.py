"""`earmark people …`: the command line of who is known to a device."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.commands.command_line import add_command

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_WHO = "name or pseudonym, as `earmark people list` shows them"


def add_people(commands: _Subparsers) -> None:
    """The command and its actions; without one it lists."""
    people = add_command(commands, "people", "people", "show", "who is known to the device")
    people.add_argument("--forget", metavar="PERSON", help="the same as: earmark people forget PERSON")
    actions = people.add_subparsers(metavar="ACTION")
    shown = add_command(actions, "list", "people", "show", "who is known, by what, and since when")
    shown.add_argument("--json", action="store_true", help="for machines")
    add = add_command(actions, "add", "people", "add", "somebody without a voice, who gets a PIN or a badge")
    add.add_argument("name", help="how the device addresses the person; never leaves the device")
    admit = add_command(
        actions, "admit", "people", "admit", "let somebody order whose voice the device learned by itself"
    )
    admit.add_argument("--name", help="how the device addresses the person from now on")
    role = add_command(actions, "role", "people", "role", "what somebody is in the rules of the house")
    remember = add_command(
        actions, "remember", "people", "remember", "let what somebody ordered be used for suggestions to them"
    )
    remember.add_argument("--off", action="store_true", help="not any more")
    export = add_command(
        actions, "export", "people", "export", "everything that the device knows of somebody, as JSON"
    )
    export.add_argument("--templates", action="store_true", help="with the numbers of the voiceprint")
    export.add_argument("--out", type=Path, metavar="FILE", help="into a new file, for its owner only")
    forget = add_command(
        actions, "forget", "people", "forget", "destroy what is known of somebody; the orders stay, nameless"
    )
    forget.add_argument(
        "--at-once", action="store_true", help="also what a shop that lost the last orders would need"
    )
    for parser in (admit, role, remember, export, forget):
        parser.add_argument("person", help=_WHO)
    role.add_argument("role", help="as in policy.toml, for instance child; '' for none")
