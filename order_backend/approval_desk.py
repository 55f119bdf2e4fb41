"""What devices want approved on phones, taken in: signed by the device, of now, and no more than anybody
asks."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.committing.envelope import (
    APPROVAL_REQUEST,
    APPROVAL_WITHDRAWN,
    SignedData,
    decode_data,
    decode_event,
    type_of,
)
from agent.committing.statements import APPROVAL_LIFETIME_S, CLOCK_SKEW_S, AskedClaims, WithdrawnClaims
from order_backend.approval_requests import shown
from order_backend.questions import Questions
from order_backend.rates import Rates
from order_backend.receipts import Reply
from order_backend.shop import Shop

AT_ONCE, PER_S = 30, 0.5
"""Of one device and order service: each is read and verified, and an honest one asks again every 20 s."""


class ApprovalDesk:
    """Takes them in; on the database of one desk."""

    def __init__(
        self,
        shop: Shop,
        questions: Questions,
        *,
        limited: bool = True,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limited`: how often one device may ask is bounded."""
        self._shop, self._questions = shop, questions
        self._rates, self._monotonic_s = Rates(AT_ONCE, PER_S) if limited else None, monotonic_s

    def take(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Keeps what is to be shown on a phone, or no longer; nothing is answered. `code` says what came of
        it: approval_asked, approval_withdrawn, or asked_too_often, device_revoked, approval_late (at another
        time than now), approval_too_many.

        Raises TrustError: envelope_malformed, approval_malformed, device_unknown, and what
        `Questions.statement` raises.
        """
        if self._rates is not None and not self._rates.allows(device_id, self._monotonic_s()):
            return Reply("", b"", "asked_too_often")
        withdrawn = type_of(payload) == APPROVAL_WITHDRAWN
        event = decode_event(payload, APPROVAL_WITHDRAWN if withdrawn else APPROVAL_REQUEST)
        signed, said = decode_data(event, SignedData).signed, WithdrawnClaims if withdrawn else AskedClaims
        claims = self._questions.statement(event, signed, said, device_id, now_s=now_s)
        asked = shown(claims)
        if not self._shop.is_active(device_id):
            return Reply("", b"", "device_revoked")
        if not claims.iat - CLOCK_SKEW_S <= now_s < claims.exp <= now_s + APPROVAL_LIFETIME_S + CLOCK_SKEW_S:
            return Reply("", b"", "approval_late")
        with self._shop.transaction(device_id, "approvals"):
            if withdrawn:
                self._shop.approval_requests.withdraw(event.id, asked, at_s=now_s, until_s=claims.exp)
                return Reply("", b"", "approval_withdrawn")
            kept = self._shop.approval_requests.put(event.id, asked, at_s=now_s, until_s=claims.exp)
        return Reply("", b"", "approval_asked" if kept else "approval_too_many")
