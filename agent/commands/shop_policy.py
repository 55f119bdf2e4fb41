"""`earmark policy shop`: what the shop lets this device order, as the till keeps to it."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

import msgspec

from agent.commands.operators import connect
from agent.commands.policy_words import in_a_sentence
from agent.deciding.rules import Rule
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.operator_policy import ShopPolicyShown, ShowShopPolicy
from agent.plumbing.terminal import plain


def show(arguments: argparse.Namespace) -> int:
    """Prints limits and rules; with --json the rules alone, for `earmark policy explain --shop-rules`."""
    shown: ShopPolicyShown = connect(arguments).ask(ShowShopPolicy(), ShopPolicyShown)
    if arguments.json:
        print(shown.rules)
        return 0
    if not shown.version:
        print("The shop has set nothing; the limits and rules are the device's own.")
        return 0
    since = datetime.datetime.fromtimestamp(shown.since_s).astimezone().strftime("%Y-%m-%d %H:%M")
    print(f"version {shown.version}, signed {since}; each holds where it is stricter than the device's own")
    for name, limit in shown.limits.items():
        print(plain(f"  {name} {limit}"))
    for rule in rules_in(shown.rules):
        print(plain(f"  {in_a_sentence(rule)}"))
    return 0


def rules_in(text: str) -> tuple[Rule, ...]:
    """Those of the JSON that --json prints. Raises ConfigurationError rules_unreadable."""
    try:
        return msgspec.json.decode(text, type=tuple[Rule, ...])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError("rules_unreadable", str(error), "earmark policy shop --json") from error


def rules_from(path: Path) -> tuple[Rule, ...]:
    """The same out of a file. Raises ConfigurationError rules_unreadable."""
    try:
        return rules_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "rules_unreadable", f"cannot read {path}: {error}", "earmark policy shop --json"
        ) from error
