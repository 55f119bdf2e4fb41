"""Questions that somebody at the shop has to deal with: a ticket, a return, a quote. Each is kept under a
number, and asked again it is answered the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from agent.committing.statements import AskClaims
from agent.plumbing.told import AskKind, Told
from order_backend.checks import LARGEST_QUANTITY, Refusal
from order_backend.prices import Prices
from order_backend.requests import MOST_OPEN, Request
from order_backend.shop import Shop

QUOTE_DAYS = 14


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in `Request.about`, for who deals with it."""

    orders: tuple[str, ...] = ()
    lines: tuple[tuple[str, int], ...] = ()
    codes: tuple[str, ...] = ()


class KeptAsks:
    """On the database of one desk."""

    def __init__(self, shop: Shop, prices: Prices, number: Callable[[], str]) -> None:
        """`number` gives one of an order, E-..., that there is not yet."""
        self._shop, self._prices, self._number = shop, prices, number
        self._kinds: Mapping[AskKind, tuple[str, Callable[[AskClaims, int, str], Told]]] = {
            "ticket": ("T", lambda _, __, number: Told(kind="ticket", number=number)),
            "return": ("R", self._return),
            "quote": ("Q", self._quote),
        }

    def takes(self, kind: AskKind) -> bool:
        """Whether it is for here."""
        return kind in self._kinds

    def take(self, claims: AskClaims, now_s: int) -> Told:
        """Inside a transaction that is alone with what the device asks. Raises Refusal
        idempotency_conflict where something else was asked under its id."""
        sha256 = hashlib.sha256(msgspec.json.encode(claims)).hexdigest()
        before = self._shop.requests.asked(claims.iss, claims.jti)
        if before is not None and before.sha256 != sha256:
            raise Refusal("idempotency_conflict", "something else was asked under this id")
        if before is not None:
            return msgspec.json.decode(before.told, type=Told)
        if self._shop.requests.open_count(claims.iss) >= MOST_OPEN:
            return Told(kind=claims.kind, code="too_many_open")
        letter, answer = self._kinds[claims.kind]
        number = letter + self._number().removeprefix("E")
        told = answer(claims, now_s, number)
        if told.number == number:
            self._keep(claims, told, sha256, now_s)
        return told

    def _keep(self, claims: AskClaims, told: Told, sha256: str, now_s: int) -> None:
        orders = [self._shop.order(claims.iss, intent) for intent in claims.orders]
        numbers = tuple(order.order_id for order in orders if order is not None)
        about = About(numbers, tuple((line.id, line.quantity) for line in claims.lines), claims.codes)
        self._shop.requests.add(
            Request(
                *(told.number, claims.iss, claims.jti, claims.kind, claims.sub),
                order_id=numbers[0] if claims.kind == "return" else "",
                about=msgspec.json.encode(about).decode(),
                sha256=sha256,
                told=msgspec.json.encode(told).decode(),
                at=now_s,
            )
        )

    def _return(self, claims: AskClaims, _: int, number: str) -> Told:
        """Of an order that was handed over, once."""
        order = self._shop.order(claims.iss, claims.orders[0])
        if order is None or order.person != claims.sub:
            return Told(kind="return", code="order_unknown")
        end = self._shop.ends.of(order.order_id)
        if end != "accepted":
            return Told(kind="return", code="order_cancelled" if end else "order_not_accepted")
        return Told(kind="return", number=self._shop.requests.return_of(order.order_id) or number)

    def _quote(self, claims: AskClaims, now_s: int, number: str) -> Told:
        prices = self._prices.then(self._shop.published.newest_number())
        total = 0
        for line in claims.lines:
            price = prices.unit_price(line.id)
            if price is None or line.quantity > LARGEST_QUANTITY:
                return Told(kind="quote", code="item_unknown" if price is None else "quantity")
            total += price * line.quantity
        until = datetime.fromtimestamp(now_s, UTC).date() + timedelta(days=QUOTE_DAYS)
        return Told(
            kind="quote", number=number, amount=total, currency=prices.currency, until=until.isoformat()
        )
