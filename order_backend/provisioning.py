"""Founding a shop, admitting a device to it, and revoking one.

A device brings two certificate requests that it signed itself (TLS client key, signing key) and gets back a
client certificate and what it has to trust. No private key of a device is ever here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.committing.envelope import device_base
from agent.committing.jws import PublicJwk
from agent.committing.rotation import OLD_FOR_S, Purpose
from agent.committing.trust import MOST_KEYS, BrokerTrust, ShopKeys, TrustBundle
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend import certificates
from order_backend.authorities import issuing, signers, trusted_pem
from order_backend.folder import PURPOSES, ShopConfig, ShopFolder, alone, write_file
from order_backend.price_list import parse_price_list
from order_backend.replicas import revoked_services, write_replica
from order_backend.rotations import old_keys
from order_backend.shop import Shop


class Admission(NamedTuple):
    """What goes back to the device: its TLS client certificate (PEM) and the content of its trust.json."""

    certificate_pem: bytes
    trust: TrustBundle


def create_shop(
    path: Path,
    *,
    shop_name: str,
    environment: str,
    catalogue: Path,
    broker_host: str = "localhost",
    broker_port: int = 8883,
    database: str = "",
    now: datetime,
) -> ShopFolder:
    """Makes the authority, the broker's and the backend's certificates, the signing keys and an empty
    database.

    Raises ConfigurationError: shop_exists, shop_invalid, price_list_invalid.
    """
    folder = ShopFolder(path)
    if folder.config_file.exists():
        raise ConfigurationError("shop_exists", f"there is a shop in {path} already", "choose another folder")
    try:
        prices = catalogue.read_bytes()
    except OSError as error:
        raise ConfigurationError("price_list_invalid", f"cannot read {catalogue}") from error
    fields = {
        "shop_id": parse_price_list(prices).shop_id,
        "shop_name": shop_name,
        "environment": environment,
        "broker_host": broker_host,
        "broker_port": broker_port,
        "database": database,
    }
    try:
        config = msgspec.convert(fields, ShopConfig)
    except msgspec.ValidationError as error:
        raise ConfigurationError("shop_invalid", str(error)) from error

    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    write = partial(write_file, sync=False)  # `init` syncs all at once, at its end
    ca_key = certificates.new_key()
    ca = certificates.authority(f"{config.shop_id} authority", ca_key, now=now)
    write(folder.ca_key, certificates.private_pem(ca_key), private=True)
    write(folder.ca_certificate, certificates.certificate_pem(ca))
    hosts = dict.fromkeys([broker_host, "localhost", "127.0.0.1", "::1"])
    key = certificates.new_key()
    broker = certificates.server_certificate(hosts, key.public_key(), ca, ca_key, now=now)
    write(folder.broker_key, certificates.private_pem(key), private=True)
    write(folder.broker_certificate, certificates.certificate_pem(broker))
    first_replica = (folder.backend_certificate, folder.backend_key)
    write_replica(folder, config.backend_name, first_replica, (ca, ca_key), now=now, sync=False)
    for purpose in PURPOSES:
        write(
            folder.signing_key_file(purpose), certificates.private_pem(certificates.new_key()), private=True
        )
    write(folder.catalogue, prices)
    with Shop.open(config.database or path / "shop.db"):
        pass
    write(folder.config_file, msgspec.json.format(msgspec.json.encode(config), indent=1) + b"\n")
    write_revocations(folder, now=now, sync=False)
    return folder


def admit(
    folder: ShopFolder,
    device_id: str,
    requests_pem: bytes,
    *,
    now: datetime,
    old_key_stolen: bool = False,
) -> Admission:
    """Signs the device's client certificate and registers its signing key; a known device gets new ones. What
    its old key signed counts until every intent of that time is over and 48 h more, unless it was stolen.

    Raises TrustError: admission_device_id, admission_request (not two requests, another name, a signature
    that does not hold, a key that is not P-256, one key for both), admission_key_refused (of this device,
    and stolen or revoked before).
    """
    check_device_id(device_id, folder)
    client_key, signing_key = requested_keys(requests_pem, device_id)
    authority, config = issuing(folder), folder.config()
    days = config.device_certificate_days
    certificate = certificates.client_certificate(device_id, client_key, *authority, now=now, days=days)
    with Shop.open(folder.database) as shop:
        shop.register(
            device_id,
            certificates.jwk_of(signing_key),
            certificate_serial=certificate.serial_number,
            authority=authority.fingerprint,
            until_s=int(certificate.not_valid_after_utc.timestamp()),
            now_s=int(now.timestamp()),
            old_key_counts_s=0 if old_key_stolen else config.longest_lifetime_s + OLD_FOR_S,
        )
    return Admission(certificates.certificate_pem(certificate), trust_bundle(folder))


def trust_bundle(folder: ShopFolder) -> TrustBundle:
    """What every device of this shop pins: of keys that were rotated out, too, those whose signatures still
    count. The device learns their end with the rest of the chain."""
    config, now_s = folder.config(), time.time()

    def keys(purpose: Purpose) -> tuple[PublicJwk, ...]:
        old = [one for one in old_keys(folder, purpose) if one.until_s > now_s]
        old.sort(key=lambda one: one.until_s, reverse=True)
        return (folder.public_key(purpose), *(one.public for one in old[: MOST_KEYS - 1]))

    return TrustBundle(
        shop_id=config.shop_id,
        shop_name=config.shop_name,
        environment=config.environment,
        broker=BrokerTrust(config.broker_host, config.broker_port, trusted_pem(folder)),
        keys=ShopKeys(
            receipts=keys("receipts"),
            time=keys("time"),
            catalogue=keys("catalogue"),
            policy=keys("policy"),
            offers=keys("offers"),
        ),
        shop_agent=folder.public_key("agent"),
        payment_instrument=config.payment_instrument,
    )


def revoke(folder: ShopFolder, device_id: str, *, now: datetime) -> bool:
    """Refuses the device's intents from now on and lists its certificates as revoked; False where it is
    unknown. `revocation` tells the broker, and ends a live session."""
    with Shop.open(folder.database) as shop:
        known = shop.revoke(device_id)
    write_revocations(folder, now=now)
    return known


def write_revocations(
    folder: ShopFolder, *, also: Iterable[int] = (), now: datetime, sync: bool = True
) -> None:
    """The revocation lists, one of each authority, of everything that is revoked in the database, of order
    services, and `also`. Of two at once the one that writes last has read last."""
    with alone(folder.revocations_lock), Shop.open(folder.database) as shop:
        serials = [*shop.revoked_serials(), *revoked_services(folder), *also]
        lists = [certificates.revocation_list(serials, *one, now=now) for one in signers(folder)]
        write_file(folder.revocations, b"".join(lists), sync=sync)


def check_device_id(device_id: str, folder: ShopFolder) -> None:
    """Raises TrustError admission_device_id where no device may have that name: it makes no topic, or the
    shop's own clients have such names."""
    try:
        device_base(device_id)
    except ValueError as error:
        raise TrustError("admission_device_id", str(error)) from error
    if device_id == folder.config().backend_name or device_id.startswith("backend-"):
        raise TrustError("admission_device_id", f"{device_id!r} is reserved for the shop's own clients")


