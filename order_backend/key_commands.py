"""`earmark-backend keys`: which keys sign for a device, and the one that it has asked to use next."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from agent.plumbing.errors import ConfigurationError
from order_backend.device_keys import REFUSED_S
from order_backend.folder import ShopFolder
from order_backend.shop import Shop


def add_key_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `keys`."""
    parser.add_argument("--device", metavar="ID", help="one device only")
    parser.add_argument(
        "--drop",
        action="store_true",
        help="with --device: the key that is to follow counts no more",
    )


def keys(options: argparse.Namespace) -> int:
    """Prints them by their thumbprints. Raises ConfigurationError: key_device, key_none."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        if options.device is not None and shop.device(options.device) is None:
            raise ConfigurationError("key_device", f"no device {options.device!r}")
        if options.drop:
            return _drop(shop, options.device)
        for device_id in [options.device] if options.device else shop.devices():
            _show(shop, device_id)
    return 0


def _drop(shop: Shop, device_id: str | None) -> int:
    if device_id is None:
        raise ConfigurationError("key_device", "of which device?", "add --device ID")
    with shop.transaction(device_id):
        dropped = shop.next_keys.drop(device_id)
    if not dropped:
        raise ConfigurationError("key_none", f"{device_id} has asked for no other key")
    print(f"{device_id} signs with the key that it has; what it signs with the other one is refused")
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
