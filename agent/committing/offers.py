"""The merchant's offer in DIRECT mode: a priced checkout in the shape of UCP (Universal Commerce Protocol),
signed by the shop's offers key for one device and one order.

Amounts are minor units. Shop and device read it with the same eyes: what does not add up is no offer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from agent.committing import jws
from agent.committing.envelope import claims_of
from agent.committing.jws import PublicJwk
from agent.committing.mandates import Merchant, Minor, Positive, Text, UnixSeconds
from agent.committing.statements import Uuid
from agent.plumbing.errors import TrustError

OFFER_TYP = "earmark-offer+jwt"
OFFER_LIFETIME_S = 600


class OfferedItem(msgspec.Struct, frozen=True):
    """`id` is the sku with its options, `price` that of one unit."""

    id: Text
    title: Text
    price: Minor


class Total(msgspec.Struct, frozen=True):
    type: str
    amount: Minor


class OfferedLine(msgspec.Struct, frozen=True):
    id: Text
    item: OfferedItem
    quantity: Positive
    totals: tuple[Total, ...]


class OfferClaims(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the id of the intent that takes it, `request` that of the request that it answers, `iss` the
    shop and `aud` the device; until `exp` (Unix seconds) the shop stands by it."""

    id: Uuid
    request: Uuid
    iss: str
    aud: str
    env: str
    iat: UnixSeconds
    exp: UnixSeconds
    status: Literal["ready_for_complete"] = "ready_for_complete"
    merchant: Merchant
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    catalogue_version: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
    line_items: Annotated[tuple[OfferedLine, ...], msgspec.Meta(min_length=1, max_length=100)]
    totals: tuple[Total, ...]
    links: tuple[str, ...] = ()

    @property
    def total_minor(self) -> int:
        """What all of it costs."""
        return total_of(self.totals)


def verify_offer(token: str, keys: Iterable[PublicJwk]) -> OfferClaims:
    """What one of `keys` offered; for whom and until when is for the caller to look at.

    Raises TrustError: offer_malformed (also where it does not add up), and what `jws.verify` raises.
    """
    offer = claims_of(jws.verify(token, keys, typ=OFFER_TYP), OfferClaims, "offer_malformed")
    costs = [line.item.price * line.quantity for line in offer.line_items]
    if costs != [total_of(line.totals) for line in offer.line_items] or sum(costs) != offer.total_minor:
        raise TrustError("offer_malformed", "its lines and totals do not add up")
    return offer


def read_offer(token: str) -> OfferClaims:
    """What an offer says, without a look at its signature: for who has shown that another covers it. Raises
    TrustError: signature_malformed, offer_malformed."""
    return claims_of(jws.unverified(token), OfferClaims, "offer_malformed")


def priced(number: int, item: OfferedItem, quantity: int) -> OfferedLine:
    """The line of that number (from 1), with what it costs."""
    return OfferedLine(str(number), item, quantity, totals(item.price * quantity))


def totals(minor: int) -> tuple[Total, ...]:
    """UCP's totals where nothing is added to the goods."""
    return tuple(Total(kind, minor) for kind in ("subtotal", "total"))


def total_of(totals: tuple[Total, ...]) -> int:
    """The one amount of type 'total'; -1 where there is none, or another."""
    found = [one.amount for one in totals if one.type == "total"]
    return found[0] if len(found) == 1 else -1
