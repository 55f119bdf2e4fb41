"""DIRECT mode's first half: what a device asks for, priced and signed for it with the shop's offers key.

Nothing is kept of an offer, nothing reserved, and nobody waits for one. It carries the id of the intent that
may take it, and an intent's id is answered once: so of all offers for one intent one at most becomes an
order.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from agent.committing import jws
from agent.committing.envelope import (
    OFFER,
    OFFER_REQUEST,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
)
from agent.committing.offers import (
    OFFER_LIFETIME_S,
    OFFER_TYP,
    OfferClaims,
    OfferedItem,
    OfferedLine,
    priced,
    totals,
)
from agent.committing.statements import CLOCK_SKEW_S, OfferRequestClaims, RequestedLine
from order_backend.checks import LARGEST_QUANTITY, PricedLine, Refusal
from order_backend.device_rules import EVERY_FACTOR, DeviceRules
from order_backend.folder import ShopFolder
from order_backend.limited import Claimed, check_limits, limited_by
from order_backend.price_list import PriceList
from order_backend.prices import Prices
from order_backend.questions import Questions
from order_backend.receipts import Reply
from order_backend.shop import Shop
from order_backend.stock import short, together


class Offers:
    """On the database of one desk."""

    def __init__(
        self,
        folder: ShopFolder,
        shop: Shop,
        questions: Questions,
        prices: Prices,
        rules: DeviceRules,
        new_id: Callable[[], UUID],
    ) -> None:
        """Raises ConfigurationError shop_key_missing."""
        self._shop, self._questions, self._prices, self._new_id = shop, questions, prices, new_id
        self._rules, self._config = rules, folder.config()
        self._key = folder.signing_key("offers")

    def offer(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Answers a signed request. The same request is offered the same again, under another signature.

        Where there is nothing to offer there is no answer, and `code` says why: device_revoked, offer_late
        (asked at another time than now), offer_used, catalogue_unknown, catalogue_withdrawn, item_unknown,
        quantity, unavailable; device_limit, device_rule (whatever would confirm it). The device orders as it
        does offline, and is told in the receipt.

        Raises TrustError: envelope_malformed, and what `Questions.statement` raises.
        """
        event = decode_event(payload, OFFER_REQUEST)
        signed = decode_data(event, SignedData).signed
        claims = self._questions.statement(event, signed, OfferRequestClaims, device_id, now_s=now_s)
        try:
            offer = self._priced(claims, now_s)
        except Refusal as refusal:
            return Reply("", b"", refusal.code)
        token = jws.sign(to_claims(offer), self._key, typ=OFFER_TYP)
        answer = encode_event(
            OFFER, id_=self._new_id(), source=offer.iss, now_s=now_s, data=SignedData(token)
        )
        return Reply("offer", answer, "offered")

    def _priced(self, claims: OfferRequestClaims, now_s: int) -> OfferClaims:
        device = self._shop.device(claims.iss)
        if device is None or not device.active:
            raise Refusal("device_revoked", "this device may not order any more")
        judged_s = max(now_s, self._shop.clock.read().floor_s)
        longest_s = min(OFFER_LIFETIME_S, self._config.longest_lifetime_s)
        exp = min(claims.exp, claims.iat + longest_s)
        if not claims.iat - CLOCK_SKEW_S <= judged_s < exp:
            raise Refusal("offer_late", "was asked for at another time")
        if self._shop.answer(claims.iss, claims.intent) is not None:
            raise Refusal("offer_used", "that intent was answered already")
        prices = self._prices.of(claims.catalogue_version, now_s=judged_s)
        lines = tuple(_line(number, line, prices) for number, line in enumerate(claims.lines, 1))
        self._hold_to(claims, lines)
        wanted = together((line.item.id, line.quantity) for line in lines)
        if short(wanted, self._shop.stock.seen(wanted)):
            raise Refusal("unavailable", "not as many are left")
        return OfferClaims(
            id=claims.intent,
            request=claims.jti,
            iss=self._config.shop_id,
            aud=claims.iss,
            env=self._config.environment,
            iat=claims.iat,
            exp=exp,
            merchant=self._config.merchant,
            currency=prices.currency,
            catalogue_version=claims.catalogue_version,
            line_items=lines,
            totals=totals(sum(line.item.price * line.quantity for line in lines)),
        )

    def _hold_to(self, claims: OfferRequestClaims, lines: tuple[OfferedLine, ...]) -> None:
        """As if it had all that may confirm it: what that is, is known when the offer is taken."""
        event = self._shop.policies.event(claims.iss)
        limited = limited_by(event) if event is not None else None
        asked = Claimed(PricedLine.offered(lines), claims.catalogue_version, EVERY_FACTOR, claims.iat)
        check_limits(limited, asked)
        self._rules.check(limited, asked)


def _line(number: int, line: RequestedLine, prices: PriceList) -> OfferedLine:
    if line.quantity > LARGEST_QUANTITY:
        raise Refusal("quantity", f"{line.quantity} of one thing")
    price = prices.unit_price(line.id)
    if price is None:
        raise Refusal("item_unknown", f"line {number} is not sold here")
    return priced(number, OfferedItem(line.id, line.title, price), line.quantity)
