"""Whether the shop takes an intent: a pure function of the message, the device's key, the prices and the
time.

Nothing that the device says about itself is taken over: who it is comes from the topic (which the broker
binds to its certificate), what it owes from the shop's own prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from agent.committing import sd_jwt
from agent.committing.envelope import CloudEvent, IntentData, claims_of, decode_data
from agent.committing.jws import PublicJwk
from agent.committing.mandates import (
    CLOSED_CHECKOUT,
    AllowedMerchants,
    AllowedPayees,
    AllowedPaymentInstruments,
    AmountRange,
    CheckoutMandate,
    Claims,
    Kind,
    LineItem,
    LineItems,
    Merchant,
    OpenCheckoutMandate,
    OpenPaymentMandate,
    PaymentMandate,
    PaymentReference,
    PersonClaims,
)
from agent.committing.offers import OfferedLine
from agent.plumbing.errors import TrustError
from order_backend.device_keys import SigningKeys
from order_backend.price_list import PriceList
from order_backend.shop import Device, OrderRow

CLOCK_SKEW_S = 300
LARGEST_QUANTITY = 1_000

T = TypeVar("T")
M = TypeVar("M", bound=msgspec.Struct)


class Refusal(Exception):
    """The shop does not take the intent: `code` goes into the receipt, with a sentence for whoever reads it,
    and with how much it has of each thing where that is less than was ordered."""

    def __init__(self, code: str, description: str, available: Mapping[str, int] | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.available = available or {}


class Terms(msgspec.Struct, frozen=True):
    """What the shop measures an intent by; each of the agents before and after has an end
    (Unix seconds)."""

    merchant: Merchant
    environment: str
    agent: PublicJwk
    payment_instrument_id: str
    longest_lifetime_s: int
    other_agents: tuple[tuple[PublicJwk, int], ...] = ()

    def may_close(self, key: PublicJwk, now_s: int) -> bool:
        """Whether that is the shop's agent, or will be, or was, and the time of what names it is not over."""
        return key == self.agent or any(key == old and now_s < end for old, end in self.other_agents)


class PricedLine(msgspec.Struct, frozen=True):
    """One line at the shop's own price."""

    id: str
    title: str
    quantity: int
    unit_price: int

    @staticmethod
    def offered(lines: Iterable[OfferedLine]) -> tuple[PricedLine, ...]:
        """As the shop has offered them."""
        return tuple(
            PricedLine(line.item.id, line.item.title, line.quantity, line.item.price) for line in lines
        )


class SignedIntent(msgspec.Struct, frozen=True):
    """What the device's own key has signed for just this intent id; nothing else is known of it yet."""

    tokens: IntentData
    checkout: OpenCheckoutMandate
    payment: OpenPaymentMandate


class DirectIntent(msgspec.Struct, frozen=True):
    """As `SignedIntent`, of a pair that the device closed itself, over an offer."""

    tokens: IntentData
    checkout: CheckoutMandate
    payment: PaymentMandate


Signed = SignedIntent | DirectIntent


class CheckedIntent(msgspec.Struct, frozen=True):
    """An intent that may be placed as it stands. `catalogue_version` is the one that it names, or the offer
    that it takes; 0 where none is named. `agreed_s`: when it was signed, or that offer was made (Unix
    seconds)."""

    tokens: IntentData
    checkout: OpenCheckoutMandate | CheckoutMandate
    lines: tuple[PricedLine, ...]
    total_minor: int
    currency: str
    catalogue_version: int
    agreed_s: int


def authenticate(event: CloudEvent, *, device_id: str, keys: SigningKeys, now_s: int) -> Signed:
    """Both mandates are signed by one key of the device, while it was that, and name the device and the
    event's id. `now_s` is what ends an old key's time.

    Raises Refusal: intent_malformed, signature_invalid, envelope_mismatch. What fails here may come from
    anybody who has the device's TLS key, so it must not decide anything about the id that it names.
    """
    tokens = _data(event)
    signer = keys.signer(tokens.checkout, now_s=now_s)
    signed = _pair(tokens, signer.jwk)
    if not all(signer.may_have_signed_at(one.iat) for one in (signed.checkout, signed.payment)):
        raise Refusal("signature_invalid", "signed by an old key of the device after that was replaced")
    if not device_id == event.source == signed.checkout.iss == signed.payment.iss:
        raise Refusal("envelope_mismatch", "topic, source and issuer are not one device")
    if not event.id == signed.checkout.jti == signed.payment.jti:
        raise Refusal("envelope_mismatch", "event id and mandate ids differ")
    return signed


def authenticate_device(
    event: CloudEvent, device_id: str, device: Device | None, now_s: int
) -> tuple[bool, Signed]:
    """Whether the device may order, and what it has signed. Raises Refusal: device_unknown, and what
    `authenticate` raises."""
    if device is None:
        raise Refusal("device_unknown", "this device was never admitted")
    signed = authenticate(event, device_id=device_id, keys=device.signing_keys, now_s=now_s)
    return device.active, signed


