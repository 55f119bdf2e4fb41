"""`earmark-backend`: found a shop, admit devices, run its broker and order service, list orders, tell
owners."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from agent.committing.rotation import PURPOSES
from agent.plumbing.command_words import check_words
from agent.plumbing.errors import EarmarkError
from order_backend import (
    account_commands,
    approval_commands,
    ask_commands,
    authority_commands,
    backup_commands,
    catalogue_commands,
    claim_commands,
    key_commands,
    order_commands,
    owner_commands,
    policy_commands,
    request_commands,
)
from order_backend.broker import PrivateBroker, reload_broker
from order_backend.broker_files import write_access_list
from order_backend.database import DatabaseError, reason
from order_backend.folder import ShopFolder, write_file
from order_backend.provisioning import admit, create_shop
from order_backend.replicas import add_replica
from order_backend.revocation import Ended, revoke_device, revoke_replica
from order_backend.rotations import rotate
from order_backend.service import OrderService
from order_backend.shop import Shop
from order_backend.stop_signals import stopped_by_signal


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 with one line that says what is wrong and what to do."""
    options = _parser().parse_args(arguments)
    try:
        check_words(options)
        code: int = options.command(options)
    except EarmarkError as error:
        print(f"earmark-backend: {error}", file=sys.stderr)
        return 1
    except DatabaseError as error:
        # What was not written was not acknowledged either: the devices send it again.
        print(f"earmark-backend: shop_database: {reason(error)} -> start it again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="earmark-backend", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: object, text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.add_argument(
            "folder", type=lambda text: ShopFolder(Path(text).resolve()), help="the shop's folder"
        )
        one.set_defaults(command=function)
        return one

    init = command("init", _init, "Found a shop: its authority, certificates, keys and database.")
    init.add_argument("--catalogue", type=Path, required=True, help="what it sells (JSON)")
    init.add_argument("--name", required=True, help="the shop's name for people")
    init.add_argument("--environment", choices=("production", "test", "demo"), default="production")
    init.add_argument(
        "--broker-host", default="localhost", help="the name under which devices reach the broker"
    )
    init.add_argument("--broker-port", type=int, default=8883)
    init.add_argument(
        "--database", default="", help="a PostgreSQL database, postgresql://..., instead of SQLite's shop.db"
    )
    add = command("admit", _admit, "Admit a device: sign its certificate and write what it has to trust.")
    add.add_argument("--device", required=True, help="the device's id")
    add.add_argument(
        "--request", type=Path, required=True, help="the two certificate requests that it made (PEM)"
    )
    add.add_argument(
        "--old-key-stolen", action="store_true", help="nothing that its keys before signed counts any more"
    )
    add.add_argument("--out", type=Path, required=True, help="folder for mqtt.crt and trust.json")
    code = command("claim", claim_commands.claim, "Print a code by which one new device may enrol itself.")
    claim_commands.add_claim_arguments(code)
    door = command("enrol", claim_commands.enrol, "Let devices in by their codes, until interrupted.")
    claim_commands.add_enrol_arguments(door)
    known = command("keys", key_commands.keys, "Which keys sign for devices, and which are to follow them.")
    key_commands.add_key_arguments(known)
    out = command("revoke", _revoke, "Refuse a device from now on, and end its session.")
    out.add_argument("--device", required=True)
    out.add_argument("--port", type=int, default=0, help="the broker's, instead of the one in shop.json")
    broker = command("broker", _broker, "Run the shop's private mosquitto until interrupted.")
    broker.add_argument("--port", type=int, default=0, help="instead of the one in shop.json")
    run = command("run", _run, "Take orders until interrupted.")
    run.add_argument("--port", type=int, default=0, help="the broker's port, instead of the one in shop.json")
    run.add_argument(
        "--as", dest="name", default="", help="the replica to be, instead of the shop's first one"
    )
    replica = command(
        "replica", _replica, "Make one more order service, or renew one: its key and certificate."
    )
    replica.add_argument("name", help="for example backend-2")
    replica.add_argument("--revoke", action="store_true", help="it may not serve any more, from now on")
    replica.add_argument("--port", type=int, default=0, help="the broker's, instead of the one in shop.json")
    turn = command("rotate", _rotate, "Replace a signing key; every device follows, and no order is lost.")
    turn.add_argument("purpose", choices=PURPOSES, help="what it signs; 'agent' closes mandates")
    ca = command("authority", authority_commands.authority, "The shop's authority: its end, its successor.")
    authority_commands.add_authority_arguments(ca)
    clock = command("clock", _clock, "What time it is at the shop.")
    clock.add_argument(
        "--set-back", action="store_true", help="forget that it was later: that clock had been wrong"
    )
    told = command(
        "owner", owner_commands.owner, "Who is told of a device's orders, by mail; set it, remove it."
    )
    owner_commands.add_owner_arguments(told)
    mail = command("mail", owner_commands.mail, "Tell owners of their orders, by mail, until interrupted.")
    owner_commands.add_mail_arguments(mail)
    stock = command("stock", account_commands.stock, "How much is left of what is counted.")
    account_commands.add_stock_arguments(stock)
    account = command("account", account_commands.account, "Who pays for a device, and how much may be owed.")
    account_commands.add_account_arguments(account)
    on = command("promotions", ask_commands.promotions, "What is on offer: told to devices that ask.")
    ask_commands.add_promotions_arguments(on)
    days = command("delivery", ask_commands.delivery, "When what is ordered comes.")
    ask_commands.add_delivery_arguments(days)
    for kind, text in request_commands.KINDS.items():
        asked = command(f"{kind}s", request_commands.show(kind), text)
        request_commands.add_request_arguments(asked)
    new = command(
        "publish", catalogue_commands.publish_command, "Sell by a new version of the catalogue, everywhere."
    )
    catalogue_commands.add_publish_arguments(new)
    versions = command(
        "catalogues", catalogue_commands.catalogues, "Versions of the catalogue whose prices hold."
    )
    catalogue_commands.add_catalogues_arguments(versions)
    limits = command(
        "policy", policy_commands.policy, "The most that a device may order, whatever its settings allow."
    )
    policy_commands.add_policy_arguments(limits)
    answer = command(
        "approval", approval_commands.approval, "Carry to a device what a person's phone has signed."
    )
    approval_commands.add_approval_arguments(answer)
    phones = command("approvals", approval_commands.approvals, "What devices ask people's phones to approve.")
    approval_commands.add_approvals_arguments(phones)
    copy = command(
        "backup", backup_commands.backup, "Copy the whole shop into one sealed file; it may be at work."
    )
    backup_commands.add_backup_arguments(copy)
    back = command("restore", backup_commands.restore, "Bring a shop back from a copy, into an empty place.")
    backup_commands.add_restore_arguments(back)
    lost = command("restored", backup_commands.restored, "What a shop that was restored does not know.")
    backup_commands.add_restored_arguments(lost)
    orders = command("orders", order_commands.orders, "The newest orders.")
    orders.add_argument("--json", action="store_true")
    orders.add_argument("--limit", type=int, default=20)
    taken = command("accept", order_commands.accept, "Hand an order over: it cannot be cancelled any more.")
    taken.add_argument("order", help="its number")
    return parser


