"""A phone's signed approvals: signed by the key that the device was paired with, and by no other."""

from __future__ import annotations

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import claims_of
from agent.committing.jws import PublicJwk
from agent.deciding.phone import CODE_KEY_BYTES, Approval

TYP = "earmark-approval+jwt"


class Pairing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device has to know of the phone of `person` (a pseudonym). `code_key` is a secret of both."""

    person: str
    key: PublicJwk
    code_key: bytes

    def __post_init__(self) -> None:
        if len(self.code_key) != CODE_KEY_BYTES:
            raise ValueError(f"code_key has not {CODE_KEY_BYTES} bytes")


def sign_approval(given: Approval, key: ECKey) -> str:
    """As a compact JWS (ES256, typ `earmark-approval+jwt`); `key` is the phone's, on P-256."""
    return jws.sign(msgspec.structs.asdict(given), key, typ=TYP)


def verify_approval(token: str, pairing: Pairing) -> Approval:
    """What the phone of that pairing signed in the compact JWS `token`; what it is worth now,
    `agent.deciding.phone.approval_fault` says.

    Raises TrustError: approval_malformed, and what `jws.verify` raises.
    """
    return claims_of(jws.verify(token, [pairing.key], typ=TYP), Approval, "approval_malformed")
