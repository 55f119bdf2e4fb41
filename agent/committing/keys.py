"""The device's keys: one that signs mandates (till) and one that opens TLS (uplink), in different places.

Both are made on the device and never leave it; what leaves is a certificate request for each. The signing
key is a file here; `agent.committing.key_stores` knows the other places that it may be kept in.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.envelope import device_base, to_claims
from agent.committing.jws import PublicJwk, Signer
from agent.committing.key_request import RequestKey, certificate_request
from agent.committing.mandates import Mandate
from agent.committing.statements import KeyProofClaims, Statement, StatementClaims
from agent.plumbing import durable
from agent.plumbing.errors import TrustError

SIGNING_KEY = "signing.pem"
"""Under keys_dir; only `till` may read it."""
MQTT_KEY = "mqtt.key"
"""Under keys_dir; only `uplink` may read it."""
MQTT_CERTIFICATE = "mqtt.crt"


class KeyStore(Protocol):
    """Holds the signing key. It signs mandates and statements, which it can read, and never bytes that
    somebody hands it."""

    @property
    def device_kid(self) -> str:
        """RFC 7638 thumbprint of the signing key."""
        ...

    def public_jwk(self) -> PublicJwk:
        """The public half, as the shop registers it."""
        ...

    def sign(self, what: Mandate | Statement) -> str:
        """A mandate as an SD-JWT, a statement as a JWS with its own `typ` (both ES256)."""
        ...


class TypedSigner:
    """A `KeyStore` over a key wherever it is kept. What it signs it has read: never bytes."""

    def __init__(self, key: ECKey | Signer) -> None:
        self._key = key
        self._public = jws.public_jwk(key) if isinstance(key, ECKey) else key.public

    @property
    def device_kid(self) -> str:
        return self._public.kid

    def public_jwk(self) -> PublicJwk:
        return self._public

    def sign(self, what: Mandate | Statement | KeyProofClaims) -> str:
        if isinstance(what, StatementClaims | KeyProofClaims):
            return jws.sign(to_claims(what), self._key, typ=what.typ)
        return sd_jwt.issue(to_claims(what), self._key)

    def certificate_request(self, device_id: str) -> bytes:
        """A request (PKCS #10, PEM) for that name, which shows the shop that this key is here."""
        if not isinstance(self._key, ECKey):
            return certificate_request(RequestKey(self._key), device_id)
        key = self._key.private_key
        assert key is not None  # noqa: S101  (imported as one)
        return certificate_request(key, device_id)

    def close(self) -> None:
        """Gives up the token or the chip, for another opening of it in this process."""
        if not isinstance(self._key, ECKey):
            self._key.close()


class FileKeyStore(TypedSigner):
    """A `KeyStore` over an owner-only PEM file."""

    def __init__(self, pem: bytes) -> None:
        super().__init__(jws.import_private_key(pem))

    @staticmethod
    def create(keys_dir: Path, name: str = SIGNING_KEY) -> FileKeyStore:
        """Makes the signing key. Raises TrustError key_exists rather than overwrite one."""
        pem = _private_pem(ec.generate_private_key(ec.SECP256R1()))
        write_private(keys_dir / name, pem)
        return FileKeyStore(pem)

    @staticmethod
    def load(keys_dir: Path, name: str = SIGNING_KEY) -> FileKeyStore:
        """Raises TrustError: key_missing, key_readable_by_others, key_unusable."""
        return FileKeyStore(read_private(keys_dir / name))


def create_device_keys(
    keys_dir: Path, device_id: str, make_signing_key: Callable[[], Signer] | None = None
) -> bytes:
    """Makes both keys and returns two PEM certificate requests (PKCS #10): first TLS client, then signing
    key. `make_signing_key` makes the latter elsewhere than in a file.

    Each request is signed by the key it names, so the shop sees proof of possession of both. Raises
    TrustError key_exists and what `make_signing_key` raises, ValueError for a device id that could not be a
    certificate's CN.
    """
    device_base(device_id)
    mqtt = ec.generate_private_key(ec.SECP256R1())
    signing: ec.EllipticCurvePrivateKey
    if make_signing_key is None:
        signing = ec.generate_private_key(ec.SECP256R1())
        write_private(keys_dir / SIGNING_KEY, _private_pem(signing))
    else:
        signing = RequestKey(make_signing_key())
    write_private(keys_dir / MQTT_KEY, _private_pem(mqtt))
    made = [certificate_request(key, device_id) for key in (mqtt, signing)]
    if isinstance(signing, RequestKey):
        signing.close()
    return b"".join(made)


def store_client_certificate(keys_dir: Path, pem: bytes) -> None:
    """Puts the certificate that the shop returned beside the TLS client key."""
    durable.write(keys_dir / MQTT_CERTIFICATE, pem)


def write_private(path: Path, content: bytes) -> None:
    """Writes an owner-only file in an owner-only folder, flushed to disk. Raises TrustError key_exists."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise TrustError("key_exists", f"{path} is there already", "move it away first") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_private(path: Path) -> bytes:
    """Raises TrustError: key_missing, key_readable_by_others (any right for group or others)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise TrustError(
            "key_missing", f"cannot open {path}: {error.strerror}", "earmark provision --help"
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        mode = stat.S_IMODE(status.st_mode)
        if mode & (0o037 if _granted_by_root(status) else 0o077):
            raise TrustError("key_readable_by_others", f"{path} has mode {mode:04o}", f"chmod 600 {path}")
        return file.read()


def _granted_by_root(status: os.stat_result) -> bool:
    """A systemd credential: a file of root that an access list opens to one user. Its mode then shows 0440,
    for the group bits are the list's mask (acl(5)).
    """
    return status.st_uid == 0 and status.st_gid == 0 and os.geteuid() != 0


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
