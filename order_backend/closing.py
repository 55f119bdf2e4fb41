"""BOUNDED mode's second half: the shop agent (`cnf`) closes the open mandates at the shop's price.

The closed pair is kept with the order as its evidence. It is the last hop of a chain as AP2 v0.2 has it
(draft-gco-oauth-delegate-sd-jwt): a key binding that is itself an SD-JWT, signed by the key that the open
mandate names, with the closed mandate as its `delegate_payload`.
"""

from __future__ import annotations

import secrets

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.envelope import to_claims
from agent.committing.mandates import CLOSED_CHECKOUT, CLOSED_PAYMENT, Merchant, PaymentInstrument
from agent.committing.offers import OfferedItem, priced, totals
from order_backend.checks import CheckedIntent, PricedLine

CHECKOUT_TYP = "earmark-checkout+jwt"
KEY_BINDING_TYP = "kb+sd-jwt"
"""Of a last hop: nobody may delegate further."""


class ClosedPair(msgspec.Struct, frozen=True):
    """Two key bindings by the shop agent, each of which names the open mandate it closes by `sd_hash`; or
    what the device signed itself in DIRECT mode."""

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
    """Both mandates closed on exactly the priced basket that the merchant signs here.

    Who presents and who verifies is one shop: it is the audience, and the nonce is its own.
    """
    payee = msgspec.to_builtins(merchant)
    checkout_jwt = jws.sign(_checkout(intent, payee, now_s), offers_key, typ=CHECKOUT_TYP)
    checkout_hash = sd_jwt.digest(checkout_jwt)
    times = {"iat": now_s, "exp": intent.checkout.exp}
    checkout = {
        "vct": CLOSED_CHECKOUT,
        "checkout_jwt": checkout_jwt,
        "checkout_hash": checkout_hash,
        **times,
    }
    payment = {
        "vct": CLOSED_PAYMENT,
        "transaction_id": checkout_hash,
        "payee": payee,
        "payment_amount": {"amount": intent.total_minor, "currency": intent.currency},
        "payment_instrument": msgspec.to_builtins(instrument),
        **times,
    }

    def bound(mandate: dict[str, object], open_token: str) -> str:
        hop = {
            "delegate_payload": [mandate],
            "iat": now_s,
            "aud": merchant.id,
            "nonce": secrets.token_urlsafe(16),
            "sd_hash": sd_jwt.digest(open_token),
        }
        return sd_jwt.issue(hop, agent_key, typ=KEY_BINDING_TYP)

    return ClosedPair(bound(checkout, intent.tokens.checkout), bound(payment, intent.tokens.payment))


def _checkout(intent: CheckedIntent, merchant: object, now_s: int) -> dict[str, object]:
    """A checkout in the shape of UCP (Universal Commerce Protocol); amounts in minor units."""
    return {
        "id": intent.checkout.jti,
        "status": "ready_for_complete",
        "merchant": merchant,
        "currency": intent.currency,
        "line_items": [_line(number, line) for number, line in enumerate(intent.lines, 1)],
        "totals": msgspec.to_builtins(totals(intent.total_minor)),
        "links": [],
        "iat": now_s,
    }


def _line(number: int, line: PricedLine) -> dict[str, object]:
    return to_claims(priced(number, OfferedItem(line.id, line.title, line.unit_price), line.quantity))
