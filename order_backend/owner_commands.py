"""`earmark-backend owner` and `earmark-backend mail`: who is told of a device's orders and keys, and the
telling."""

from __future__ import annotations

import argparse
import logging
import time

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.terminal import plain
from order_backend.addresses import mail_address
from order_backend.folder import ShopFolder
from order_backend.mail_server import MailSession
from order_backend.mailer import Mailer, checked_settings
from order_backend.notices import Owner
from order_backend.shop import Shop
from order_backend.stop_signals import stopped_by_signal


def add_owner_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `owner`."""
    parser.add_argument("--device", help="the device whose orders are meant")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--email", metavar="ADDRESS", help="tell this address of every order from now on")
    change.add_argument("--remove", action="store_true", help="tell nobody; what still waits is dropped")
    parser.add_argument(
        "--language", choices=("en", "pl"), help="of the mails; as it was, or English, unless you say"
    )


def add_mail_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `mail`."""
    parser.add_argument("--check", action="store_true", help="log in at the mail server and send nothing")


def owner(options: argparse.Namespace) -> int:
    """Sets, removes or shows. Raises ConfigurationError owner_device, owner_unknown, owner_address."""
    folder: ShopFolder = options.folder
    folder.config()
    with Shop.open(folder.database) as shop:
        if options.device is not None and shop.device(options.device) is None:
            raise ConfigurationError(
                "owner_device", f"no device {options.device!r} was admitted", "earmark-backend admit --help"
            )
        if options.email is None and not options.remove and options.language is None:
            _show(shop, [options.device] if options.device else shop.devices())
            return 0
        if options.device is None:
            raise ConfigurationError(
                "owner_device", "no device is named", f"earmark-backend owner {folder.path} --device ID ..."
            )
        if options.remove:
            _remove(shop, options.device)
        else:
            _set(shop, options)
    return 0


def after_admission(folder: ShopFolder, device_id: str) -> None:
    """Says who is told of the orders of a device that was just admitted, perhaps not for the first time."""
    with Shop.open(folder.database) as shop:
        told = any(one.device_id == device_id for one in shop.notices.owners())
    who = "the owner of before is" if told else "nobody is"
    print(
        f"{who} told of its orders: earmark-backend owner {folder.path} --device {device_id} --email ADDRESS"
    )


def mail(options: argparse.Namespace) -> int:
    """Sends until SIGTERM or SIGINT; or only tries to. Raises ConfigurationError, MailServerError."""
    if options.check:
        return _check(options.folder)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    mailer = Mailer(options.folder)
    with stopped_by_signal(mailer.stop):
        mailer.run()
    return 0


def _set(shop: Shop, options: argparse.Namespace) -> None:
    before = next((one for one in shop.notices.owners() if one.device_id == options.device), None)
    if options.email is None and before is None:
        raise ConfigurationError(
            "owner_unknown", f"nobody is told of {options.device} yet", "add --email ADDRESS"
        )
    email = before.email if options.email is None and before else mail_address(options.email, "owner_address")
    language = options.language or (before.language if before else "en")
    again = shop.notices.set_owner(Owner(options.device, email, language), now_s=int(time.time()))
    print(f"{email} is told of every order of {options.device} from now on, in {language}")
    if again:
        print(f"{again} that could not be told before: tried again")


def _remove(shop: Shop, device_id: str) -> None:
    dropped = shop.notices.remove_owner(device_id)
    if dropped is None:
        raise ConfigurationError("owner_unknown", f"nobody is told of {device_id}")
    print(f"nobody is told of the orders of {device_id} any more; {dropped} waiting mails dropped")


def _show(shop: Shop, device_ids: list[str]) -> None:
    owners = {one.device_id: one for one in shop.notices.owners()}
    for device_id in device_ids:
        told = owners.get(device_id)
        counts = shop.notices.counts(device_id)
        who = f"{told.email} ({told.language})" if told else "nobody is told"
        tally = ", ".join(f"{count} {state}" for state, count in counts.items())
        print(plain(f"{device_id}  {who}  {tally}"))
        for one in shop.notices.unsent(device_id):
            print(plain(f"  {one.order_id}  {one.state} after {one.attempts} attempts: {one.reason}"))
        for change in shop.key_notices.unsent(device_id):
            tried = f"{change.state} after {change.attempts} attempts: {change.reason}"
            print(plain(f"  key {change.kid}  {tried}"))


def _check(folder: ShopFolder) -> int:
    settings = checked_settings(folder)
    with MailSession(settings, folder.path) as session:
        secured, accepted = session.security, session.accepts_sender()
    if not accepted:
        raise ConfigurationError("mail_sender", f"{settings.host} takes no mail from {settings.sender}")
    print(f"{settings.host}:{settings.port} takes mail from {settings.sender} ({secured})")
    return 0
