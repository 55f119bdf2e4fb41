"""Compact JWS with ES256 and nothing else (RFC 7515, RFC 7518), over joserfc.

Every signature names its key (`kid`) and its kind (`typ`), so that one kind of signed thing never passes
for another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from agent.plumbing.errors import TrustError

ALGORITHM = "ES256"
MOST_KEYS = 256
"""So many imported keys are remembered: importing one costs as much as verifying with it."""
Coordinate = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]


class PublicJwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A P-256 public key as a JWK (RFC 7517); `kid` is its RFC 7638 thumbprint."""

    kid: str
    x: Coordinate
    y: Coordinate
    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"


class Signer(Protocol):
    """A P-256 private key that may lie where nobody can read it: in a token, a TPM."""

    @property
    def public(self) -> PublicJwk:
        """Its public half."""
        ...

    def sign_es256(self, signing_input: bytes) -> bytes:
        """r and s of an ECDSA signature over the sha256 of `signing_input`, 32 bytes each (RFC 7518, 3.4).

        Raises TrustError key_store_unavailable where whatever holds the key does not answer.
        """
        ...

    def close(self) -> None:
        """Gives up whatever holds the key."""
        ...


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a header of ours may say: no embedded key, no `crit`, no address to fetch a key from."""

    alg: str
    kid: str
    typ: str


def public_jwk(key: ECKey) -> PublicJwk:
    """The public half of `key`, named by its thumbprint."""
    fields = key.as_dict(private=False)
    return PublicJwk(kid=key.thumbprint(), x=str(fields["x"]), y=str(fields["y"]))


def import_private_key(pem: bytes) -> ECKey:
    """Raises TrustError key_unusable where `pem` is not an unencrypted P-256 private key."""
    try:
        key = ECKey.import_key(pem)
    except (JoseError, ValueError, TypeError) as error:
        raise TrustError("key_unusable", f"not a private key: {type(error).__name__}") from error
    if not key.is_private or key.curve_name != "P-256":
        raise TrustError("key_unusable", "not a private key on P-256")
    return key


@lru_cache(maxsize=MOST_KEYS)
def import_public_key(key: PublicJwk) -> ECKey:
    """Raises TrustError key_unusable where the point is not on the curve or `kid` is not the thumbprint."""
    try:
        imported = ECKey.import_key({"kty": key.kty, "crv": key.crv, "x": key.x, "y": key.y})
        imported.public_key  # noqa: B018  (the point is checked when it is first used)
        thumbprint = imported.thumbprint()
    except (JoseError, ValueError) as error:
        raise TrustError("key_unusable", f"{key.kid} is not a P-256 public key") from error
    if thumbprint != key.kid:
        raise TrustError("key_unusable", f"kid {key.kid} is not the key's thumbprint {thumbprint}")
    return imported


def sign(claims: Mapping[str, Any], key: ECKey | Signer, *, typ: str) -> str:
    """`claims` as a compact JWS. ES256 is randomised: keep the result, never sign the same thing twice.

    Raises TrustError key_store_unavailable where `key` is not in this process and does not answer.
    """
    if isinstance(key, ECKey):
        header = {"alg": ALGORITHM, "kid": key.thumbprint(), "typ": typ}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, algorithms=[ALGORITHM])
    header = {"alg": ALGORITHM, "kid": key.public.kid, "typ": typ}
    signing_input = ".".join(base64url(msgspec.json.encode(part)) for part in (header, claims))
    return f"{signing_input}.{base64url(key.sign_es256(signing_input.encode('ascii')))}"


def base64url(content: bytes) -> str:
    """Without padding, as JOSE has it (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """What `base64url` wrote. Characters of no such alphabet are passed over; raises binascii.Error for a
    length that there cannot be."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jwk_of_point(x: bytes, y: bytes) -> PublicJwk:
    """The public key at that point of P-256, 32 bytes each, named by its thumbprint. Raises TrustError
    key_unusable where the curve has no such point."""
    try:
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)})
        key.public_key  # noqa: B018  (the point is checked when it is first used)
        return public_jwk(key)
    except (JoseError, ValueError, msgspec.ValidationError) as error:
        raise TrustError("key_unusable", "not a point of P-256") from error


def verify(token: str, keys: Iterable[PublicJwk], *, typ: str) -> bytes:
    """The payload of `token` once one of `keys` is shown to have signed it as a `typ`.

    Raises TrustError: signature_malformed, signature_algorithm (anything but ES256), signature_type,
    signature_key_unknown, signature_invalid.
    """
    header = _header(token)
    if header.alg != ALGORITHM:
        raise TrustError(
            "signature_algorithm", f"signed with {header.alg[:16]!r}; only {ALGORITHM} is accepted"
        )
    if header.typ != typ:
        raise TrustError("signature_type", f"signed as {header.typ[:32]!r}, wanted {typ!r}")
    key = next((key for key in keys if key.kid == header.kid), None)
    if key is None:
        raise TrustError("signature_key_unknown", f"signed by unknown key {header.kid[:64]!r}")
    try:
        verified = jws.deserialize_compact(token, import_public_key(key), algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise TrustError("signature_invalid", "the signature does not fit the content") from error
    return bytes(verified.payload)


def unverified(token: str) -> bytes:
    """The payload of a compact JWS, or of what begins with one, without a look at its signature: for who has
    made it, or has shown that another one covers it. Raises TrustError signature_malformed."""
    try:
        return from_base64url(token.split(".")[1])
    except (IndexError, ValueError) as error:  # binascii.Error is a ValueError
        raise TrustError("signature_malformed", "not a compact JWS") from error


def named_key(token: str) -> str:
    """The kid of the key that `token` says it was signed by, which nothing has shown; '' where it names
    none."""
    try:
        return _header(token).kid
    except TrustError:
        return ""


def _header(token: str) -> _Header:
    parts = token.split(".")
    if len(parts) != 3:
        raise TrustError("signature_malformed", "not a compact JWS")
    try:
        raw = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=_Header)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise TrustError("signature_malformed", "the JWS header is not one of ours") from error
