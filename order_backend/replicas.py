"""The order services of a shop: a key and a certificate each, and the list of all that they ever had, by
which they can be revoked."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from agent.plumbing.errors import ConfigurationError
from order_backend import certificates
from order_backend.authorities import Authority, issuing
from order_backend.folder import ShopFolder, alone, read_json, write_file

REPLICA_NAME = re.compile(r"backend-[A-Za-z0-9][A-Za-z0-9._-]{0,55}")
"""Of an order service: no device is admitted under one."""


def add_replica(folder: ShopFolder, name: str, *, now: datetime) -> None:
    """A key and a certificate for one more order service, or new ones for one that there is.

    Raises ConfigurationError replica_name.
    """
    if not REPLICA_NAME.fullmatch(name):
        raise ConfigurationError("replica_name", f"{name!r} is no name for an order service", "backend-2")
    write_replica(folder, name, folder.replica_files(name), issuing(folder), now=now)


def certify_replica(folder: ShopFolder, name: str, authority: Authority, *, now: datetime) -> None:
    """A certificate of `authority` for the key that the order service has."""
    path = folder.replica_files(name)[0]
    with alone(folder.services_lock):
        key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ConfigurationError("shop_invalid", f"{path} is of no EC key")
        certificate = certificates.client_certificate(name, key, *authority, now=now)
        _note_service(folder, name, certificate)
        write_file(path, certificates.certificate_pem(certificate))


def forget_replica(folder: ShopFolder, name: str) -> bool:
    """Removes its key and certificate and notes all it ever had as revoked; False where it had none."""
    with alone(folder.services_lock):
        services = _services(folder)
        files = folder.replica_files(name)
        if files[0].exists():  # of a release that did not note them
            serial = x509.load_pem_x509_certificate(files[0].read_bytes()).serial_number
            services.serials.setdefault(name, set()).add(str(serial))
        if name not in services.serials:
            return False
        services.revoked.update(services.serials.pop(name))
        write_file(folder.service_certificates, msgspec.json.encode(services))
        for path in files:
            path.unlink(missing_ok=True)
    return True


class _Services(msgspec.Struct):
    """The serial numbers of the order services' certificates: by name, and those that are revoked."""

    serials: dict[str, set[str]] = {}
    revoked: set[str] = set()


def revoked_services(folder: ShopFolder) -> list[int]:
    """The serial numbers of their certificates that are revoked."""
    return sorted(map(int, _services(folder).revoked))


def _services(folder: ShopFolder) -> _Services:
    return read_json(folder.service_certificates, _Services, _Services())


def write_replica(
    folder: ShopFolder,
    name: str,
    files: tuple[Path, Path],
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    *,
    now: datetime,
    sync: bool = True,
) -> None:
    """A new key and its certificate in `files`; on disk when this returns unless `sync` is False."""
    key = certificates.new_key()
    certificate = certificates.client_certificate(name, key.public_key(), *authority, now=now)
    with alone(folder.services_lock):  # of two that are made under one name, key and certificate are of one
        _note_service(folder, name, certificate, sync=sync)
        write_file(files[1], certificates.private_pem(key), private=True, sync=sync)
        write_file(files[0], certificates.certificate_pem(certificate), sync=sync)


def _note_service(folder: ShopFolder, name: str, certificate: x509.Certificate, *, sync: bool = True) -> None:
    """Alone with the list, and before anybody has the certificate: what was issued and not noted could never
    be revoked."""
    services = _services(folder)
    services.serials.setdefault(name, set()).add(str(certificate.serial_number))
    write_file(folder.service_certificates, msgspec.json.encode(services), sync=sync)
