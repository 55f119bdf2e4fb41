"""`earmark shift`: who is on shift at the device."""

from __future__ import annotations

import argparse
import datetime

import msgspec

from agent.commands.operators import connect
from agent.plumbing.operator_shift import EndShift, ShiftShown, ShowShift
from agent.plumbing.terminal import plain


def show(arguments: argparse.Namespace) -> int:
    """Prints who is on, or ends it; 1 where nobody was."""
    request = EndShift() if arguments.end else ShowShift()
    shown: ShiftShown = connect(arguments).ask(request, ShiftShown)
    if arguments.json:
        print(msgspec.json.encode(shown).decode())
    elif not shown.used:
        print("There are no shifts here: [shift] in policy.toml, see docs/policy.md.")
    elif not shown.person:
        print("Nobody is on.")
    elif arguments.end:
        print(plain(f"{shown.name} was on since {_at(shown.since_s)}, and is not any more."))
    else:
        since, until = _at(shown.since_s), _at(shown.until_s)
        print(plain(f"{shown.name} is on since {since}, until {until} at the latest."))
    return 0 if shown.person else 1


def _at(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
