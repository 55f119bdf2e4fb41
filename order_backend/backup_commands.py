"""`earmark-backend backup`, `restore` and `restored`: a shop in one sealed file, and what it has lost."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.plumbing.errors import ConfigurationError, TrustError
from agent.plumbing.terminal import plain
from order_backend.backup import back_up
from order_backend.backup import restore as bring_back
from order_backend.checks import Refusal
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.restores import DoubtRow
from order_backend.sealed_file import make_key, read_key
from order_backend.shop import Shop


def add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `backup`."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the copy (must be new)")
    _key(parser, "the copy's key; made where there is none: keep it elsewhere than the copy")


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `restore`."""
    parser.add_argument("--from", dest="archive", type=Path, required=True, metavar="FILE", help="the copy")
    _key(parser, "the copy's key")
    parser.add_argument(
        "--ended-at",
        type=_moment,
        metavar="TIME",
        help="when the lost shop surely took no order any more, for example 2026-11-28T06:30Z (default: now)",
    )
    parser.add_argument("--database", help="'' for SQLite, or postgresql://..., instead of the one it had")


def add_restored_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `restored`."""
    change = parser.add_mutually_exclusive_group()
    change.add_argument(
        "--placed",
        nargs=2,
        metavar=("INTENT", "ORDER"),
        help="it was placed in the lost time, under that order's number",
    )
    change.add_argument(
        "--close", action="store_true", help="all that was delivered is named: nothing else was placed"
    )
    parser.add_argument("--json", action="store_true")


def backup(options: argparse.Namespace) -> int:
    """Raises ConfigurationError: backup_key, and what `back_up` raises."""
    options.folder.config()
    key = read_key(options.key) if options.key.exists() else make_key(options.key)
    manifest = back_up(options.folder, options.out, key)
    rows, files = sum(manifest.rows.values()), len(manifest.files)
    print(
        f"{options.out}: {rows} rows, {files} files, as of {_shown(manifest.snapshot_s)}; key {options.key}"
    )
    return 0


def restore(options: argparse.Namespace) -> int:
    """Raises ConfigurationError: backup_key, and what `back_up`'s counterpart raises."""
    ended_at_s = options.ended_at if options.ended_at is not None else int(time.time())
    manifest = bring_back(
        options.folder,
        options.archive,
        read_key(options.key),
        ended_at_s=ended_at_s,
        database=options.database,
    )
    print(
        f"shop in {options.folder.path} as of {_shown(manifest.snapshot_s)}; what it answered since is lost"
    )
    print(f"see what is in doubt: earmark-backend restored {options.folder.path}")
    return 0


def restored(options: argparse.Namespace) -> int:
    """Shows the lost times and the intents in doubt, or settles them. Raises ConfigurationError
    restored_unknown, restored_refused."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        if options.close:
            shop.restores.close(int(shop.clock.read().now_s))
        doubts, times = shop.restores.doubts(), shop.restores.all()
        newest = shop.published.newest()
        forgotten = shop.restores.forgotten_version(newest.published_at if newest is not None else 0)
    if options.placed:
        _place(folder, doubts, *options.placed)
        return 0
    if options.json:
        shown = {
            "lost": times,
            "doubts": [_without_payload(row) for row in doubts],
            "catalogue": {"newest": newest.version if newest else 0, "named_by_devices": forgotten},
        }
        print(msgspec.json.encode(shown).decode())
        return 0
    for lost in times:
        state = "open" if lost.closed_at_s is None else f"closed {_shown(lost.closed_at_s)}"
        print(f"lost  {_shown(lost.lost_from_s)} to {_shown(lost.until_s)}  {state}")
    if forgotten is not None:
        has = f"version {newest.version}" if newest is not None else "none published"
        names = f"devices have version {forgotten}" if forgotten else "no device has named another yet"
        print(f"catalogue  {has} here, perhaps not the last; {names}: publish with --devices-have VERSION")
    for row in doubts:
        what = "intent" if row.payload else "asked about"
        print(plain(f"doubt  {row.device_id}  {row.intent_id}  {what} {_shown(row.first_at_s)}  {row.state}"))
    return 0


def _place(folder: ShopFolder, doubts: list[DoubtRow], intent_id: str, order_id: str) -> None:
    rows = [row for row in doubts if row.intent_id == intent_id]
    if not rows:
        raise ConfigurationError("restored_unknown", f"{intent_id} is in no doubt")
    desk = OrderDesk(folder)
    try:
        if rows[0].payload:
            desk.place_again(rows[0].device_id, rows[0].payload, order_id)
            print(plain(f"{order_id}: its device is told when it asks"))
        else:
            print(f"{intent_id} came without its bytes: its device gets no answer, tell its owner")
        desk.shop.restores.settle(rows[0])
    except (Refusal, TrustError, RuntimeError) as error:
        raise ConfigurationError("restored_refused", plain(str(error))) from error
    finally:
        desk.close()


def _without_payload(row: DoubtRow) -> dict[str, object]:
    return {**msgspec.structs.asdict(row), "payload": bool(row.payload)}


def _key(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help=text)


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no time zone: end it with Z")
    return int(moment.timestamp())


def _shown(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%SZ}"
