"""The shop's authorities: the one that there is, and while it is being replaced its successor beside it.

In ca/: ca.crt and ca.key is the present one, next.crt and next.key its successor, and old.crt and old.key one
that was just dropped, until the broker has been seen to refuse what it signs. What devices were told is in
authorities.json. How far a replacement has come is read off these files; nothing else notes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import uuid4

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agent.committing import jws
from agent.committing.authorities import TYP, AuthoritiesClaims, fingerprint, pem_of, signed_by
from agent.committing.envelope import AUTHORITIES, SignedData, encode_event, to_claims
from agent.plumbing.errors import ConfigurationError
from order_backend import certificates
from order_backend.folder import ShopFolder, read_json, write_file

Phase = Literal["alone", "made", "announced", "moved", "dropping"]
"""'alone': there is one. 'made': the successor is not announced yet. 'announced': devices take it up.
'moved': the broker and the order services show certificates of it. 'dropping': the old one goes."""


class Authority(NamedTuple):
    """A CA and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.certificate)


class Announced(msgspec.Struct, frozen=True):
    """The list (PEM, the oldest first) that devices are told; `serial` 0 where they never were told any."""

    serial: int = 0
    authorities: tuple[str, ...] = ()


def authority_of(folder: ShopFolder) -> Authority:
    """The present one. Raises ConfigurationError shop_invalid."""
    # The key is replaced first.
    return _pair(folder.ca_key, folder.ca_certificate, folder.next_certificate)


def dropped(folder: ShopFolder) -> Authority:
    """The one that counts no more, whose key is still here. Raises ConfigurationError shop_invalid."""
    return _pair(folder.old_key, folder.old_certificate)


def successor_of(folder: ShopFolder) -> Authority | None:
    """The one that is to follow, if there is one. Raises ConfigurationError shop_invalid."""
    certificate = _certificate(folder.next_certificate)
    if certificate is None or certificate == _certificate(folder.ca_certificate):
        return None
    return Authority(certificate, _key(folder.next_key))


def issuing(folder: ShopFolder, *, known: int | None = None) -> Authority:
    """The one that certifies now: the successor once it was announced, for whoever believes that list or one
    after it (`known`; None: for whoever gets the shop's trust with the certificate)."""
    following, said = successor_of(folder), announced(folder)
    is_announced = following is not None and pem_of(following.certificate) in said.authorities
    if following is not None and is_announced and (known is None or known >= said.serial):
        return following
    return authority_of(folder)


def trusted(folder: ShopFolder) -> list[x509.Certificate]:
    """Those whose certificates count, the oldest first."""
    found = [_certificate(path) for path in (folder.ca_certificate, folder.next_certificate)]
    if found[0] is None:
        raise ConfigurationError("shop_invalid", f"cannot read {folder.ca_certificate}")
    return [one for one in dict.fromkeys(found) if one is not None]


def trusted_pem(folder: ShopFolder) -> str:
    """The same in PEM."""
    return "".join(map(pem_of, trusted(folder)))


def write_trusted(folder: ShopFolder) -> Path:
    """The same as a file for the broker, which reads it when it starts or reloads."""
    write_file(folder.trusted, trusted_pem(folder).encode())
    return folder.trusted


def signers(folder: ShopFolder) -> list[Authority]:
    """Those of `trusted` whose key is here: each signs a revocation list of its own."""
    found = []
    keys = [_key(path) for path in (folder.ca_key, folder.next_key, folder.old_key) if path.exists()]
    for certificate in trusted(folder):
        key = next((key for key in keys if key.public_key() == certificate.public_key()), None)
        if key is not None:
            found.append(Authority(certificate, key))
    return found


def phase(folder: ShopFolder) -> Phase:
    """How far a replacement has come."""
    following, said = successor_of(folder), announced(folder)
    if following is None:
        present = pem_of(trusted(folder)[-1])
        half_done = folder.old_certificate.exists() or folder.next_certificate.exists()
        return "dropping" if half_done or said.authorities not in ((), (present,)) else "alone"
    if authority_of(folder).certificate == following.certificate:
        return "dropping"
    if pem_of(following.certificate) not in said.authorities:
        return "made"
    shown = [folder.broker_certificate, *(folder.replica_files(name)[0] for name in folder.replicas())]
    moved = all(is_of(path, following) for path in shown)
    return "moved" if moved else "announced"


def is_of(path: Path, authority: Authority) -> bool:
    """Whether the certificate in `path` was signed by it."""
    certificate = _certificate(path)
    return certificate is not None and signed_by(certificate, authority.certificate)


def make_successor(folder: ShopFolder, *, now: datetime) -> Authority:
    """Where there is none; the same again where it was cut short. Under a name of its own, since OpenSSL
    finds an authority and its list by name; and younger than the one before: devices go by that."""
    if not folder.next_key.exists():
        write_file(folder.next_key, certificates.private_pem(certificates.new_key()), private=True)
    key, present = _key(folder.next_key), authority_of(folder).certificate
    if _certificate(folder.next_certificate) is None:
        short = certificates.jwk_of(key.public_key()).kid[:8]
        earliest = present.not_valid_before_utc + certificates.BEFORE + timedelta(seconds=1)
        name = f"{folder.config().shop_id[:40]} authority {short}"
        made = certificates.authority(name, key, now=max(now, earliest))
        write_file(folder.next_certificate, certificates.certificate_pem(made))
    found = successor_of(folder)
    if found is None:
        raise ConfigurationError("shop_invalid", f"{folder.next_certificate} is the present authority")
    return found


def announced(folder: ShopFolder) -> Announced:
    """Raises ConfigurationError shop_invalid."""
    return read_json(folder.announced_authorities, Announced, Announced())


def announce(folder: ShopFolder, authorities: list[x509.Certificate]) -> Announced:
    """Has the order services tell all devices that these are the ones, and no others. The same again is no
    new list."""
    before, pems = announced(folder), tuple(map(pem_of, authorities))
    if before.authorities == pems:
        return before
    said = Announced(before.serial + 1, pems)
    write_file(folder.announced_authorities, msgspec.json.encode(said))
    return said


def announcement(folder: ShopFolder, *, now_s: int) -> bytes:
    """For b/SHOP/authorities, retained, signed with the key for `policy`; b'' where nothing is to be told."""
    said, config = announced(folder), folder.config()
    if not said.serial:
        return b""
    claims = AuthoritiesClaims(
        iss=config.shop_id,
        env=config.environment,
        iat=now_s,
        serial=said.serial,
        authorities=said.authorities,
    )
    signed = jws.sign(to_claims(claims), folder.signing_key("policy"), typ=TYP)
    return encode_event(AUTHORITIES, id_=uuid4(), source=config.shop_id, now_s=now_s, data=SignedData(signed))


def _pair(key_file: Path, *certificate_files: Path) -> Authority:
    """The key with the first of the certificates that is its own."""
    key = _key(key_file)
    for path in certificate_files:
        if (certificate := _certificate(path)) is not None and certificate.public_key() == key.public_key():
            return Authority(certificate, key)
    raise ConfigurationError("shop_invalid", f"{key_file} and {certificate_files[0]} are no pair")


def _certificate(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigurationError("shop_invalid", f"{path}: {error}") from error


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise ConfigurationError("shop_invalid", f"cannot read {path}: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigurationError("shop_invalid", f"{path} is not an EC key")
    return key
