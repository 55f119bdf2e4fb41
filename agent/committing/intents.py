"""From agreed order to purchase intent: two AP2 mandates in one CloudEvent, signed once and kept.

Here with the open pair of BOUNDED mode; `direct_intents` has the closed one.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from agent.committing import sd_jwt
from agent.committing.envelope import (
    INTENT,
    LARGEST_PAYLOAD_BYTES,
    IntentData,
    decode_event,
    encode_event,
    up_topic,
)
from agent.committing.keys import KeyStore
from agent.committing.mandates import (
    AllowedMerchants,
    AllowedPayees,
    AllowedPaymentInstruments,
    AmountRange,
    Confirmation,
    Item,
    LineItem,
    LineItems,
    OpenCheckoutMandate,
    OpenPaymentMandate,
    PaymentReference,
)
from agent.committing.statements import addressed
from agent.committing.trust import Trust
from agent.deciding.basket import AgreedOrder
from agent.plumbing.errors import TrustError


class SignedIntent(msgspec.Struct, frozen=True):
    """What is stored and published, byte for byte. `sha256` (hex) is over the event's data bytes; `iat` and
    `exp` are Unix seconds."""

    intent_id: str
    topic: str
    payload: bytes
    sha256: str
    iat: int
    exp: int


def sign_intent(
    order: AgreedOrder,
    *,
    keys: KeyStore,
    trust: Trust,
    device_id: str,
    environment: str,
    now_s: int,
    lifetime_s: int,
    intent_id: UUID,
) -> SignedIntent:
    """`order` as an intent in BOUNDED mode: the shop may charge at most the total that was spoken, until
    `exp`.

    Raises TrustError: intent_too_large, and what `check_order` raises.
    """
    check_order(order, environment=environment, trust=trust)
    claims = person_claims(
        order, trust=trust, device_id=device_id, now_s=now_s, exp=now_s + lifetime_s, intent_id=intent_id
    )
    claims["cnf"] = Confirmation(trust.shop_agent)
    checkout = keys.sign(
        OpenCheckoutMandate(
            constraints=(AllowedMerchants((trust.merchant,)), LineItems(_line_items(order))),
            catalogue_version=order.basket.catalogue_version,
            details=order.details or msgspec.UNSET,
            **claims,
        )
    )
    total = order.basket.total
    payment = keys.sign(
        OpenPaymentMandate(
            constraints=(
                AmountRange(currency=total.currency, max=total.minor),
                PaymentReference(sd_jwt.digest(checkout)),
                AllowedPayees((trust.merchant,)),
                AllowedPaymentInstruments((trust.payment_instrument,)),
            ),
            **claims,
        )
    )
    return sealed(IntentData(checkout, payment), claims)


def check_order(order: AgreedOrder, *, environment: str, trust: Trust) -> None:
    """Raises TrustError: environment_mismatch, order_unverified (no factor or no person), order_empty (no
    line, or nothing to pay)."""
    if environment != trust.environment:
        raise TrustError(
            "environment_mismatch",
            f"the device is set to {environment!r}, its trust is for {trust.environment!r}",
            "set [device] environment, or provision the device again",
        )
    if not order.factors or not order.person:
        raise TrustError("order_unverified", "nobody was verified for this order")
    if not order.basket.lines or order.basket.total.minor <= 0:
        raise TrustError("order_empty", "there is nothing to pay for")


def person_claims(
    order: AgreedOrder, *, trust: Trust, device_id: str, now_s: int, exp: int, intent_id: UUID
) -> dict[str, Any]:
    """What every mandate says, open or closed, by the names of `PersonClaims`."""
    who = {"sub": order.person, "amr": order.factors}
    return {**addressed(trust, device_id, intent_id, now_s=now_s, exp=exp), **who}


def sealed(pair: IntentData, claims: dict[str, Any]) -> SignedIntent:
    """The signed pair as what is stored and published. Raises TrustError intent_too_large."""
    id_, device_id = claims["jti"], claims["iss"]
    payload = encode_event(INTENT, id_=UUID(id_), source=device_id, now_s=claims["iat"], data=pair)
    if len(payload) > LARGEST_PAYLOAD_BYTES:
        raise TrustError("intent_too_large", f"{len(payload)} bytes", "order in two parts")
    return SignedIntent(
        intent_id=id_,
        topic=up_topic(device_id, "intent"),
        payload=payload,
        sha256=decode_event(payload, INTENT).data_sha256,
        iat=claims["iat"],
        exp=claims["exp"],
    )


def _line_items(order: AgreedOrder) -> tuple[LineItem, ...]:
    return tuple(
        LineItem(str(number), (Item(line.sku, line.title),), line.quantity)
        for number, line in enumerate(order.basket.lines, 1)
    )
