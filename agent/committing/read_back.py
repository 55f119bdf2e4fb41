"""What the journal's signed bytes say, looked at again before they are relied on: storage forgets and flips
bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from agent.committing import jws, sd_jwt
from agent.committing.envelope import (
    CANCEL,
    INTENT,
    IntentData,
    SignedData,
    claims_of,
    decode_data,
    decode_event,
    up_topic,
)
from agent.committing.jws import PublicJwk
from agent.committing.mandates import (
    CLOSED_CHECKOUT,
    AmountRange,
    CheckoutMandate,
    Item,
    Kind,
    LineItems,
    OpenCheckoutMandate,
    OpenPaymentMandate,
    PaymentMandate,
    PersonClaims,
)
from agent.committing.offers import OfferedItem, read_offer
from agent.committing.statements import CancelClaims
from agent.deciding.basket import basket_key
from agent.deciding.money import Money
from agent.plumbing.errors import TrustError

M = TypeVar("M", bound=msgspec.Struct)


class SignedFacts(msgspec.Struct, frozen=True):
    """What a signed intent says by itself; the names are those of `OrderRow`."""

    intent_id: str
    device_id: str
    person: str
    basket_key: str
    title: str
    total: Money
    sha256: str
    iat: int
    exp: int


def fits(payload: bytes, topic: str, *, intent_id: str, sha256: str, device_id: str) -> bool:
    """Whether these are the bytes of that intent, as far as its digest tells: data, id, sender and topic."""
    try:
        event = decode_event(payload, INTENT)
    except TrustError:
        return False
    found = (event.id, event.data_sha256, event.source, topic)
    return found == (intent_id, sha256, device_id, up_topic(device_id, "intent"))


class _Agreed(NamedTuple):
    """What a pair of mandates says of the order: its things with their counts, and the most it may cost."""

    items: Sequence[tuple[Item | OfferedItem, int]]
    total: Money


def signed_facts(payload: bytes, *keys: PublicJwk) -> SignedFacts | None:
    """What `payload` says where both its mandates, open or closed, carry the signature of one of `keys` and
    agree; else None."""
    try:
        event = decode_event(payload, INTENT)
        tokens = decode_data(event, IntentData)
        closed = _mandate(tokens.checkout, keys, Kind).vct == CLOSED_CHECKOUT
        checkout, payment, agreed = _closed(tokens, keys) if closed else _open(tokens, keys)
    except TrustError:
        return None
    if {checkout.jti, payment.jti} != {event.id} or checkout.iss != event.source or agreed is None:
        return None
    return SignedFacts(
        intent_id=event.id,
        device_id=checkout.iss,
        person=checkout.sub,
        basket_key=basket_key((item.id, quantity) for item, quantity in agreed.items),
        title=", ".join(f"{quantity} × {item.title}" for item, quantity in agreed.items),
        total=agreed.total,
        sha256=event.data_sha256,
        iat=checkout.iat,
        exp=checkout.exp,
    )


def closed_reference(payload: bytes, sha256: str) -> str:
    """The digest of the closed checkout mandate in our own signed bytes, which their receipt has to name;
    '' where the pair is open, and the shop closes it, or where these are not the bytes of that `sha256`."""
    try:
        event = decode_event(payload, INTENT)
        if event.data_sha256 != sha256:
            return ""
        checkout = decode_data(event, IntentData).checkout
        closed = claims_of(jws.unverified(checkout), Kind, "sd_jwt_malformed").vct == CLOSED_CHECKOUT
    except TrustError:
        return ""
    return sd_jwt.digest(checkout) if closed else ""


_Pair = tuple[PersonClaims, PersonClaims, _Agreed | None]


def _open(tokens: IntentData, keys: Sequence[PublicJwk]) -> _Pair:
    checkout = _mandate(tokens.checkout, keys, OpenCheckoutMandate)
    payment = _mandate(tokens.payment, keys, OpenPaymentMandate)
    lines = next((part.items for part in checkout.constraints if isinstance(part, LineItems)), ())
    most = next((part for part in payment.constraints if isinstance(part, AmountRange)), None)
    if not lines or most is None:
        return checkout, payment, None
    items = [(line.acceptable_items[0], line.quantity) for line in lines]
    return checkout, payment, _Agreed(items, Money(most.max, most.currency))


def _closed(tokens: IntentData, keys: Sequence[PublicJwk]) -> _Pair:
    checkout = _mandate(tokens.checkout, keys, CheckoutMandate)
    payment = _mandate(tokens.payment, keys, PaymentMandate)
    offer, paid = read_offer(checkout.checkout_jwt), payment.payment_amount
    items = [(line.item, line.quantity) for line in offer.line_items]
    return checkout, payment, _Agreed(items, Money(paid.amount, paid.currency))


def signed_cancel(payload: bytes, *keys: PublicJwk) -> CancelClaims | None:
    """What `payload` takes back, where it carries the signature of one of `keys` and agrees with it; else
    None."""
    try:
        event = decode_event(payload, CANCEL)
        signed = jws.verify(decode_data(event, SignedData).signed, keys, typ=CancelClaims.typ)
        claims = claims_of(signed, CancelClaims, "statement_malformed")
    except TrustError:
        return None
    return claims if (claims.jti, claims.iss) == (event.id, event.source) else None


def _mandate(token: str, keys: Sequence[PublicJwk], type_: type[M]) -> M:
    return claims_of(sd_jwt.verify(token, keys), type_, "sd_jwt_malformed")
