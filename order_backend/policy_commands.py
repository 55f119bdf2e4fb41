"""`earmark-backend policy`: the most that a device may order, whatever its own settings allow."""

from __future__ import annotations

import argparse

import msgspec

from agent.committing.shop_policy import Limits
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
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
    parser.add_argument("--lift", action="store_true", help="no limits but the device's own")


def policy(options: argparse.Namespace) -> int:
    """Sets and shows. Raises ConfigurationError: policy_device, policy_invalid."""
    folder: ShopFolder = options.folder
    folder.config()
    wanted = {name: getattr(options, name) for name in _OPTIONS if getattr(options, name) is not None}
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
            if wanted or options.lift:
                now_s = shop.clock.read().latest_s
                shop.policies.put(folder, options.device, limits, now_s=now_s)
        version, limits = shop.policies.limits(options.device)
    told = "  ".join(f"{name} {value}" for name, value in msgspec.to_builtins(limits).items())
    print(plain(f"{options.device}  policy version {version}  {told or 'no limits but its own'}"))
    return 0
