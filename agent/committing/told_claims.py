"""What the shop answers to a signed question, signed with its receipts key, for one device and one question.
Shop and device read it with the same eyes."""

from __future__ import annotations

from agent.committing import jws
from agent.committing.envelope import TOLD, SignedData, claims_of, decode_data, decode_event
from agent.committing.mandates import UnixSeconds
from agent.committing.statements import Uuid
from agent.committing.trust import Trust
from agent.plumbing.errors import TrustError
from agent.plumbing.told import Told

TOLD_TYP = "earmark-told+jwt"


class ToldClaims(Told, frozen=True, kw_only=True, omit_defaults=True):
    """`iss` is the shop, `aud` the device, `ask` the jti of the question."""

    iss: str
    iat: UnixSeconds
    aud: str
    env: str
    ask: Uuid


def verify_told(payload: bytes, trust: Trust, *, device_id: str) -> ToldClaims:
    """What the shop told this device; whether it was asked is for the caller to look at.

    Raises TrustError: envelope_malformed, told_malformed, told_other (by another shop, for another device or
    environment), and what `jws.verify` raises.
    """
    signed = decode_data(decode_event(payload, TOLD), SignedData).signed
    claims = claims_of(jws.verify(signed, trust.keys.receipts, typ=TOLD_TYP), ToldClaims, "told_malformed")
    if (claims.iss, claims.aud, claims.env) != (trust.shop_id, device_id, trust.environment):
        raise TrustError("told_other", "is by another shop, or for another device or environment")
    return claims
