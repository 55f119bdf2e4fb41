"""How long what was answered is kept: who sent which bytes under which id, for good; the signed receipt, for
as long as anybody may still ask for it.

A receipt that is not kept any more is signed anew from what became of the intent, so "ordered" stays so.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import select, text, tuple_, update

from agent.committing.receipts import CANCELLED
from order_backend.approval_requests import ApprovalRequests
from order_backend.approvals import Approvals
from order_backend.checks import CLOCK_SKEW_S
from order_backend.database import Database
from order_backend.receipt_writer import About, ReceiptWriter
from order_backend.shop import Answer, Shop
from order_backend.tables import answers

SHORTEST_S = 48 * 3600
AFTER_EXP_S = 300
AT_ONCE = 200
LOOK_EVERY_S = 60.0
_IS_KEPT = {"sqlite": "receipt <> x''", "postgresql": "receipt <> ''::bytea"}
"""As in the index, which is only used where a query has the same words."""


def kept_for_s(longest_lifetime_s: int) -> int:
    """Max(48 h, `exp` + 300 s), reckoned from when it was answered: no intent that is valid then ends
    later than this."""
    return max(SHORTEST_S, longest_lifetime_s + CLOCK_SKEW_S + AFTER_EXP_S)


class Retention:
    """Purges a running shop, a little at a time; used from one service's thread."""

    def __init__(self, database: Database, longest_lifetime_s: int) -> None:
        self._db, self._kept_for_s = database, kept_for_s(longest_lifetime_s)
        self._next = 0.0

    def look(self, now_s: Callable[[], int]) -> None:
        """One small transaction now and then; at once another one where there is more."""
        if time.monotonic() >= self._next:
            for over in (Approvals(self._db), ApprovalRequests(self._db)):
                over.purge(now_s=now_s())
            purged = self.purge(now_s())
            self._next = time.monotonic() + (0.0 if purged == AT_ONCE else LOOK_EVERY_S)

    def purge(self, now_s: int) -> int:
        """The oldest receipts that nobody may ask for any more are forgotten, at most `AT_ONCE`; how many."""
        key = tuple_(answers.c.device_id, answers.c.intent_id)
        is_kept = text(_IS_KEPT[self._db.dialect])
        old = select(answers.c.device_id, answers.c.intent_id).where(
            answers.c.at < now_s - self._kept_for_s, is_kept
        )
        with self._db.transaction("retention"):
            rows = [tuple(row) for row in self._db.execute(old.order_by(answers.c.at).limit(AT_ONCE))]
            if rows:
                self._db.execute(update(answers).where(key.in_(rows)).values(receipt=b""))
        return len(rows)


def receipt_again(
    shop: Shop, receipts: ReceiptWriter, device_id: str, intent_id: str, answer: Answer, *, now_s: int
) -> bytes:
    """The receipt as it was given, or, where it is not kept any more, signed anew from what became of the
    intent; inside a transaction."""
    if answer.receipt:
        return answer.receipt
    about = About(device_id, intent_id, answer.sha256)
    order = shop.order(device_id, intent_id)
    if order is None:
        return receipts.refused(about, "expired", "it was refused; why is not kept any more", now_s=now_s)
    if shop.ends.of(order.order_id) == "cancelled":
        return receipts.refused(about, CANCELLED, f"{order.order_id} was taken back", now_s=now_s)
    return receipts.placed(about, order, now_s=now_s)
