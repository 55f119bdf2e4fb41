"""What the shop says of one intent, signed with its receipts key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict
from uuid import UUID

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.receipts import Amount, ReceiptClaims, ReceiptLine
from order_backend.folder import ShopConfig
from order_backend.receipts import receipt_event
from order_backend.shop import OrderRow


class _Addressed(TypedDict):
    iss: str
    iat: int
    aud: str
    env: str
    intent: str
    intent_sha256: str
    cancel: str
    returned: str


class About(msgspec.Struct, frozen=True):
    """Which bytes of which intent are answered: `sha256` (hex) is of the event's data. `cancel` is the id of
    the cancellation that is answered, if one is, and `returned` that of a receipt that came back."""

    device_id: str
    intent_id: str
    sha256: str
    cancel: str = ""
    returned: str = ""


class ReceiptWriter:
    """Receipts as CloudEvents' bytes, for dn/ack."""

    def __init__(self, config: ShopConfig, key: ECKey, new_id: Callable[[], UUID]) -> None:
        self._config, self._key, self._new_id = config, key, new_id

    def placed(self, about: About, order: OrderRow, *, now_s: int) -> bytes:
        """The order stands."""
        claims = ReceiptClaims(
            status="Success",
            reference=sd_jwt.digest(order.closed_checkout),
            order_id=order.order_id,
            total=Amount(order.total_minor, order.currency),
            delivery_date=order.delivery_date,
            lines=msgspec.json.decode(order.lines, type=tuple[ReceiptLine, ...]),
            **self._addressed(about, now_s),
        )
        return receipt_event(claims, self._key, event_id=self._new_id())

    def refused(
        self,
        about: About,
        code: str,
        description: str,
        *,
        now_s: int,
        available: Mapping[str, int] | None = None,
    ) -> bytes:
        """Nothing is ordered. `available` is how much there is of each thing, where it is not enough."""
        claims = ReceiptClaims(
            status="Error",
            reference=jws.base64url(bytes.fromhex(about.sha256)),
            error=code,
            error_description=description,
            available=tuple(ReceiptLine(id_, quantity) for id_, quantity in (available or {}).items()),
            **self._addressed(about, now_s),
        )
        return receipt_event(claims, self._key, event_id=self._new_id())

    def _addressed(self, about: About, now_s: int) -> _Addressed:
        return {
            "iss": self._config.shop_id,
            "iat": now_s,
            "aud": about.device_id,
            "env": self._config.environment,
            "intent": about.intent_id,
            "intent_sha256": about.sha256,
            "cancel": about.cancel,
            "returned": about.returned,
        }
