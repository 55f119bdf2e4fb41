"""What the shop signs for devices: receipts, "not placed", and the time. Each comes as a CloudEvent's
bytes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import ANSWER, RECEIPT, TIME, SignedData, encode_event, to_claims
from agent.committing.receipts import ANSWER_TYP, RECEIPT_TYP, AnswerClaims, ReceiptClaims
from agent.committing.trusted_time import TYP as TIME_TYP
from agent.committing.trusted_time import TimeClaims
from agent.plumbing.errors import TrustError


class Reply(NamedTuple):
    """`what` ends the topic ('ack', 'rsp', 'offer', 'cert', ...; '' where nothing is answered); `code` says
    for the log what it is: 'ordered', 'replayed', 'not_placed', 'offered', ... or why not. `not_placed` goes
    out besides, on 'rsp'."""

    what: str
    payload: bytes
    code: str
    not_placed: bytes = b""


IN_DOUBT = Reply("", b"", "in_doubt")
"""Nothing may be answered: the shop was restored, and does not know whether it has answered already."""


def require_uuid(text: str) -> None:
    """Raises TrustError envelope_malformed where `text` is not a UUID in lower case."""
    try:
        canonical = str(UUID(text)) == text
    except ValueError:
        canonical = False
    if not canonical:
        raise TrustError("envelope_malformed", "an intent's id is a UUID in lower case")


def receipt_event(claims: ReceiptClaims, key: ECKey, *, event_id: UUID) -> bytes:
    """For dn/ack, signed with the receipts key."""
    signed = jws.sign(to_claims(claims), key, typ=RECEIPT_TYP)
    return encode_event(RECEIPT, id_=event_id, source=claims.iss, now_s=claims.iat, data=SignedData(signed))


def not_placed_event(claims: AnswerClaims, key: ECKey, *, event_id: UUID) -> bytes:
    """For dn/rsp, signed with the receipts key."""
    signed = jws.sign(to_claims(claims), key, typ=ANSWER_TYP)
    return encode_event(ANSWER, id_=event_id, source=claims.iss, now_s=claims.iat, data=SignedData(signed))


def time_event(claims: TimeClaims, key: ECKey, *, event_id: UUID) -> bytes:
    """For dn/time, signed with the time key."""
    signed = jws.sign(to_claims(claims), key, typ=TIME_TYP)
    return encode_event(TIME, id_=event_id, source=claims.iss, now_s=claims.iat, data=SignedData(signed))


def delivery_date(ordered: date, business_days: int) -> date:
    """`business_days` Mondays to Fridays after `ordered` (public holidays are not known here)."""
    day = ordered
    while business_days > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            business_days -= 1
    return day