def requested_keys(
    requests_pem: bytes, device_id: str
) -> tuple[ec.EllipticCurvePublicKey, ec.EllipticCurvePublicKey]:
    """The TLS client key and the signing key that a device asks to have admitted. Raises TrustError
    admission_request."""
    end = b"-----END CERTIFICATE REQUEST-----"
    parts = [part + end for part in requests_pem.split(end) if part.strip()]
    if len(parts) != 2:
        raise TrustError("admission_request", f"{len(parts)} certificate requests; two are wanted")
    keys = [requested_key(part, device_id) for part in parts]
    if keys[0] == keys[1]:
        raise TrustError("admission_request", "one key for TLS and for signing; they must differ")
    return keys[0], keys[1]


def requested_key(request_pem: bytes, device_id: str) -> ec.EllipticCurvePublicKey:
    """The key of a certificate request that it signed itself, for that name. Raises TrustError
    admission_request."""
    try:
        request = x509.load_pem_x509_csr(request_pem)
        holds = request.is_signature_valid
        names = [str(name.value) for name in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        key = request.public_key()
    except (ValueError, InvalidSignature) as error:
        raise TrustError("admission_request", "not a certificate request") from error
    if not holds or names != [device_id]:
        raise TrustError("admission_request", f"a request is not signed by its key, or not for {device_id!r}")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TrustError("admission_request", "a key is not on P-256")
    return key
