"""What the shop answers, believed only as far as its signatures go, and written to the journal.

What is forged, altered, foreign or repeated raises TrustError and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol, TypedDict, Unpack

from agent.committing.agreement import Difference, available, difference
from agent.committing.journal import Journal
from agent.committing.journal_rows import DAMAGED, OPEN, OrderRow, State
from agent.committing.read_back import closed_reference
from agent.committing.receipts import CANCELLED, Receipt, verify_answer, verify_receipt
from agent.committing.road_events import (
    CancelTooLate,
    OrderDiffers,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    about,
)
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing.errors import TrustError
from agent.plumbing.settings import Device


class Details(TypedDict, total=False):
    """What `Journal.move` keeps beside the state."""

    order_id: str
    reason: str
    delivery_date: str
    receipt: bytes | None
    charged_minor: int | None


class Move(Protocol):
    """`OrderRoad._move`: takes an order to another state, at the time that the road knows."""

    def __call__(self, intent_id: str, state: State, **details: Unpack[Details]) -> None: ...


class ShopAnswers:
    """Used from one thread. What it cannot believe of the time is counted in `refused`, by error code."""

    def __init__(
        self,
        journal: Journal,
        trust: Trust,
        time: TrustedTime,
        device: Device,
        move: Move,
        label_s: Callable[[], int],
        early: Callable[[str], None],
        refused: Counter[str],
    ) -> None:
        """`label_s` gives the time for a journal row; `early` is told of an order that is asked after, and
        which the shop has not and may still place."""
        self._journal, self._trust, self._time, self._device = journal, trust, time, device
        self._move, self._label_s, self._early, self._refused = move, label_s, early, refused

    def receipt(self, payload: bytes) -> list[OrderPlaced | OrderDiffers | OrderRefused | CancelTooLate]:
        """The end of an open order, or of a cancellation. One that was ordered otherwise than agreed ends as
        'ordered', for the money may be gone, with the difference as its reason.

        Raises TrustError (what `verify_receipt` raises, receipt_other_intent, receipt_repeated,
        receipt_contradicts) and JournalError."""
        receipt = verify_receipt(
            payload, self._trust, device_id=self._device.id, environment=self._device.environment
        )
        self._take_time(receipt.iat)
        ordered = self._journal.order(receipt.intent_id)
        if ordered is not None and ordered.state == "ordered":
            return [self._cancel_answered(ordered, receipt, payload)]
        row = self._own_order(receipt)
        differs = self._difference(receipt, row) if receipt.status == "ordered" else ""
        self._move(
            row.intent_id,
            receipt.status,
            order_id=receipt.order_id,
            reason=differs or receipt.error,
            delivery_date=receipt.delivery_date,
            receipt=payload,
            charged_minor=_charged(receipt, row),
        )
        if receipt.status == "refused":
            return [OrderRefused(*about(row), receipt.error, available(receipt, row))]
        end = (
            OrderDiffers(*about(row), receipt.order_id, differs)
            if differs
            else OrderPlaced(*about(row), receipt.order_id, receipt.delivery_date)
        )
        return [end, self._too_late(row)] if receipt.cancel else [end]

    def _difference(self, receipt: Receipt, row: OrderRow) -> Difference:
        _, payload = self._journal.signed_bytes(row.intent_id)
        return difference(receipt, row, closed_reference(payload, receipt.intent_sha256))

    def _cancel_answered(
        self, row: OrderRow, receipt: Receipt, payload: bytes
    ) -> OrderRefused | CancelTooLate:
        if receipt.intent_sha256 != row.sha256:
            raise TrustError("receipt_other_intent", f"answers other bytes of {row.intent_id}")
        if receipt.status == "refused" and receipt.error == CANCELLED:
            self._move(row.intent_id, "refused", order_id=row.order_id, reason=CANCELLED, receipt=payload)
            return OrderRefused(*about(row), CANCELLED)
        cancel = self._journal.cancel(row.intent_id)
        agrees = receipt.status == "ordered" and receipt.order_id == row.order_id
        if not agrees or not receipt.cancel or cancel is None or cancel.outcome:
            raise TrustError(
                "receipt_repeated" if agrees else "receipt_contradicts", f"{row.intent_id} is ordered already"
            )
        return self._too_late(row)

    def _too_late(self, row: OrderRow) -> CancelTooLate:
        self._journal.settle_cancel(row.intent_id, "too_late", now_s=self._label_s())
        return CancelTooLate(*about(row))

    def not_placed(self, payload: bytes) -> OrderExpired:
        """The answer to a question after an order whose time is over. Raises TrustError (what `verify_answer`
        raises, receipt_other_intent, receipt_too_early) and JournalError."""
        answer = verify_answer(
            payload, self._trust, device_id=self._device.id, environment=self._device.environment
        )
        self._take_time(answer.iat)
        row = self._journal.order(answer.intent)
        if row is None:
            raise TrustError("receipt_other_intent", "answers no intent of this device")
        if row.state != "unknown" or answer.iat <= row.exp:
            # Said before `exp`, "not placed" may be true and still become false.
            if row.state == "unknown":
                self._early(row.intent_id)
            raise TrustError("receipt_too_early", f"{row.intent_id} may still be placed")
        self._move(row.intent_id, "expired", receipt=payload)
        return OrderExpired(*about(row))

    def _own_order(self, receipt: Receipt) -> OrderRow:
        row = self._journal.order(receipt.intent_id)
        same_bytes = row is not None and row.sha256 == receipt.intent_sha256
        if row is not None and ((row.reason == DAMAGED and row.state in OPEN) or row.state == "unknown"):
            # Its digest may be what was altered; or somebody on the way wrote our mandates in other bytes,
            # and those alone reached the shop. What we signed under this id is one order. A refusal of other
            # bytes says nothing about ours.
            same_bytes = same_bytes or receipt.status == "ordered"
        if row is None or not same_bytes:
            raise TrustError("receipt_other_intent", "answers no intent of this device, or other bytes of it")
        if row.state not in OPEN:
            agrees = row.state == receipt.status and row.order_id == receipt.order_id
            code = "receipt_repeated" if agrees else "receipt_contradicts"
            raise TrustError(code, f"{row.intent_id} is {row.state} already")
        return row

    def _take_time(self, unix_s: int) -> None:
        try:
            self._time.accept(unix_s)
        except TrustError as error:  # an old receipt is still a receipt; it only does not set the clock
            self._refused[error.code] += 1


def _charged(receipt: Receipt, row: OrderRow) -> int | None:
    total = receipt.total
    return total.amount if total is not None and total.currency == row.total.currency else None
