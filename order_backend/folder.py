"""The shop's folder: where its certificates, keys, price list and database stand, and its few settings."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.jws import PublicJwk
from agent.committing.mandates import Merchant, PaymentInstrument
from agent.committing.trust import Environment
from agent.plumbing import durable
from agent.plumbing.errors import ConfigurationError
from order_backend.mail_settings import MailSettings

T = TypeVar("T")

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

NonNegative = Annotated[int, msgspec.Meta(ge=0)]

PURPOSES = ("receipts", "time", "catalogue", "policy", "offers", "agent")
"""What the shop signs with a key of its own each; 'agent' closes mandates."""


class ShopConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`shop.json`. `delivery_business_days` is from order to doorstep; `longest_lifetime_s` is the longest
    time that an intent may have been under way; without `mail` no owner is told of orders. `database` is
    empty for SQLite's shop.db in the folder, or the URL of a PostgreSQL database. As long as
    `same_basket_hold_s` after an order, the same basket is not taken from the same account again (0: always
    taken). No more than `messages_per_second` of a device are looked at (0: all)."""

    shop_id: Identifier
    shop_name: str
    environment: Environment
    broker_host: str = "localhost"
    broker_port: int = 8883
    backend_name: Identifier = "backend-1"
    payment_instrument: PaymentInstrument = PaymentInstrument("account-on-file", "shop_account")
    delivery_business_days: int = 2
    longest_lifetime_s: int = 7 * 24 * 3600
    mail: MailSettings | None = None
    same_basket_hold_s: NonNegative = 0
    messages_per_second: NonNegative = 50
    device_certificate_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 365
    database: Annotated[str, msgspec.Meta(pattern=r"^(postgresql://.*)?$")] = ""

    @property
    def merchant(self) -> Merchant:
        return Merchant(self.shop_id, self.shop_name)


class ShopFolder:
    """Names in one place. Everything in it is the shop's; nothing is shared with a device."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "shop.json"
        self.catalogue = path / "catalogue.json"
        self.ca_certificate = path / "ca" / "ca.crt"
        self.ca_key = path / "ca" / "ca.key"
        self.next_certificate = path / "ca" / "next.crt"
        self.next_key = path / "ca" / "next.key"
        self.old_certificate = path / "ca" / "old.crt"
        self.old_key = path / "ca" / "old.key"
        self.trusted = path / "ca" / "trusted.crt"
        self.announced_authorities = path / "ca" / "authorities.json"
        self.revocations = path / "ca" / "revoked.crl"
        self.revocations_lock = path / "revoked.lock"
        self.service_certificates = path / "ca" / "services.json"
        self.services_lock = path / "services.lock"
        self.rotations = path / "keys" / "rotations.json"
        self.rotations_lock = path / "rotations.lock"
        self.authority_lock = path / "authority.lock"
        self.mail_lock = path / "mail.lock"
        self.broker = path / "broker"
        self.broker_certificate = path / "broker" / "broker.crt"
        self.broker_key = path / "broker" / "broker.key"
        self.backend = path / "backend"
        self.backend_certificate = self.backend / "backend.crt"
        self.backend_key = self.backend / "backend.key"

    def signing_key_file(self, purpose: str) -> Path:
        return self.path / "keys" / f"{purpose}.pem"

    @property
    def database(self) -> Path | str:
        """What `Shop.open` takes. Raises ConfigurationError shop_missing, shop_invalid."""
        return self.config().database or self.path / "shop.db"

    def replica_files(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of one order service."""
        if name == self.config().backend_name:
            return self.backend_certificate, self.backend_key
        return self.backend / f"{name}.crt", self.backend / f"{name}.key"

    def replicas(self) -> list[str]:
        """The names of all order services that have a certificate, the first one first."""
        others = {path.stem for path in self.backend.glob("*.crt")} - {self.backend_certificate.stem}
        return [self.config().backend_name, *sorted(others)]

    def config(self) -> ShopConfig:
        """Raises ConfigurationError shop_missing, shop_invalid."""
        try:
            return msgspec.json.decode(self.config_file.read_bytes(), type=ShopConfig)
        except OSError as error:
            raise ConfigurationError(
                "shop_missing", f"no shop in {self.path}", f"earmark-backend init {self.path} --help"
            ) from error
        except msgspec.DecodeError as error:
            raise ConfigurationError("shop_invalid", f"{self.config_file}: {error}") from error

    def signing_key(self, purpose: str) -> ECKey:
        """The shop's private key for one purpose. Raises ConfigurationError shop_key_missing."""
        try:
            return jws.import_private_key(self.signing_key_file(purpose).read_bytes())
        except OSError as error:
            raise ConfigurationError("shop_key_missing", f"no key for {purpose} in {self.path}") from error

    def public_key(self, purpose: str) -> PublicJwk:
        """The public half of `signing_key`."""
        return jws.public_jwk(self.signing_key(purpose))


def read_json(path: Path, type_: type[T], otherwise: T) -> T:
    """What stands in one of the folder's files; `otherwise` where there is none. Raises ConfigurationError
    shop_invalid."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except FileNotFoundError:
        return otherwise
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError("shop_invalid", f"{path}: {error}") from error


def write_file(path: Path, content: bytes, *, private: bool = False, sync: bool = True) -> None:
    """Replaces `path` at once, on disk when this returns unless `sync` is False; owner-only where it is
    `private`. Of several processes that write it at once each does so whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(descriptor)
        temporary.replace(path)
        if sync:
            durable.flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Others of this machine that want to be alone with `path` wait, as this one does for them. Raises
    OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def claim(path: Path) -> int | None:
    """A descriptor that keeps every other process of this machine from claiming `path` until it is closed or
    this process ends; None where another has it. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
