"""Parts of the command line of `earmark`: what a command stands for, and the types of arguments."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

PRODUCT_HELP = "as people say it, or its id: 'coffee?roast=dark'"


def add_command(
    commands: _Subparsers, name: str, module: str, function: str, help_text: str
) -> argparse.ArgumentParser:
    """`earmark NAME` calls `function` of agent.commands.`module`, which is imported only then."""
    parser = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    parser.set_defaults(module=module, function=function)
    return parser


def numbers(text: str) -> tuple[float, ...]:
    """The argument type of "24,12,6"."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers like 24,12,6") from None


def counts(text: str) -> tuple[int, ...]:
    """The argument type of "100,4000": each from 1 to 100,000."""
    counts = tuple(int(part) if part.isdecimal() else 0 for part in text.split(","))
    if not all(1 <= count <= 100_000 for count in counts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers from 1 to 100000 like 100,4000")
    return counts


def seconds(text: str) -> float:
    """The argument type of a length of time from 0.1 to 60 s."""
    try:
        given = float(text)
    except ValueError:
        given = 0.0
    if not 0.1 <= given <= 60.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 60")
    return given


def quantity(text: str) -> int:
    """The argument type of how many."""
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return int(text)
