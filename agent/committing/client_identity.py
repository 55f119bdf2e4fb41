"""The key pairs that this device shows the broker: the one of its provisioning, and those that came after.

Each renewed pair is one file, key and certificate together, in a folder that only `uplink` writes to. The
newest is shown; where the broker refuses it, the one before; and an older one of that folder goes only after
a newer one has connected. So whatever a crash leaves there, the device connects with.
"""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.committing.authorities import fingerprint, issuer_of, parsed
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY, read_private
from agent.committing.tls import client_context
from agent.plumbing import audit, durable
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import ClientCertificate

FOLDER = "uplink"
"""Under state_dir."""
_PENDING = "pending.key"
_PAIRS = "client-*.pem"


class ClientPair(NamedTuple):
    """Where certificate and key stand, and from when until when they are good (Unix seconds)."""

    certificate: Path
    key: Path
    not_before_s: int
    not_after_s: int
    serial: int


class ClientIdentity:
    """Used from one thread."""

    def __init__(self, keys_dir: Path, state_dir: Path, device_id: str, ca_pem: str) -> None:
        """Raises TrustError: key_missing, key_readable_by_others, tls_client_unusable."""
        self._device_id, self._ca_pem = device_id, ca_pem
        self._folder = state_dir / FOLDER
        with contextlib.suppress(OSError):
            for unfinished in self._folder.glob(".*.new"):
                unfinished.unlink()
        self._pairs = client_pairs(keys_dir, state_dir)
        self._at = 0

    @property
    def pair(self) -> ClientPair:
        """The one that is shown."""
        return self._pairs[self._at]

    def context(self) -> ssl.SSLContext:
        """TLS with `pair`. Raises TrustError: tls_ca_unusable, tls_client_unusable."""
        return client_context(self._ca_pem, self.pair.certificate, self.pair.key)

    def believe(self, ca_pem: str) -> bool:
        """These authorities (PEM) and no others vouch for the broker, and certify, from now on; whether one
        of before is not among them. Raises TrustError tls_ca_unusable."""
        before, now = parsed(self._ca_pem), parsed(ca_pem)
        self._ca_pem = ca_pem
        return any(one not in now for one in before)

    def shown(self) -> ClientCertificate:
        """What there is to be said of `pair`."""
        pair = self.pair
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        authority = issuer_of(certificate, parsed(self._ca_pem))
        named = fingerprint(authority) if authority is not None else ""
        return ClientCertificate(pair.not_before_s, pair.not_after_s, f"{pair.serial:x}", named)

    def refused(self) -> bool:
        """The broker would not have `pair`: another one is shown from now on, if there is one."""
        self._at = (self._at + 1) % len(self._pairs)
        return len(self._pairs) > 1

    def connected(self) -> None:
        """The broker took `pair`: what was there before it, in this folder, is not needed any more."""
        for old in self._pairs[self._at + 1 :]:
            if old.certificate.parent == self._folder:
                old.certificate.unlink(missing_ok=True)
        self._pairs = [pair for pair in self._pairs if pair.certificate.exists()]

    def request(self) -> bytes:
        """A certificate request (PEM) for a new key, which is on disk when this returns.

        Raises TrustError renewal_unwritable.
        """
        key = self._pending_key()
        if key is None or any(_is_of(pair, key) for pair in self._pairs):
            key = ec.generate_private_key(ec.SECP256R1())
            self._write(self._folder / _PENDING, _pem(key))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._device_id)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM)

    def accept(self, pem: bytes) -> None:
        """Takes the certificate for the requested key; it is shown from now on.

        Raises TrustError: renewal_certificate (none, not of this shop's authority, for another key or name,
        or no better than what there is), renewal_unwritable.
        """
        key, refused = self._pending_key(), "renewal_certificate"
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        except ValueError as error:
            raise TrustError(refused, "not a certificate") from error
        if [str(name.value) for name in names] != [self._device_id]:
            raise TrustError(refused, "for another device")
        if key is None or certificate.public_key() != key.public_key():
            raise TrustError(refused, "for another key than was asked for")
        authority = issuer_of(certificate, parsed(self._ca_pem))
        if authority is None:
            raise TrustError(refused, "of no authority that is believed")
        is_other = fingerprint(authority) != self.shown().authority
        if not is_other and certificate.not_valid_after_utc.timestamp() <= self.pair.not_after_s:
            raise TrustError(refused, "ends no later than the one in use")
        name = f"client-{int(certificate.not_valid_before_utc.timestamp())}-{certificate.serial_number:x}.pem"
        self._write(self._folder / name, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        (self._folder / _PENDING).unlink(missing_ok=True)
        self._pairs, self._at = [_pair(self._folder / name, self._folder / name), *self._pairs], 0

    def _pending_key(self) -> ec.EllipticCurvePrivateKey | None:
        try:
            key = serialization.load_pem_private_key((self._folder / _PENDING).read_bytes(), password=None)
        except (OSError, ValueError):
            return None
        return key if isinstance(key, ec.EllipticCurvePrivateKey) else None

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        try:
            durable.write(path, content, mode=0o600)
        except OSError as error:
            raise TrustError("renewal_unwritable", f"{path}: {error.strerror}") from error


def client_pairs(keys_dir: Path, state_dir: Path) -> list[ClientPair]:
    """All there are, the newest first. Raises TrustError: key_missing, key_readable_by_others,
    tls_client_unusable."""
    certificate, key = keys_dir / MQTT_CERTIFICATE, keys_dir / MQTT_KEY
    read_private(key)  # only for its check that nobody else can read it
    pairs = [_pair(certificate, key)]
    for path in (state_dir / FOLDER).glob(_PAIRS):
        try:
            read_private(path)
            pairs.append(_pair(path, path))
        except TrustError as error:
            audit.log(error.code, detail=error.detail)
    return sorted(pairs, key=lambda pair: (pair.not_before_s, pair.not_after_s), reverse=True)


def _pair(certificate: Path, key: Path) -> ClientPair:
    try:
        content = certificate.read_bytes()
        read = x509.load_pem_x509_certificate(content)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key)  # they belong together
    except (OSError, ValueError, ssl.SSLError) as error:
        raise TrustError(
            "tls_client_unusable", f"cannot use {certificate} with {key}: {error}", "earmark provision --help"
        ) from error
    return ClientPair(
        certificate,
        key,
        int(read.not_valid_before_utc.timestamp()),
        int(read.not_valid_after_utc.timestamp()),
        read.serial_number,
    )


def _is_of(pair: ClientPair, key: ec.EllipticCurvePrivateKey) -> bool:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes()).public_key() == key.public_key()


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
