"""How the shop's authority is replaced: begin, move, drop. Each may be given again: it goes on where it was
cut short, and does nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from agent.committing.authorities import pem_of
from agent.committing.tls import probe_broker
from agent.plumbing.errors import ConfigurationError
from order_backend import certificates
from order_backend.authorities import (
    Announced,
    Authority,
    announce,
    announced,
    authority_of,
    dropped,
    is_of,
    make_successor,
    phase,
    successor_of,
    trusted,
    trusted_pem,
    write_trusted,
)
from order_backend.broker import ask_for_restart, reload_broker
from order_backend.certificate_book import Standing
from order_backend.folder import ShopFolder, write_file
from order_backend.provisioning import write_revocations
from order_backend.replicas import certify_replica
from order_backend.revocation import short_lived_context
from order_backend.shop import Shop

_PATIENCE_S = 15.0
_STEP_S = 0.2
_PROBE = "authority-probe"
"""The name in certificates that only find out whom the broker believes: nothing is said with them."""
_AGAIN = "then give this command again"


class DevicesWait(ConfigurationError):
    """The step would cut these devices off."""

    def __init__(self, code: str, detail: str, standings: list[Standing]) -> None:
        super().__init__(code, detail, "wait for them, admit them anew, or --force: docs/provisioning.md")
        self.standings = standings


def begin(folder: ShopFolder, *, port: int = 0, now: datetime) -> Announced:
    """Makes the successor, has the broker believe it beside the present one, and devices told.

    Raises ConfigurationError: shop_missing, shop_invalid, authority_unfinished (one before is still being
    dropped), authority_broker.
    """
    if phase(folder) == "dropping":
        raise ConfigurationError(
            "authority_unfinished",
            "the one before is still being dropped",
            f"earmark-backend authority {folder.path} drop",
        )
    following = make_successor(folder, now=now)
    write_trusted(folder)
    write_revocations(folder, now=now)
    reload_broker(folder)
    if wrong := _waited_in_vain(folder, port, following, _takes):
        raise ConfigurationError(
            "authority_broker",
            f"the broker does not believe the successor yet ({wrong}), so nobody was told of it",
            f"start it, or take {folder.trusted} and {folder.revocations} to it and restart it; {_AGAIN}",
        )
    return announce(folder, trusted(folder))


def move(folder: ShopFolder, *, force: bool = False, port: int = 0, now: datetime) -> None:
    """Gives the broker and the order services certificates of the successor, for the keys that they have.

    Raises ConfigurationError: shop_missing, shop_invalid, authority_alone (there is no successor, or nobody
    was told of it), authority_broker, and DevicesWait authority_unknown.
    """
    following = _following(folder)
    serial = announced(folder).serial
    waiting = [one for one in standings(folder, now) if one.knows < serial]
    if waiting and not force:
        raise DevicesWait(
            "authority_unknown", f"{len(waiting)} devices would not know the broker any more", waiting
        )
    write_file(folder.broker_certificate, _reissued(folder.broker_certificate, following, now=now))
    for name in folder.replicas():
        if not is_of(folder.replica_files(name)[0], following):
            certify_replica(folder, name, following, now=now)
    reload_broker(folder)
    only = pem_of(following.certificate)
    if wrong := _waited_in_vain(folder, port, following, _takes, ca_pem=only):
        raise ConfigurationError(
            "authority_broker",
            f"the broker does not show its new certificate yet ({wrong})",
            f"take {folder.broker_certificate} to it and have it read it (SIGHUP); {_AGAIN}",
        )


def drop(folder: ShopFolder, *, force: bool = False, port: int = 0, now: datetime) -> Announced:
    """From now on only the successor counts: nothing that the one before has signed lets anybody connect.

    Raises ConfigurationError: shop_missing, shop_invalid, authority_alone, authority_unmoved,
    authority_broker, and DevicesWait authority_held.
    """
    if phase(folder) != "dropping":
        following = _following(folder)
        if phase(folder) != "moved":
            raise ConfigurationError(
                "authority_unmoved",
                "the broker shows the old one's certificate",
                f"earmark-backend authority {folder.path} move",
            )
        waiting = [one for one in standings(folder, now) if not one.connects_by(following.fingerprint)]
        if waiting and not force:
            raise DevicesWait("authority_held", f"{len(waiting)} devices would be cut off", waiting)
        write_file(folder.old_certificate, folder.ca_certificate.read_bytes())
        write_file(folder.old_key, folder.ca_key.read_bytes(), private=True)
    _replace(folder)
    said = announce(folder, trusted(folder))
    write_trusted(folder)
    write_revocations(folder, now=now)
    if folder.old_key.exists():
        ask_for_restart(folder)
        if wrong := _still_taken(folder, port, dropped(folder)):
            raise ConfigurationError(
                "authority_broker",
                f"that the broker refuses what the old one has signed was not seen ({wrong})",
                f"take {folder.trusted} and {folder.revocations} to it and restart it; {_AGAIN}",
            )
        folder.old_key.unlink()
    folder.old_certificate.unlink(missing_ok=True)
    return said


def standings(folder: ShopFolder, now: datetime) -> list[Standing]:
    """All devices that may connect now, and by what."""
    with Shop.open(folder.database) as shop:
        return shop.certificates.standings(int(now.timestamp()))


def _following(folder: ShopFolder) -> Authority:
    following = successor_of(folder)
    if following is None or phase(folder) == "made":
        raise ConfigurationError(
            "authority_alone",
            "no successor was announced to the devices",
            f"earmark-backend authority {folder.path} begin",
        )
    return following


def _replace(folder: ShopFolder) -> None:
    """The key first: whoever finds it replaced takes the certificate that belongs to it."""
    if folder.next_key.exists():
        write_file(folder.ca_key, folder.next_key.read_bytes(), private=True)
        write_file(folder.ca_certificate, folder.next_certificate.read_bytes())
        folder.next_key.unlink()  # before the certificate: a key that is left would be the next successor's
    folder.next_certificate.unlink(missing_ok=True)


def _reissued(path: Path, authority: Authority, *, now: datetime) -> bytes:
    """A certificate for the same key and hosts as that of the broker in `path`."""
    before = x509.load_pem_x509_certificate(path.read_bytes())
    key, names = before.public_key(), before.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ConfigurationError("shop_invalid", f"{path} is of no EC key")
    hosts = [str(name.value) for name in names.value]
    return certificates.certificate_pem(certificates.server_certificate(hosts, key, *authority, now=now))


def _waited_in_vain(
    folder: ShopFolder, port: int, authority: Authority, holds: Callable[[str], bool], *, ca_pem: str = ""
) -> str:
    """'' once the broker answers so to a certificate of `authority`; else what it answered last. It is its
    word that counts, not that it was told: so it may be any broker, also one that cannot be signalled."""
    config = folder.config()
    context, _ = short_lived_context(_PROBE, authority, ca_pem or trusted_pem(folder))
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        code = probe_broker(config.broker_host, port or config.broker_port, context)
        if holds(code):
            return ""
        if time.monotonic() > deadline:
            return code or "it takes it"
        time.sleep(_STEP_S)


def _still_taken(folder: ShopFolder, port: int, old: Authority) -> str:
    """'' once the broker refuses what `old` has signed. One that hangs up because it is restarted looks the
    same, so it has to take what the present one has signed, and refuse the other once more."""
    tries = ((old, _refuses), (authority_of(folder), _takes), (old, _refuses))
    return next((wrong for one, holds in tries if (wrong := _waited_in_vain(folder, port, one, holds))), "")


def _takes(code: str) -> bool:
    return code == ""


def _refuses(code: str) -> bool:
    return code in ("tls_client_refused", "tls_client_revoked")
