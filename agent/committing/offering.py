"""The device's half of an offer (DIRECT mode): the signed request, and whether what comes down answers it.

Nothing is kept and nothing promised: of an offer that nobody consents to, nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID, uuid4

from agent.committing.direct_intents import is_in_time
from agent.committing.envelope import (
    OFFER,
    OFFER_REQUEST,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    up_topic,
)
from agent.committing.keys import KeyStore
from agent.committing.offers import OFFER_LIFETIME_S, OfferClaims, verify_offer
from agent.committing.statements import CLOCK_SKEW_S, OfferRequestClaims, RequestedLine, addressed
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.deciding.basket import Basket, Offer
from agent.deciding.money import Money
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish


class Offered(NamedTuple):
    """What was asked for, at the prices of the offer, and the offer itself."""

    basket: Basket
    offer: Offer


class _Asked(NamedTuple):
    """The one request whose answer is awaited."""

    request: OfferRequestClaims
    basket: Basket


class Offering:
    """Awaits one offer at most: whoever asks anew does not want the one before. Used from one thread."""

    def __init__(
        self,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._keys, self._trust, self._time = keys, trust, time
        self._device_id, self._new_id = device_id, new_id
        self._asked: _Asked | None = None

    def ask(self, basket: Basket) -> Publish:
        """What asks the shop for an offer, under an intent's id that nobody has used. Raises TrustError:
        clock_untrusted, key_store_unavailable."""
        self._asked = None
        id_, now_s = self._new_id(), self._time.now()
        request = OfferRequestClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + OFFER_LIFETIME_S),
            intent=str(self._new_id()),
            catalogue_version=basket.catalogue_version,
            lines=tuple(RequestedLine(line.sku, line.title, line.quantity) for line in basket.lines),
        )
        signed = SignedData(self._keys.sign(request))
        payload = encode_event(OFFER_REQUEST, id_=id_, source=self._device_id, now_s=now_s, data=signed)
        self._asked = _Asked(request, basket)
        return Publish(f"offer-{id_}", up_topic(self._device_id, "offer"), payload)

    def drop(self) -> None:
        """No offer is wanted any more."""
        self._asked = None

    def received(self, payload: bytes) -> Offered:
        """The offer that was asked for, once: it is the shop's, for this device and this request, of exactly
        the things and counts that were asked for, and in time.

        Raises TrustError: envelope_malformed, offer_unasked (none is awaited, or another), offer_other (for
        another device, shop or environment), offer_lines, offer_currency, offer_expired, clock_untrusted, and
        what `verify_offer` raises. Then the one that is awaited may still come.
        """
        token = decode_data(decode_event(payload, OFFER), SignedData).signed
        offer = verify_offer(token, self._trust.keys.offers)
        asked = self._asked
        if asked is None or (offer.request, offer.id) != (asked.request.jti, asked.request.intent):
            raise TrustError("offer_unasked", "answers no question that is open")
        self._check(offer, asked, self._time.now())
        self._asked = None
        prices = (Money(line.item.price, offer.currency) for line in offer.line_items)
        return Offered(asked.basket.at(prices), Offer(token, offer.id, offer.exp, asked.basket))

    def _check(self, offer: OfferClaims, asked: _Asked, now_s: int) -> None:
        trust = self._trust
        meant = (offer.iss, offer.aud, offer.env, offer.merchant)
        if meant != (trust.shop_id, self._device_id, trust.environment, trust.merchant):
            raise TrustError("offer_other", "is by another shop, or for another device or environment")
        lines = tuple(
            RequestedLine(line.item.id, line.item.title, line.quantity) for line in offer.line_items
        )
        if (lines, offer.catalogue_version) != (asked.request.lines, asked.basket.catalogue_version):
            raise TrustError("offer_lines", "offers something else than was asked for")
        if offer.currency != asked.basket.total.currency:
            raise TrustError("offer_currency", f"in {offer.currency}, the prices are in another")
        if offer.iat > now_s + CLOCK_SKEW_S or not is_in_time(offer.exp, now_s):
            raise TrustError("offer_expired", "does not hold now, or not for long enough")
