"""A phone's signed approvals: signed by the key that the device was paired with, and by no other."""

from __future__ import annotations

from uuid import UUID

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import APPROVAL, SignedData, claims_of, decode_data, decode_event, encode_event
from agent.committing.jws import PublicJwk
from agent.deciding.phone import CODE_KEY_BYTES, Approval

TYP = "earmark-approval+jwt"


class Pairing(msgspec.Struct, frozen=True):
    """What a device has to know of the phone of `person` (a pseudonym). `code_key` is a secret of both.
    What a later release adds is ignored, so that a device can go back to this one."""

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


def approval_event(token: str, *, id_: UUID, shop_id: str, now_s: int) -> bytes:
    """For dn/approval: the shop carries what a phone signed, and vouches for nothing."""
    return encode_event(APPROVAL, id_=id_, source=shop_id, now_s=now_s, data=SignedData(token))


def approval_in(payload: bytes) -> str:
    """What a phone signed, not verified yet. Raises TrustError envelope_malformed."""
    return decode_data(decode_event(payload, APPROVAL), SignedData).signed
