"""`earmark-backend publish` and `earmark-backend catalogues`."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from agent.committing.catalogue_manifest import Document
from agent.plumbing.errors import ConfigurationError
from order_backend.folder import ShopFolder
from order_backend.published import Version, claims_of_version
from order_backend.publishing import publish
from order_backend.shop import Shop


def add_publish_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `publish`."""
    parser.add_argument("catalogue", type=Path, help="what is sold from now on (JSON), with a higher version")
    parser.add_argument(
        "--devices-have",
        type=int,
        metavar="VERSION",
        help="in a shop that was restored: the highest version that a device shows",
    )
    told = parser.add_mutually_exclusive_group()
    told.add_argument(
        "--details",
        type=Path,
        metavar="FILE",
        help="what is told of its products besides (JSON)",
    )
    told.add_argument("--no-details", action="store_true", help="tell none, though the version before did")


def add_catalogues_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `catalogues`."""
    parser.add_argument("--withdraw", type=int, metavar="VERSION", help="refuse orders at its prices at once")


def publish_command(options: argparse.Namespace) -> int:
    """Raises ConfigurationError as `publish` does."""
    folder: ShopFolder = options.folder
    folder.config()
    data = _read(options.catalogue, "price_list_invalid")
    details = _read(options.details, "details_invalid") if options.details is not None else None
    with Shop.open(folder.database) as shop:
        version = publish(
            *(folder, shop, data),
            now_s=shop.clock.read().latest_s,
            devices_have=options.devices_have,
            details=details,
            no_details=options.no_details,
        )
    manifest = claims_of_version(version)
    print(f"version {version.version} published: {_sizes(manifest)}")
    if manifest.details is not None:
        print(f"with details: {_sizes(manifest.details)}")
    return 0


def _read(path: Path, code: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(code, f"cannot read {path}: {error.strerror}") from error


def _sizes(document: Document) -> str:
    return f"{len(document.parts)} parts, {sum(part.size for part in document.parts)} bytes"


def catalogues(options: argparse.Namespace) -> int:
    """Lists the versions whose prices hold. Raises ConfigurationError catalogue_version (not kept)."""
    folder: ShopFolder = options.folder
    lifetime_s = folder.config().longest_lifetime_s
    with Shop.open(folder.database) as shop:
        if options.withdraw is not None and not shop.published.withdraw(options.withdraw):
            raise ConfigurationError(
                "catalogue_version", f"no version {options.withdraw}", "earmark-backend catalogues FOLDER"
            )
        for version in shop.published.all():
            print(_line(version, lifetime_s))
    return 0


def _line(version: Version, lifetime_s: int) -> str:
    if version.withdrawn:
        state = "withdrawn"
    elif version.superseded_at is None:
        state = "the newest"
    else:
        state = f"its prices hold until {_when(version.superseded_at + lifetime_s)}"
    if not version.manifest:
        way = ", came to devices by file"
    else:
        way = ", with details" if claims_of_version(version).details is not None else ""
    return f"version {version.version}  published {_when(version.published_at)}  {state}{way}"


def _when(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%SZ}"