def _init(options: argparse.Namespace) -> int:
    folder = create_shop(
        options.folder.path,
        shop_name=options.name,
        environment=options.environment,
        catalogue=options.catalogue,
        broker_host=options.broker_host,
        broker_port=options.broker_port,
        database=options.database,
        now=datetime.now(UTC),
    )
    os.sync()
    print(f"shop {folder.config().shop_id} in {folder.path}")
    return 0


def _admit(options: argparse.Namespace) -> int:
    try:
        requests = options.request.read_bytes()
    except OSError as error:
        print(f"earmark-backend: cannot read {options.request}: {error.strerror}", file=sys.stderr)
        return 1
    admission = admit(
        options.folder,
        options.device,
        requests,
        now=datetime.now(UTC),
        old_key_stolen=options.old_key_stolen,
    )
    write_file(options.out / "mqtt.crt", admission.certificate_pem)
    write_file(options.out / "trust.json", admission.trust.to_bytes())
    print(f"{options.device} admitted: {options.out / 'mqtt.crt'}, {options.out / 'trust.json'}")
    owner_commands.after_admission(options.folder, options.device)
    return 0


def _revoke(options: argparse.Namespace) -> int:
    ended = revoke_device(options.folder, options.device, port=options.port, now=datetime.now(UTC))
    if ended is None:
        print(f"earmark-backend: no device {options.device!r}", file=sys.stderr)
        return 1
    return _tell_end(options.device, ended)


def _tell_end(name: str, ended: Ended) -> int:
    print(f"{name} revoked")
    if ended.sure:
        print("it is not connected, and cannot connect")
        return 0
    print(
        f"earmark-backend: {ended.reason}: whether the broker has it still is not known -> copy"
        " the revocation list to the broker, have it read it (SIGHUP), and revoke once more",
        file=sys.stderr,
    )
    return 1


def _broker(options: argparse.Namespace) -> int:
    broker = PrivateBroker(options.folder, options.port or options.folder.config().broker_port)
    signal.signal(signal.SIGTERM, lambda *_: broker.ask_to_stop())
    with broker:
        print(f"broker on 127.0.0.1:{broker.port}", flush=True)
        return 1 if broker.serve() else 0


def _run(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    service = OrderService(options.folder, name=options.name, port=options.port or None)
    with stopped_by_signal(service.stop):
        service.run()
    return 0


def _replica(options: argparse.Namespace) -> int:
    if options.revoke:
        ended = revoke_replica(options.folder, options.name, port=options.port, now=datetime.now(UTC))
        if ended is None:
            print(f"earmark-backend: no order service {options.name!r}", file=sys.stderr)
            return 1
        return _tell_end(options.name, ended)
    add_replica(options.folder, options.name, now=datetime.now(UTC))
    write_access_list(options.folder)
    when = "" if reload_broker(options.folder) else " once the broker has read its access list (SIGHUP)"
    print(f"{options.name} may serve {options.folder.config().shop_id}{when}:")
    print(f"earmark-backend run {options.folder.path} --as {options.name}")
    return 0


def _rotate(options: argparse.Namespace) -> int:
    claims = rotate(options.folder, options.purpose, now=datetime.now(UTC))
    until = datetime.fromtimestamp(claims.not_after, UTC)
    print(f"{claims.purpose}: key {claims.keys[0].kid} is rotation {claims.serial}")
    print("the order service announces it and then signs with it, within seconds or when it runs next")
    print(f"what the old one has signed counts until {until:%Y-%m-%d %H:%M:%SZ}")
    return 0


def _clock(options: argparse.Namespace) -> int:
    options.folder.config()
    with Shop.open(options.folder.database) as shop:
        if options.set_back:
            shop.clock.set_back(int(shop.clock.read().now_s))
        reading, here_s = shop.clock.read(), time.time()
    off_s, behind_s = here_s - reading.now_s, max(0.0, reading.floor_s - reading.now_s)
    print(f"database  {datetime.fromtimestamp(reading.now_s, UTC):%Y-%m-%d %H:%M:%SZ}")
    print(
        f"this machine is {off_s:+.1f} s from it, and it is {behind_s:.0f} s behind what it has shown before"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
