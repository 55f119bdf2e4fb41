"""Which authorities may vouch for the broker, after the shop has named a successor of the pinned one.

A pure function of what is believed and of one signed statement. A statement is the whole list, so a device
that missed some needs the newest only. Lists never go back, twice over: their serial number only goes up, and
nothing comes in that is older than what is believed already, so not even a device that was just provisioned
takes an authority again that was dropped before.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from typing import Annotated, NamedTuple

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agent.committing import jws
from agent.committing.envelope import claims_of
from agent.committing.jws import PublicJwk
from agent.committing.mandates import UnixSeconds
from agent.plumbing.errors import TrustError

TYP = "earmark-authorities+jwt"
MOST = 4
Pem = Annotated[str, msgspec.Meta(max_length=2_000)]


class AuthoritiesClaims(msgspec.Struct, frozen=True, kw_only=True):
    """`authorities` (PEM, the oldest first) and no others vouch for the broker; the last one signs what is
    certified from now on. `serial` counts the lists of this shop, from 1."""

    iss: str
    env: str
    iat: UnixSeconds
    serial: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    authorities: Annotated[tuple[Pem, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class Believed(NamedTuple):
    """Those that are believed, the oldest first; `serial` is 0 while it is what was pinned."""

    serial: int
    authorities: tuple[x509.Certificate, ...]

    @property
    def pem(self) -> str:
        """All of them."""
        return "".join(map(pem_of, self.authorities))

    @property
    def signs(self) -> str:
        """The fingerprint of the one that certifies from now on."""
        return fingerprint(self.authorities[-1])


def pinned(ca_pem: str) -> Believed:
    """As provisioned. Raises TrustError tls_ca_unusable."""
    return Believed(0, tuple(sorted(parsed(ca_pem), key=_age)))


def follow(
    before: Believed, statement: str, keys: Iterable[PublicJwk], *, shop_id: str, environment: str
) -> Believed:
    """What is believed after `statement`, which one of `keys` has to have signed; `before` where it says
    nothing new.

    Raises TrustError: authorities_malformed, authorities_other_shop, authorities_environment,
    authorities_replayed (a list before the one that is believed), authorities_older (one comes in that was
    there before those that are believed), and what `jws.verify` raises.
    """
    claims = claims_of(jws.verify(statement, keys, typ=TYP), AuthoritiesClaims, "authorities_malformed")
    if claims.iss != shop_id:
        raise TrustError("authorities_other_shop", f"signed by {claims.iss[:64]!r}")
    if claims.env != environment:
        raise TrustError("authorities_environment", f"signed for {claims.env[:16]!r}, not {environment!r}")
    named = tuple(_authority(pem) for pem in claims.authorities)
    if any(_age(one) >= _age(other) for one, other in itertools.pairwise(named)):
        raise TrustError("authorities_malformed", "not the oldest first")
    if claims.serial == before.serial and named == before.authorities:
        return before
    if claims.serial <= before.serial:
        raise TrustError("authorities_replayed", f"list {claims.serial} after {before.serial}")
    newest = max(map(_age, before.authorities))
    if any(one not in before.authorities and _age(one) <= newest for one in named):
        raise TrustError("authorities_older", "names an authority that is older than what is believed")
    return Believed(claims.serial, named)


def parsed(ca_pem: str) -> list[x509.Certificate]:
    """Those in `ca_pem`. Raises TrustError tls_ca_unusable."""
    try:
        return x509.load_pem_x509_certificates(ca_pem.encode())
    except ValueError as error:
        raise TrustError(
            "tls_ca_unusable", "the pinned CA is no certificate", "earmark provision --help"
        ) from error


def fingerprint(authority: x509.Certificate) -> str:
    """SHA-256 of the certificate, hexadecimal."""
    return hashlib.sha256(authority.public_bytes(serialization.Encoding.DER)).hexdigest()


def pem_of(authority: x509.Certificate) -> str:
    """PEM."""
    return authority.public_bytes(serialization.Encoding.PEM).decode("ascii")


def issuer_of(certificate: x509.Certificate, among: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """Which of `among` has signed it."""
    return next((authority for authority in among if signed_by(certificate, authority)), None)


def signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether that authority has."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _authority(pem: str) -> x509.Certificate:
    try:
        [one] = x509.load_pem_x509_certificates(pem.encode())
        constraints = one.extensions.get_extension_for_class(x509.BasicConstraints).value
        key = one.public_key()
    except (ValueError, x509.ExtensionNotFound) as error:
        raise TrustError("authorities_malformed", "one is no certificate of an authority") from error
    is_p256 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    if not (constraints.ca and is_p256 and signed_by(one, one)):
        raise TrustError("authorities_malformed", "one is no authority of its own")
    return one


def _age(authority: x509.Certificate) -> float:
    return authority.not_valid_before_utc.timestamp()
