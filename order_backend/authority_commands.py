"""`earmark-backend authority`: until when the shop's authority lasts, how far its replacement has come, and
the next step."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID

from order_backend.authorities import announced, authority_of, phase, successor_of
from order_backend.authority_steps import DevicesWait, begin, drop, move, standings
from order_backend.certificate_book import Standing
from order_backend.folder import ShopFolder, alone

BEGIN_BEFORE = timedelta(days=2 * 365)
"""Its end: a year for devices to come by, and a year that their last certificates last."""
_MOST_LISTED = 50


def add_authority_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `authority`."""
    parser.add_argument(
        "step", nargs="?", choices=("show", "begin", "move", "drop"), default="show",
        help="begin: make a successor, tell devices; move: broker and order services show its certificates;"
        " drop: the old one counts no more",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="although devices that are listed will not connect any more"
    )
    parser.add_argument("--port", type=int, default=0, help="the broker's, instead of the one in shop.json")


def authority(options: argparse.Namespace) -> int:
    """Takes the step, and shows where that leads. Raises ConfigurationError as `begin`, `move`, `drop`."""
    folder, now = options.folder, datetime.now(UTC)
    folder.config()
    try:
        with alone(folder.authority_lock) if options.step != "show" else nullcontext():
            _step(options, folder, now)
    except DevicesWait as waits:
        for line in _devices(folder, waits.standings[:_MOST_LISTED]):
            print(line)
        print(f"earmark-backend: {waits}", file=sys.stderr)
        return 1
    for line in _state(folder, now):
        print(line)
    return 0


def _step(options: argparse.Namespace, folder: ShopFolder, now: datetime) -> None:
    match options.step:
        case "begin":
            begin(folder, port=options.port, now=now)
        case "move":
            move(folder, force=options.force, port=options.port, now=now)
        case "drop":
            drop(folder, force=options.force, port=options.port, now=now)


def _state(folder: ShopFolder, now: datetime) -> Iterator[str]:
    present, following, at = authority_of(folder).certificate, successor_of(folder), phase(folder)
    yield f"authority  {_named(present)}"
    serial = announced(folder).serial
    if following is not None:
        told = f", announced as list {serial}" if at != "made" else ", not announced"
        yield f"successor  {_named(following.certificate)}{told}"
        all_, fingerprint = standings(folder, now), following.fingerprint
        know = sum(one.knows >= serial for one in all_)
        there = sum(one.connects_by(fingerprint) for one in all_)
        yield f"devices    {len(all_)} may connect: {know} know the successor, {there} connect by it"
        late = [one for one in all_ if one.knows < serial or not one.connects_by(fingerprint)]
        yield from _devices(folder, late[:_MOST_LISTED])
    command = f"earmark-backend authority {folder.path}"
    match at:
        case "alone" if present.not_valid_after_utc - now < BEGIN_BEFORE:
            yield f"next: {command} begin"
        case "alone":
            due = present.not_valid_after_utc - BEGIN_BEFORE
            yield f"next: nothing until {due:%Y-%m-%d}, then: {command} begin"
        case "made":
            yield f"next: {command} begin"
        case "announced":
            yield f"next, once the devices know it: {command} move"
        case "moved":
            yield f"next, once the devices connect by it: {command} drop"
        case "dropping":
            yield f"next: {command} drop"


def _devices(folder: ShopFolder, late: list[Standing]) -> Iterator[str]:
    serial, following = announced(folder).serial, successor_of(folder)
    for one in late:
        knows = "knows the successor" if one.knows >= serial else "has not said that it knows the successor"
        by_it = following is not None and one.connects_by(following.fingerprint)
        if by_it:
            holds = "connects by it"
        elif one.until_s:
            holds = f"its certificate ends on {datetime.fromtimestamp(one.until_s, UTC):%Y-%m-%d}"
        else:
            holds = "when its certificate ends was not noted"
        yield f"  {one.device_id}  {knows}; {holds}"


def _named(certificate: x509.Certificate) -> str:
    name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    return f"{name}, until {certificate.not_valid_after_utc:%Y-%m-%d}"
