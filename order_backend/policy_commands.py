"""`earmark-backend policy`: the most that a device may order, and what it asks for besides, whatever its own
settings and rules allow."""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter
from pathlib import Path

import msgspec

from agent.committing.shop_policy import Limits
from agent.committing.shop_rules import MOST_BYTES, ShopRule, ShopRules, rule_fault
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.device_rules import is_judged
from order_backend.folder import ShopFolder
from order_backend.shop import Shop

_OPTIONS = {
    "voice_order_max_minor": ("--voice-order", "most of one order by voice alone (minor units)"),
    "voice_day_max_minor": ("--voice-day", "most of a person and 24 hours by voice alone (minor units)"),
    "factor_order_max_minor": ("--factor-order", "most of one order with a PIN or badge (minor units)"),
    "factor_day_max_minor": ("--factor-day", "most of a person and 24 hours in all (minor units)"),
    "largest_quantity": ("--quantity", "most of one product in one order"),
    "most_lines": ("--lines", "most different things in one order"),
}


def add_policy_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `policy`."""
    parser.add_argument("--device", required=True)
    for name, (option, text) in _OPTIONS.items():
        parser.add_argument(option, dest=name, type=int, metavar="N", help=text)
    parser.add_argument("--rules", type=Path, metavar="FILE", help="rules beside the limits, as TOML")
    parser.add_argument("--no-rules", action="store_true", help="takes these away, and leaves the limits")
    parser.add_argument("--lift", action="store_true", help="no limits and rules but the device's own")


def policy(options: argparse.Namespace) -> int:
    """Sets and shows. Raises ConfigurationError: policy_device, policy_invalid, rules_unreadable,
    rules_invalid (`detail` lists every fault)."""
    folder: ShopFolder = options.folder
    folder.config()
    wanted = {name: getattr(options, name) for name in _OPTIONS if getattr(options, name) is not None}
    rules = read_rules(options.rules) if options.rules else () if options.no_rules or options.lift else None
    with Shop.open(folder.database) as shop:
        if shop.device(options.device) is None:
            raise ConfigurationError(
                "policy_device", f"no device {options.device!r} was admitted", "earmark-backend admit --help"
            )
        with shop.transaction("policy", options.device):
            before = Limits() if options.lift else shop.policies.limits(options.device)[1]
            try:
                limits = msgspec.convert(msgspec.structs.asdict(before) | wanted, Limits)
            except msgspec.ValidationError as error:
                raise ConfigurationError("policy_invalid", str(error)) from error
            if wanted or rules is not None:
                now_s = shop.clock.read().latest_s
                shop.policies.put(folder, options.device, limits, now_s=now_s, rules=rules)
        version, limits = shop.policies.limits(options.device)
        holding = shop.policies.rules(options.device)
    told = "  ".join(f"{name} {value}" for name, value in msgspec.to_builtins(limits).items())
    print(plain(f"{options.device}  policy version {version}  {told or 'no limits but its own'}"))
    for rule in holding:
        conditions = {key: value for key, value in msgspec.to_builtins(rule).items() if key != "id"}
        alone = "" if is_judged(rule) else "  (kept by the device alone)"
        print(plain(f"  rule {rule.id}: {msgspec.json.encode(conditions).decode()}{alone}"))
    return 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: ShopRules = ()


def read_rules(path: Path) -> tuple[ShopRule, ...]:
    """Those of a TOML file: [[rule]] tables and nothing else. Raises ConfigurationError: rules_unreadable,
    rules_invalid."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError("rules_unreadable", f"{path}: {error}", "docs/policy.md") from error
    try:
        rules = msgspec.convert(raw, _File).rule
    except msgspec.ValidationError as error:
        raise ConfigurationError("rules_invalid", f"{path}: {error}", "docs/policy.md") from error
    faults = [fault for rule in rules if (fault := rule_fault(rule))]
    faults += [
        f"{raw_rule['id']}: there is no {key!r}"
        for raw_rule in raw.get("rule", [])
        for key in raw_rule.keys() - _KEYS
    ]
    named = Counter(rule.id for rule in rules)
    faults += [f"two rules are called {id_!r}" for id_, count in named.items() if count > 1]
    if len(msgspec.json.encode(rules)) > MOST_BYTES:
        faults.append(f"the rules are longer than {MOST_BYTES} bytes as JSON")
    if faults:
        raise ConfigurationError("rules_invalid", "\n".join(faults), "docs/policy.md")
    return rules


_KEYS = {field.encode_name for field in msgspec.structs.fields(ShopRule)}
