"""The closed pair of DIRECT mode, over an offer that the shop signed; and which of the two pairs an order
gets.

Consent is to what was read back. An offer that cannot be taken any more leaves a limit of the same amount,
which the shop may take or refuse (BOUNDED mode); where that is not what the catalogue says, it is read back
anew.
"""

from __future__ import annotations

from typing import TypedDict, Unpack
from uuid import UUID

from msgspec import UNSET

from agent.committing import sd_jwt
from agent.committing.envelope import IntentData
from agent.committing.intents import SignedIntent, check_order, person_claims, sealed, sign_intent
from agent.committing.keys import KeyStore
from agent.committing.mandates import CheckoutMandate, Paid, PaymentMandate
from agent.committing.trust import Trust
from agent.deciding.basket import AgreedOrder, Offer
from agent.plumbing.errors import TrustError

TAKE_WITHIN_S = 60
"""With less time left an offer is not taken: so long a few resendings take (after 5, 10 and 20 s), and what
comes after the offer's end is refused."""


class SignedBy(TypedDict):
    """Who signs, for whom, when and for how long, as `sign_intent` has it."""

    keys: KeyStore
    trust: Trust
    device_id: str
    environment: str
    now_s: int
    lifetime_s: int


def sign_agreed(
    order: AgreedOrder, *, connected: bool, intent_id: UUID, **by: Unpack[SignedBy]
) -> SignedIntent:
    """`order` as the closed pair that takes its offer, where it has one and that can be taken now; else as in
    BOUNDED mode, under `intent_id`.

    Raises TrustError: offer_over (it cannot be taken, and without it the price is another), and what
    `sign_intent` raises.
    """
    offer = order.offer
    if offer is not None and connected and is_in_time(offer.exp, by["now_s"]):
        return _sign_direct(order, offer, **by)
    if offer is not None and order.basket.total != offer.heard.total:
        raise TrustError("offer_over", f"the offer held until {offer.exp}, and the shop must be reached")
    return sign_intent(order, intent_id=intent_id, **by)


def is_in_time(exp: int, now_s: int) -> bool:
    """Whether an offer that ends at `exp` may still be taken (Unix seconds)."""
    return now_s + TAKE_WITHIN_S <= exp


def _sign_direct(order: AgreedOrder, offer: Offer, **by: Unpack[SignedBy]) -> SignedIntent:
    keys, trust, now_s = by["keys"], by["trust"], by["now_s"]
    check_order(order, environment=by["environment"], trust=trust)
    claims = person_claims(
        order,
        trust=trust,
        device_id=by["device_id"],
        now_s=now_s,
        exp=min(now_s + by["lifetime_s"], offer.exp),
        intent_id=UUID(offer.intent_id),
    )
    digest, total = sd_jwt.digest(offer.token), order.basket.total
    judged_by = order.details or UNSET
    checkout = keys.sign(
        CheckoutMandate(checkout_jwt=offer.token, checkout_hash=digest, details=judged_by, **claims)
    )
    payment = keys.sign(
        PaymentMandate(
            transaction_id=digest,
            payee=trust.merchant,
            payment_amount=Paid(total.minor, total.currency),
            payment_instrument=trust.payment_instrument,
            **claims,
        )
    )
    return sealed(IntentData(checkout, payment), claims)
