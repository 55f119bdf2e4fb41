"""`earmark-backend claim` and `earmark-backend enrol`: a code for a new device, and the door where it is
shown."""

from __future__ import annotations

import argparse
import logging
import time
from datetime import UTC, datetime

from agent.committing.claim_code import PORT, ClaimAnchor
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend.authorities import trusted_pem
from order_backend.enrolment import EnrolmentService
from order_backend.folder import ShopFolder
from order_backend.provisioning import check_device_id
from order_backend.shop import Shop
from order_backend.stop_signals import stopped_by_signal


def add_claim_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `claim`."""
    parser.add_argument("--device", metavar="ID", help="the device that is to come")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--hours", type=_hours, default=24, help="how long the code is good (default: 24)")
    change.add_argument(
        "--withdraw", action="store_true", help="the device's code is good for nothing any more"
    )
    parser.add_argument(
        "--replace", action="store_true", help="the device is known already, and is to get new keys"
    )
    parser.add_argument(
        "--old-key-stolen",
        action="store_true",
        help="with the code's use nothing that its keys before signed counts any more",
    )


def add_enrol_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `enrol`."""
    parser.add_argument("--address", default="127.0.0.1", help="where to listen; 0.0.0.0 is everywhere")
    parser.add_argument("--port", type=int, default=PORT)


def claim(options: argparse.Namespace) -> int:
    """Prints a new code, or shows which are open. Raises ConfigurationError: claim_device, claim_known,
    claim_none."""
    folder: ShopFolder = options.folder
    config, now_s = folder.config(), int(time.time())
    with Shop.open(folder.database) as shop:
        if options.device is None:
            for device_id, expires_s in shop.claims.open_ones(now_s).items():
                print(f"{device_id}  until {datetime.fromtimestamp(expires_s, UTC):%Y-%m-%d %H:%M}Z")
            return 0
        if options.withdraw:
            if not shop.claims.withdraw(options.device):
                raise ConfigurationError("claim_none", f"there is no code for {options.device!r}")
            print(f"the code for {options.device} is good for nothing any more")
            return 0
        try:
            check_device_id(options.device, folder)
        except TrustError as error:
            raise ConfigurationError("claim_device", error.detail) from error
        if shop.device(options.device) is not None and not options.replace:
            raise ConfigurationError(
                "claim_known",
                f"{options.device!r} was admitted already: whoever uses the code would take its place",
                "add --replace if that is meant, or choose another id",
            )
        anchor = ClaimAnchor(
            config.shop_id,
            config.shop_name,
            config.environment,
            options.device,
            trusted_pem(folder),
        )
        lifetime_s, stolen = options.hours * 3600, options.old_key_stolen
        code = shop.claims.make(anchor, now_s=now_s, lifetime_s=lifetime_s, old_key_stolen=stolen)
    print(f"code for {options.device}, good once and for {options.hours} h: {code.text}")
    print("It is shown here only. Whoever types it first orders on this shop's account.")
    print(f"at the device: earmark provision FOLDER --claim --shop {config.broker_host}:{PORT}")
    return 0


def enrol(options: argparse.Namespace) -> int:
    """Lets devices in by their codes until SIGTERM or SIGINT. Raises ConfigurationError enrol_address."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    service = EnrolmentService(options.folder, options.address, options.port)
    with stopped_by_signal(service.stop), service:
        print(f"enrolling on {options.address}:{service.port}", flush=True)
        service.wait()
    return 0


def _hours(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 24 * 30:
        raise ValueError(text)
    return number
