"""What the shop answers, signed with its receipt key: a receipt (placed or refused), or "I know no such
intent".

The receipt is an AP2 checkout receipt with what the device needs beside it: which intent, by id and by the
sha256 of its bytes, for which device and environment.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from agent.committing import jws
from agent.committing.envelope import ANSWER, RECEIPT, SignedData, claims_of, decode_data, decode_event
from agent.committing.mandates import Text, UnixSeconds
from agent.committing.trust import Trust
from agent.plumbing.errors import TrustError

RECEIPT_TYP = "earmark-receipt+jwt"
ANSWER_TYP = "earmark-answer+jwt"
CANCELLED: Final = "cancelled"
"""The `error` of the receipt of an order that was taken back, and the reason in its row ('refused')."""


class Amount(msgspec.Struct, frozen=True):
    """AP2's amount: minor units and an ISO 4217 code. However much a shop says it took, it can be read."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
    currency: str


class ReceiptLine(msgspec.Struct, frozen=True):
    """`id` is the sku with its options, as in the mandate that is answered."""

    id: Text
    quantity: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class ReceiptClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    """The signed claims. `reference` is the digest of the mandate that this answers; dates are ISO 8601.
    `lines` is what was ordered; empty where a shop does not say it. `available` is what it could send of a
    basket of which it has not all. `cancel` is the id of the cancellation that this answers, '' where it
    answers none; a "Success" then says that the order stands. `returned` is that of the message by which a
    device gave its receipt back to a shop that had lost it."""

    status: Literal["Success", "Error"]
    iss: str
    iat: UnixSeconds
    reference: str
    aud: str
    env: str
    intent: str
    intent_sha256: str
    order_id: str = ""
    error: str = ""
    error_description: str = ""
    total: Amount | None = None
    delivery_date: str = ""
    lines: tuple[ReceiptLine, ...] = ()
    cancel: str = ""
    available: tuple[ReceiptLine, ...] = ()
    returned: str = ""


class AnswerClaims(msgspec.Struct, frozen=True):
    """At `iat` the shop had never taken `intent` from device `aud`."""

    iss: str
    iat: UnixSeconds
    aud: str
    env: str
    intent: str
    placed: Literal[False]


class Receipt(msgspec.Struct, frozen=True):
    """A receipt whose signature holds; whether it belongs to an order of ours is for the road to say."""

    intent_id: str
    intent_sha256: str
    status: Literal["ordered", "refused"]
    iat: int
    order_id: str = ""
    error: str = ""
    total: Amount | None = None
    delivery_date: str = ""
    lines: tuple[ReceiptLine, ...] = ()
    cancel: str = ""
    available: tuple[ReceiptLine, ...] = ()
    returned: str = ""
    reference: str = ""


def verify_receipt(payload: bytes, trust: Trust, *, device_id: str, environment: str) -> Receipt:
    """Raises TrustError: receipt_malformed, receipt_key_unknown, receipt_signature, receipt_other_device,
    receipt_environment."""
    claims = claims_of(_verified(payload, RECEIPT, RECEIPT_TYP, trust), ReceiptClaims, "receipt_malformed")
    _check_addressee(claims, trust, device_id, environment)
    placed = claims.status == "Success"
    if placed != bool(claims.order_id) or placed == bool(claims.error):
        raise TrustError("receipt_malformed", "a receipt has either an order id or an error")
    return Receipt(
        intent_id=claims.intent,
        intent_sha256=claims.intent_sha256,
        status="ordered" if placed else "refused",
        iat=claims.iat,
        order_id=claims.order_id,
        error=claims.error,
        total=claims.total,
        delivery_date=claims.delivery_date,
        lines=claims.lines,
        cancel=claims.cancel,
        available=claims.available,
        returned=claims.returned,
        reference=claims.reference,
    )


def verify_answer(payload: bytes, trust: Trust, *, device_id: str, environment: str) -> AnswerClaims:
    """The shop's "not placed". Raises the same codes as `verify_receipt`."""
    claims = claims_of(_verified(payload, ANSWER, ANSWER_TYP, trust), AnswerClaims, "receipt_malformed")
    _check_addressee(claims, trust, device_id, environment)
    return claims


def _verified(payload: bytes, type_: str, typ: str, trust: Trust) -> bytes:
    try:
        signed = decode_data(decode_event(payload, type_), SignedData).signed
        return jws.verify(signed, trust.keys.receipts, typ=typ)
    except TrustError as error:
        code = {
            "envelope_malformed": "receipt_malformed",
            "signature_malformed": "receipt_malformed",
            "signature_key_unknown": "receipt_key_unknown",
        }.get(error.code, "receipt_signature")
        raise TrustError(code, error.detail) from error


def _check_addressee(
    claims: ReceiptClaims | AnswerClaims, trust: Trust, device_id: str, environment: str
) -> None:
    if claims.iss != trust.shop_id:
        raise TrustError("receipt_signature", f"speaks for {claims.iss!r}, not {trust.shop_id!r}")
    if claims.aud != device_id:
        raise TrustError("receipt_other_device", f"is for {claims.aud!r}")
    if claims.env != environment:
        raise TrustError("receipt_environment", f"is for {claims.env!r}, not {environment!r}")
