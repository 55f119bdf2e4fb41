"""A device takes an order back: what came first is decided in a transaction, as orders are placed in one."""

from __future__ import annotations

from typing import Final

import msgspec

from agent.committing.envelope import CANCEL, SignedData, decode_data, decode_event
from agent.committing.receipts import CANCELLED
from agent.committing.statements import CancelClaims
from agent.plumbing.errors import TrustError
from order_backend.checks import PricedLine
from order_backend.growth import GROWS_TOO_FAST, Growth
from order_backend.questions import Questions
from order_backend.receipt_writer import About, ReceiptWriter
from order_backend.receipts import IN_DOUBT, Reply
from order_backend.shop import NEVER_CAME, Answer, OrderRow, Shop
from order_backend.stock import together

TOO_LATE: Final = "too_late"


class Cancelling:
    """On the database of one desk."""

    def __init__(self, shop: Shop, questions: Questions, receipts: ReceiptWriter, growth: Growth) -> None:
        self._shop, self._questions, self._receipts, self._growth = shop, questions, receipts, growth

    def cancel(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Answers with a receipt of the named intent, on disk when this returns: refused as 'cancelled', or
        placed where the order stands because it was accepted before, or because the cancellation came after
        its own time; from then on nothing is judged by an earlier one. An intent that has not come yet is
        refused when it does; one that a restored shop may have lost is not answered.

        Raises TrustError: envelope_malformed, device_revoked, and what `Questions.statement` raises; then
        there is no answer.
        """
        event = decode_event(payload, CANCEL)
        signed = decode_data(event, SignedData).signed
        claims = self._questions.statement(event, signed, CancelClaims, device_id, now_s=now_s)
        about = About(device_id, claims.intent, claims.intent_sha256, claims.jti)
        with self._shop.transaction(device_id, claims.intent):
            device = self._shop.device(device_id)
            if device is None or not device.active:
                raise TrustError("device_revoked", "this device may not cancel any more")
            order = self._shop.order(device_id, claims.intent)
            if order is not None and not self._undo(order, claims, now_s):
                return Reply("ack", self._receipts.placed(about, order, now_s=now_s), TOO_LATE)
            before = self._shop.answer(device_id, claims.intent)
            unheard_of = order is None and before is None
            if unheard_of and self._shop.restores.of_question(device_id, claims.intent):
                self._shop.restores.note(device_id, claims.intent, b"", now_s=now_s)
                return IN_DOUBT
            if unheard_of and not self._growth.allows(device_id):
                return GROWS_TOO_FAST
            said = "the device took it back" if order is None else f"{order.order_id} was taken back"
            receipt = self._receipts.refused(about, CANCELLED, said, now_s=now_s)
            if order is not None:
                # Whoever sends the intent again, or asks after it, is told how it ended.
                self._shop.replace_receipt(device_id, claims.intent, receipt)
            elif before is None or before.sha256 == NEVER_CAME:
                answer = Answer(claims.intent_sha256, receipt)
                self._shop.keep_answer(device_id, claims.intent, answer, now_s=now_s)
            return Reply("ack", receipt, CANCELLED)

    def _undo(self, order: OrderRow, claims: CancelClaims, now_s: int) -> bool:
        """Whether the order is cancelled, now or before. One that was signed by a clock that is ahead counts
        as well: it names the order's signed bytes, so it was not made before them."""
        if max(now_s, self._shop.clock.read().floor_s) >= claims.exp:
            # The device is told that the order stands, and another replica may have another clock.
            self._shop.clock.never_earlier_than(now_s)
        elif self.undo(order, now_s=now_s):
            self._shop.notices.cancelled(order.order_id, order.device_id, claims.amr, now_s=now_s)
            return True
        return self._shop.ends.of(order.order_id) == "cancelled"

    def undo(self, order: OrderRow, *, now_s: int) -> bool:
        """Cancels it and gives back what it took, inside a transaction; False where it has an end already."""
        if self._shop.ends.put(order.order_id, "cancelled", now_s=now_s):
            lines = msgspec.json.decode(order.lines, type=list[PricedLine])
            self._shop.stock.give_back(together((line.id, line.quantity) for line in lines))
            account = self._shop.accounts.lock(order.device_id, order.account_id)
            self._shop.accounts.owe(account, -order.total_minor)
            return True
        return False
