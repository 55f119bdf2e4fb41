"""`earmark-backend keys`: which keys sign for a device, and the one that it has asked to use next."""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime

import msgspec

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.device_keys import REFUSED_S
from order_backend.folder import ShopFolder
from order_backend.shop import Shop

_WHAT = {
    "asked": "the device has asked for it, and was told yes",
    "taken_up": "signs from then on",
    "admitted": "was admitted in the place of the one before",
    "dropped": "was dropped before it was used",
}


def add_key_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `keys`."""
    parser.add_argument("--device", metavar="ID", help="one device only")
    parser.add_argument(
        "--drop",
        action="store_true",
        help="with --device: the key that is to follow counts no more",
    )
    parser.add_argument("--changes", action="store_true", help="what became of keys, the newest first")
    parser.add_argument("--limit", type=int, default=20, help="of --changes")
    parser.add_argument("--json", action="store_true", help="of --changes")


def keys(options: argparse.Namespace) -> int:
    """Prints them by their thumbprints. Raises ConfigurationError: key_device, key_none."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        if options.device is not None and shop.device(options.device) is None:
            raise ConfigurationError("key_device", f"no device {options.device!r}")
        if options.drop:
            return _drop(shop, options.device)
        if options.changes:
            return _show_changes(shop, options)
        for device_id in [options.device] if options.device else shop.devices():
            _show(shop, device_id)
    return 0


def _drop(shop: Shop, device_id: str | None) -> int:
    if device_id is None:
        raise ConfigurationError("key_device", "of which device?", "add --device ID")
    with shop.transaction(device_id):
        following = shop.next_keys.of(device_id)
        if following is not None:
            shop.next_keys.drop(device_id)
            shop.key_notices.note(device_id, following.jwk.kid, "dropped", now_s=int(time.time()))
    if following is None:
        raise ConfigurationError("key_none", f"{device_id} has asked for no other key")
    print(f"{device_id} signs with the key that it has; what it signs with the other one is refused")
    return 0


def _show_changes(shop: Shop, options: argparse.Namespace) -> int:
    changes = shop.key_notices.changes(options.device, limit=options.limit)
    if options.json:
        print(json.dumps([msgspec.to_builtins(one) for one in changes]))
        return 0
    for one in changes:
        told = f"owner: {one.state}" + (f" ({one.reason})" if one.reason else "")
        print(plain(f"{_when(one.at)}  {one.device_id}  {one.kid}  {_WHAT[one.about]}; {told}"))
    return 0


def _show(shop: Shop, device_id: str) -> None:
    device, following = shop.device(device_id), shop.next_keys.of(device_id)
    assert device is not None  # noqa: S101  (none is ever deleted)
    state = "signs" if device.active else "is revoked"
    print(f"{device_id}  {device.signing_jwk.kid}  {state}")
    if following is not None:
        print(f"{device_id}  {following.jwk.kid}  is to follow, since {_when(following.from_s)}")
    for old in device.old_keys:
        counts = "is refused" if old.until_s == REFUSED_S else f"counts until {_when(old.until_s)}"
        print(f"{device_id}  {old.jwk.kid}  was replaced {_when(old.replaced_s)}; {counts}")


def _when(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%MZ")
