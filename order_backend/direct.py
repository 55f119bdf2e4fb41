"""Whether the shop takes a closed pair that the device signed itself over an offer of the shop (DIRECT mode):
a pure function of the intent, the keys that sign offers, and the time."""

from __future__ import annotations

from collections.abc import Iterable

from agent.committing import sd_jwt
from agent.committing.jws import PublicJwk
from agent.committing.offers import OfferClaims, verify_offer
from agent.plumbing.errors import TrustError
from order_backend.checks import (
    CheckedIntent,
    DirectIntent,
    PricedLine,
    Refusal,
    Terms,
    check_agreement,
    check_validity,
)


def check_direct(
    intent: DirectIntent, *, terms: Terms, offer_keys: Iterable[PublicJwk], now_s: int
) -> CheckedIntent:
    """At the prices of the offer, which binds the shop that signed it as long as it is in time.

    Raises Refusal: claims_disagree, audience, environment, not_yet_valid, expired, lifetime, checkout_hash,
    payment_reference, offer_unknown (not one of the shop's), offer_other (for another device, order or
    environment), offer_expired, merchant, payment_instrument, amount.
    """
    checkout, payment = intent.checkout, intent.payment
    check_agreement(checkout, payment)
    check_validity(checkout, terms, now_s)
    if checkout.checkout_hash != _digest(checkout.checkout_jwt):
        raise Refusal("checkout_hash", "belongs to another checkout")
    if payment.transaction_id != checkout.checkout_hash:
        raise Refusal("payment_reference", "the payment belongs to another checkout")
    offer = _offer(checkout.checkout_jwt, offer_keys)
    meant = (terms.merchant.id, checkout.iss, terms.environment, checkout.jti)
    if (offer.iss, offer.aud, offer.env, offer.id) != meant:
        raise Refusal("offer_other", "was offered for another device or another order")
    if offer.exp <= now_s or checkout.exp > offer.exp:
        raise Refusal("offer_expired", "the offer does not hold for as long")
    if not payment.payee == offer.merchant == terms.merchant:
        raise Refusal("merchant", "another shop is meant")
    if payment.payment_instrument.id != terms.payment_instrument_id:
        raise Refusal("payment_instrument", "another means of payment is meant")
    paid = payment.payment_amount
    if (paid.amount, paid.currency) != (offer.total_minor, offer.currency):
        raise Refusal("amount", f"offered were {offer.total_minor} {offer.currency} (minor units)")
    lines = PricedLine.offered(offer.line_items)
    return CheckedIntent(
        *(intent.tokens, checkout, lines, offer.total_minor, offer.currency, offer.catalogue_version),
        agreed_s=offer.iat,
    )


def _digest(checkout_jwt: str) -> str:
    try:
        return sd_jwt.digest(checkout_jwt)
    except UnicodeEncodeError as error:
        raise Refusal("intent_malformed", "the checkout is no JWS") from error


def _offer(token: str, keys: Iterable[PublicJwk]) -> OfferClaims:
    try:
        return verify_offer(token, keys)
    except TrustError as error:
        raise Refusal("offer_unknown", error.detail) from error
