"""What only the shop knows, answered to the device that asks: signed with the receipts key, and naming the
question.

Questions that change nothing leave nothing behind; what somebody has to deal with, `kept_asks` keeps. A
device is told of its own orders only; of another's no more than of one that there never was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import (
    ASK,
    TOLD,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
    type_of,
)
from agent.committing.statements import CLOCK_SKEW_S, AskClaims
from agent.committing.told_claims import TOLD_TYP, ToldClaims
from agent.plumbing.told import AskKind, Told, ToldLine, ToldOffer
from order_backend.checks import Refusal
from order_backend.folder import ShopConfig
from order_backend.kept_asks import KeptAsks
from order_backend.prices import Prices
from order_backend.questions import Questions
from order_backend.rates import Rates
from order_backend.receipts import Reply
from order_backend.shop import OrderRow, Shop

ASKS_AT_ONCE, ASKS_PER_S = 30, 1.0
"""Of one device and order service: each is read, verified and signed; nobody types so fast for long."""


def is_ask(payload: bytes) -> bool:
    """Whether it is for `Asks.ask`, among what comes on up/query."""
    return type_of(payload) == ASK


class Asks:
    """On the database of one desk."""

    def __init__(
        self,
        shop: Shop,
        config: ShopConfig,
        questions: Questions,
        prices: Prices,
        receipts_key: ECKey,
        new_id: Callable[[], UUID],
        number: Callable[[], str],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shop, self._config, self._questions, self._prices = shop, config, questions, prices
        self._key, self._new_id, self._monotonic_s = receipts_key, new_id, monotonic_s
        self._rates = Rates(ASKS_AT_ONCE, ASKS_PER_S) if config.messages_per_second else None
        self._kept = KeptAsks(shop, prices, number)
        self._answers: Mapping[AskKind, Callable[[AskClaims, int], Told]] = {
            "stock": self._stock,
            "status": self._status,
            "delivery": self._delivery,
            "offers": self._offers,
        }

    def ask(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Answers a signed question.

        Where there is no answer, `code` says why: asked_too_often, ask_late (at another time than now),
        device_revoked, ask_malformed (not what a question of its kind is about), idempotency_conflict. The
        device says then that the shop did not answer.

        Raises TrustError: envelope_malformed, and what `Questions.statement` raises.
        """
        if self._rates is not None and not self._rates.allows(device_id, self._monotonic_s()):
            return Reply("", b"", "asked_too_often")
        event = decode_event(payload, ASK)
        signed = decode_data(event, SignedData).signed
        claims = self._questions.statement(event, signed, AskClaims, device_id, now_s=now_s)
        try:
            if self._kept.takes(claims.kind):
                with self._shop.transaction(device_id, "asks"):
                    self._check(claims, now_s)
                    told = self._kept.take(claims, now_s)
            else:
                with self._shop.database.snapshot():
                    self._check(claims, now_s)
                    told = self._answers[claims.kind](claims, now_s)
        except Refusal as refusal:
            return Reply("", b"", refusal.code)
        return Reply("rsp", self._signed(told, claims, now_s), f"told_{told.code or told.kind}")

    def _check(self, claims: AskClaims, now_s: int) -> None:
        device = self._shop.device(claims.iss)
        if device is None or not device.active:
            raise Refusal("device_revoked", "this device is told nothing any more")
        judged_s = max(now_s, self._shop.clock.read().floor_s)
        if not claims.iat - CLOCK_SKEW_S <= judged_s < claims.exp:
            raise Refusal("ask_late", "was asked at another time")
        needs: Mapping[AskKind, bool] = {
            "stock": bool(claims.lines),
            "quote": bool(claims.lines),
            "status": len(claims.orders) == 1,
            "return": len(claims.orders) == 1,
        }
        if not needs.get(claims.kind, True):
            raise Refusal("ask_malformed", "is not about what it has to be about")

    def _signed(self, told: Told, claims: AskClaims, now_s: int) -> bytes:
        shop_id, environment = self._config.shop_id, self._config.environment
        about = ToldClaims(
            **msgspec.structs.asdict(told),
            iss=shop_id,
            iat=now_s,
            aud=claims.iss,
            env=environment,
            ask=claims.jti,
        )
        token = jws.sign(to_claims(about), self._key, typ=TOLD_TYP)
        return encode_event(TOLD, id_=self._new_id(), source=shop_id, now_s=now_s, data=SignedData(token))

    def _delivery(self, claims: AskClaims, now_s: int) -> Told:
        day = self._shop.deliveries.day(now_s, self._config.delivery_business_days)
        until_s = self._shop.deliveries.until_s(now_s)
        lines = self._left(claims)
        return Told(kind="delivery", lines=lines, delivery_date=day.isoformat(), until_s=until_s)

    def _offers(self, _: AskClaims, now_s: int) -> Told:
        today = datetime.fromtimestamp(now_s, UTC).date().isoformat()
        offers = (ToldOffer(one.words, one.product, one.until) for one in self._shop.promotions.on(today))
        return Told(kind="offers", offers=tuple(offers))

    def _stock(self, claims: AskClaims, _: int) -> Told:
        return Told(kind="stock", lines=self._left(claims))

    def _left(self, claims: AskClaims) -> tuple[ToldLine, ...]:
        prices = self._prices.then(self._shop.published.newest_number())
        counted = self._shop.stock.seen(line.id for line in claims.lines)
        return tuple(
            ToldLine(line.id, prices.unit_price(line.id) is not None, counted.get(line.id))
            for line in claims.lines
        )

    def _status(self, claims: AskClaims, _: int) -> Told:
        order = self._own_order(claims)
        if order is None:
            return Told(kind="status", code="order_unknown")
        return Told(
            kind="status",
            state=self._shop.ends.of(order.order_id) or "placed",
            number=order.order_id,
            delivery_date=order.delivery_date,
        )

    def _own_order(self, claims: AskClaims) -> OrderRow | None:
        order = self._shop.order(claims.iss, claims.orders[0])
        return order if order is not None and order.person == claims.sub else None
