"""What people said yes to in a chaos run, and whether the shop's orders are that: a pure comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from agent.bench.chaos_shim import unchecked_claims
from agent.committing.jws import PublicJwk
from agent.committing.offers import verify_offer
from agent.deciding.basket import Basket
from agent.plumbing.errors import TrustError
from order_backend.shop import OrderRow as ShopOrder


class Agreed(msgspec.Struct, frozen=True):
    """Somebody at `device` said yes to these things (sku, quantity) at this total, by that offer (the shop's
    JWS, '' where none was heard). `intent_id` is the id of the wish in the plan."""

    device: str
    intent_id: str
    lines: tuple[tuple[str, int], ...]
    total_minor: int
    offer: str = ""

    @staticmethod
    def to(basket: Basket, *, device: str, intent_id: str, offer: str) -> Agreed:
        """To what was read back."""
        lines = tuple((line.sku, line.quantity) for line in basket.lines)
        return Agreed(device, intent_id, lines, basket.total.minor, offer)


def not_as_agreed(
    agreed: Sequence[Agreed],
    orders: Iterable[ShopOrder],
    offered: Mapping[str, str],
    keys: Iterable[PublicJwk],
) -> int:
    """How many orders are not what was agreed to last before them, and how many people heard an offer that
    the shop had not made to their device, for their order, of these things, at this total.

    `agreed` is in the order in which it was said; `offered` as `Plan.offered`; `keys`: those that ever signed
    the shop's offers.
    """
    last = {one.intent_id: one for one in agreed}
    of_wish = {wish: id_ for id_, wish in offered.items()}
    wrong = sum(
        not _as_agreed(order, last.get(offered.get(order.intent_id, order.intent_id))) for order in orders
    )
    believed = tuple(keys)
    heard = [one for one in agreed if one.offer]
    return wrong + sum(not _offered(one, of_wish.get(one.intent_id, ""), believed) for one in heard)


def _as_agreed(order: ShopOrder, yes: Agreed | None) -> bool:
    if yes is None or _counts(yes.lines) != _ordered(order):
        return False
    if order.open_checkout:  # closed by the shop, over a limit
        return order.total_minor <= yes.total_minor
    over = str(unchecked_claims(order.closed_checkout).get("checkout_jwt"))
    return bool(yes.offer) and (over, order.total_minor) == (yes.offer, yes.total_minor)


def _offered(yes: Agreed, offered_id: str, keys: tuple[PublicJwk, ...]) -> bool:
    try:
        offer = verify_offer(yes.offer, keys)
    except TrustError:
        return False
    lines = _counts((line.item.id, line.quantity) for line in offer.line_items)
    said = (offer.aud, offer.id, offer.total_minor, lines)
    return said == (yes.device, offered_id, yes.total_minor, _counts(yes.lines))


def _ordered(order: ShopOrder) -> Counter[str]:
    lines = msgspec.json.decode(order.lines, type=list[_Line])
    return _counts((line.id, line.quantity) for line in lines)


class _Line(msgspec.Struct, frozen=True):
    id: str
    quantity: int


def _counts(lines: Iterable[tuple[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for sku, quantity in lines:
        counts[sku] += quantity
    return counts