def check_intent(intent: SignedIntent, *, terms: Terms, prices: PriceList, now_s: int) -> CheckedIntent:
    """`prices` are those of the version that it names.

    Raises Refusal: claims_disagree, intent_malformed (a constraint too many or too few), audience,
    environment, not_yet_valid, expired, lifetime, confirmation_key, merchant, payment_reference,
    payment_instrument, currency, item_unknown, quantity, over_limit."""
    tokens, checkout, payment = intent.tokens, intent.checkout, intent.payment
    check_agreement(checkout, payment)
    check_validity(checkout, terms, now_s)

    merchants = _only(checkout.constraints, AllowedMerchants).allowed
    payees = _only(payment.constraints, AllowedPayees).allowed
    if terms.merchant.id not in {m.id for m in merchants} or terms.merchant.id not in {p.id for p in payees}:
        raise Refusal("merchant", "another shop is meant")
    reference = _only(payment.constraints, PaymentReference).conditional_transaction_id
    if reference != sd_jwt.digest(tokens.checkout):
        raise Refusal("payment_reference", "the payment belongs to another basket")
    instruments = _only(payment.constraints, AllowedPaymentInstruments).allowed
    if terms.payment_instrument_id not in {instrument.id for instrument in instruments}:
        raise Refusal("payment_instrument", "another means of payment is meant")

    limit = _only(payment.constraints, AmountRange)
    if limit.currency != prices.currency:
        raise Refusal("currency", f"the shop sells in {prices.currency}")
    lines = tuple(_priced(item, prices) for item in _only(checkout.constraints, LineItems).items)
    total = sum(line.unit_price * line.quantity for line in lines)
    if total > limit.max:
        raise Refusal(
            "over_limit", f"it costs {total}, agreed were at most {limit.max} {limit.currency} (minor units)"
        )
    return CheckedIntent(
        *(tokens, checkout, lines, total, prices.currency, checkout.catalogue_version), agreed_s=checkout.iat
    )


def _data(event: CloudEvent) -> IntentData:
    try:
        return decode_data(event, IntentData)
    except TrustError as error:
        raise Refusal("intent_malformed", error.detail) from error


def _pair(tokens: IntentData, key: PublicJwk) -> Signed:
    checkout, payment = _verified(tokens.checkout, key), _verified(tokens.payment, key)
    if _claims(checkout, Kind).vct == CLOSED_CHECKOUT:
        return DirectIntent(tokens, _claims(checkout, CheckoutMandate), _claims(payment, PaymentMandate))
    return SignedIntent(tokens, _claims(checkout, OpenCheckoutMandate), _claims(payment, OpenPaymentMandate))


def _verified(token: str, device_key: PublicJwk) -> bytes:
    try:
        return sd_jwt.verify(token, [device_key])
    except TrustError as error:
        raise Refusal("signature_invalid", error.detail) from error


def _claims(payload: bytes, type_: type[M]) -> M:
    try:
        return claims_of(payload, type_, "intent_malformed")
    except TrustError as error:
        raise Refusal(error.code, error.detail) from error


def signs_the_same(tokens: IntentData, order: OrderRow) -> bool:
    """Whether the device signed just what became `order`, whatever its signatures look like."""
    pairs = (
        (tokens.checkout, order.open_checkout or order.closed_checkout),
        (tokens.payment, order.open_payment or order.closed_payment),
    )
    return all(one.rpartition(".")[0] == other.rpartition(".")[0] for one, other in pairs)


def check_agreement(checkout: PersonClaims, payment: PersonClaims) -> None:
    """Raises Refusal claims_disagree."""
    for name in ("aud", "sub", "iat", "exp", "env", "amr", "cnf"):
        if getattr(checkout, name, None) != getattr(payment, name, None):
            raise Refusal("claims_disagree", f"the two mandates have another {name}")


def check_validity(claims: PersonClaims, terms: Terms, now_s: int) -> None:
    """Raises Refusal: audience, environment, confirmation_key, not_yet_valid, expired, lifetime."""
    if claims.aud != terms.merchant.id:
        raise Refusal("audience", "meant for another shop")
    if claims.env != terms.environment:
        raise Refusal("environment", f"signed for {claims.env!r}, this is {terms.environment!r}")
    if isinstance(claims, Claims) and not terms.may_close(claims.cnf.jwk, now_s):
        raise Refusal("confirmation_key", "another agent may close it")
    if claims.iat > now_s + CLOCK_SKEW_S:
        raise Refusal("not_yet_valid", "signed in the future")
    if claims.exp <= now_s:
        raise Refusal("expired", "came too late")
    if not 0 < claims.exp - claims.iat <= terms.longest_lifetime_s:
        raise Refusal("lifetime", "valid for longer than the shop accepts")


def _only(constraints: tuple[object, ...], type_: type[T]) -> T:
    found = [constraint for constraint in constraints if isinstance(constraint, type_)]
    if len(found) != 1:
        raise Refusal("intent_malformed", f"{len(found)} constraints {type_.__name__}; one is wanted")
    return found[0]


def _priced(item: LineItem, prices: PriceList) -> PricedLine:
    if item.quantity > LARGEST_QUANTITY:
        raise Refusal("quantity", f"{item.quantity} of one thing")
    for acceptable in item.acceptable_items:
        price = prices.unit_price(acceptable.id)
        if price is not None:
            return PricedLine(acceptable.id, acceptable.title, item.quantity, price)
    raise Refusal("item_unknown", f"line {item.id} is not sold here")
