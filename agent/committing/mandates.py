"""The mandates of AP2 v0.2 (Agent Payments Protocol) as values: the open pair that the device signs in
BOUNDED mode, and the closed pair of DIRECT mode, over a checkout that the merchant signed before.

Amounts are minor units. A constraint of an unknown kind, or with an unknown field, does not decode: what a
verifier does not understand it must not ignore.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from agent.committing.jws import PublicJwk

OPEN_CHECKOUT: Final = "mandate.checkout.open.1"
OPEN_PAYMENT: Final = "mandate.payment.open.1"
CLOSED_CHECKOUT: Final = "mandate.checkout.1"
CLOSED_PAYMENT: Final = "mandate.payment.1"
Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Minor = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_00)]
UnixSeconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Kind(msgspec.Struct, frozen=True):
    """What a mandate says that it is, whatever else it says."""

    vct: str = ""


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Merchant(_Value, frozen=True):
    id: Text
    name: Text


class PaymentInstrument(_Value, frozen=True, omit_defaults=True):
    """A reference that the shop resolves; never a card number."""

    id: Text
    type: Text
    description: str = ""


class Item(_Value, frozen=True):
    """`id` is the sku with its options, e.g. 'coffee?roast=dark'."""

    id: Text
    title: Text


class LineItem(_Value, frozen=True):
    id: Text
    acceptable_items: Annotated[tuple[Item, ...], msgspec.Meta(min_length=1, max_length=20)]
    quantity: Positive


class AllowedMerchants(_Value, frozen=True, tag_field="type", tag="checkout.allowed_merchants"):
    allowed: tuple[Merchant, ...]


class LineItems(_Value, frozen=True, tag_field="type", tag="checkout.line_items"):
    items: Annotated[tuple[LineItem, ...], msgspec.Meta(min_length=1, max_length=100)]


class AmountRange(_Value, frozen=True, tag_field="type", tag="payment.amount_range"):
    """`max` in minor units (AP2's `payment.budget` counts in major ones)."""

    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    max: Minor


class PaymentReference(_Value, frozen=True, tag_field="type", tag="payment.reference"):
    """Binds the payment to one open checkout mandate by its digest (`sd_jwt.digest`)."""

    conditional_transaction_id: str


class AllowedPayees(_Value, frozen=True, tag_field="type", tag="payment.allowed_payees"):
    allowed: tuple[Merchant, ...]


class AllowedPaymentInstruments(
    _Value, frozen=True, tag_field="type", tag="payment.allowed_payment_instruments"
):
    allowed: tuple[PaymentInstrument, ...]


class Confirmation(_Value, frozen=True):
    """RFC 7800: whoever holds this key may close the mandate."""

    jwk: PublicJwk


class PersonClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What every mandate says. `sub` is the person's pseudonym, `amr` how they were verified, `env` where
    it counts."""

    jti: str
    iss: str
    aud: str
    sub: str
    iat: UnixSeconds
    exp: UnixSeconds
    env: str
    amr: Annotated[tuple[Literal["voice", "pin", "badge", "phone"], ...], msgspec.Meta(min_length=1)]


class Claims(PersonClaims, frozen=True, kw_only=True):
    """What every open mandate says besides: who may close it."""

    cnf: Confirmation


Details = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")] | msgspec.UnsetType
"""The SHA-256 of what the shop told of its products beside their catalogue, by which the device judged who
may order them; it is left out where the device knows none."""


class OpenCheckoutMandate(Claims, frozen=True, kw_only=True):
    """`catalogue_version` is that of the catalogue whose prices were read back; 0 where none is named."""

    vct: Literal["mandate.checkout.open.1"] = OPEN_CHECKOUT
    catalogue_version: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] = 0
    details: Details = msgspec.UNSET
    constraints: tuple[AllowedMerchants | LineItems, ...]


class OpenPaymentMandate(Claims, frozen=True, kw_only=True):
    vct: Literal["mandate.payment.open.1"] = OPEN_PAYMENT
    constraints: tuple[AmountRange | PaymentReference | AllowedPayees | AllowedPaymentInstruments, ...]


class Paid(_Value, frozen=True):
    """AP2's amount: minor units and an ISO 4217 code."""

    amount: Minor
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class CheckoutMandate(PersonClaims, frozen=True, kw_only=True):
    """`checkout_jwt` is the merchant's, `checkout_hash` its digest (`sd_jwt.digest`)."""

    vct: Literal["mandate.checkout.1"] = CLOSED_CHECKOUT
    checkout_jwt: str
    checkout_hash: str
    details: Details = msgspec.UNSET


class PaymentMandate(PersonClaims, frozen=True, kw_only=True):
    """`transaction_id` is the `checkout_hash` of what it pays for."""

    vct: Literal["mandate.payment.1"] = CLOSED_PAYMENT
    transaction_id: str
    payee: Merchant
    payment_amount: Paid
    payment_instrument: PaymentInstrument


Mandate = OpenCheckoutMandate | OpenPaymentMandate | CheckoutMandate | PaymentMandate
