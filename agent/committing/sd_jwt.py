"""SD-JWT (RFC 9901) with everything disclosed: `<issuer-signed JWT>~`, which is how an Earmark mandate
travels.

The device has nothing to hide from the shop it orders from, so no claim is made selectively disclosable,
and a token that carries disclosures, digests of hidden claims or a key binding is refused rather than half
understood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from joserfc.jwk import ECKey

from agent.committing import jws
from agent.plumbing.errors import TrustError

TYP = "dc+sd-jwt"
"""Media type of an SD-JWT that carries a `vct`."""


def issue(claims: Mapping[str, Any], key: ECKey | jws.Signer, *, typ: str = TYP) -> str:
    """`claims` signed by `key`; `_sd`, `_sd_alg` and '...' are reserved by RFC 9901 and raise ValueError."""
    if _hides_something(claims):
        raise ValueError("a claim has a name that RFC 9901 reserves")
    return jws.sign(claims, key, typ=typ) + "~"


def verify(token: str, keys: Iterable[jws.PublicJwk], *, typ: str = TYP) -> bytes:
    """The JSON claims of `token`, signed by one of `keys`.

    Raises TrustError: sd_jwt_malformed, sd_jwt_hidden, and what `jws.verify` raises.
    """
    issuer_signed, tilde, rest = token.partition("~")
    if not tilde or not issuer_signed:
        raise TrustError("sd_jwt_malformed", "not an SD-JWT: no '~' after the signed part")
    if rest:
        raise TrustError("sd_jwt_hidden", "carries disclosures or a key binding; mandates carry neither")
    payload = jws.verify(issuer_signed, keys, typ=typ)
    try:
        claims = json.loads(payload, object_pairs_hook=_without_repetition)
        hidden = _hides_something(claims)
    except (ValueError, RecursionError) as error:
        raise TrustError("sd_jwt_malformed", "the claims are not JSON without repetition") from error
    if not isinstance(claims, dict):
        raise TrustError("sd_jwt_malformed", "the claims are not a JSON object")
    if hidden:
        raise TrustError("sd_jwt_hidden", "hides claims behind digests")
    return payload


def digest(token: str) -> str:
    """base64url of the sha256 of the whole `<jwt>~` (RFC 9901's sd_hash): how AP2 mandates refer to each
    other."""
    return jws.base64url(hashlib.sha256(token.encode("ascii")).digest())


def _hides_something(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(
            key in ("_sd", "_sd_alg", "...") or _hides_something(inner) for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return any(_hides_something(inner) for inner in value)
    return False


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is there twice")
    return fields
