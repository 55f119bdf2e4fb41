"""BOUNDED mode's second half: the shop agent (`cnf`) closes the open mandates at the shop's price.

The closed pair (AP2 v0.2 `mandate.checkout.1`, `mandate.payment.1`) is kept with the order as its evidence.
"""

from __future__ import annotations

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.mandates import Merchant, PaymentInstrument
from order_backend.checks import CheckedIntent

CHECKOUT_TYP = "earmark-checkout+jwt"


class ClosedPair(msgspec.Struct, frozen=True):
    """Two SD-JWTs by the shop agent; each names the open mandate it closes by `sd_hash`."""

    checkout: str
    payment: str


def close(
    intent: CheckedIntent,
    *,
    merchant: Merchant,
    instrument: PaymentInstrument,
    offers_key: ECKey,
    agent_key: ECKey,
    now_s: int,
) -> ClosedPair:
    """Both mandates closed on exactly the priced basket that the merchant signs here."""
    payee = msgspec.to_builtins(merchant)
    amount = {"amount": intent.total_minor, "currency": intent.currency}
    basket = {
        "merchant": payee,
        "line_items": [msgspec.to_builtins(line) for line in intent.lines],
        "total": amount,
        "iat": now_s,
    }
    checkout_jwt = jws.sign(basket, offers_key, typ=CHECKOUT_TYP)
    times = {"iat": now_s, "exp": intent.checkout.exp}
    checkout = {
        "vct": "mandate.checkout.1",
        "checkout_jwt": checkout_jwt,
        "checkout_hash": sd_jwt.digest(checkout_jwt),
        "sd_hash": sd_jwt.digest(intent.tokens.checkout),
        **times,
    }
    payment = {
        "vct": "mandate.payment.1",
        "transaction_id": sd_jwt.digest(checkout_jwt),
        "payee": payee,
        "payment_amount": amount,
        "payment_instrument": msgspec.to_builtins(instrument),
        "sd_hash": sd_jwt.digest(intent.tokens.payment),
        **times,
    }
    return ClosedPair(sd_jwt.issue(checkout, agent_key), sd_jwt.issue(payment, agent_key))
