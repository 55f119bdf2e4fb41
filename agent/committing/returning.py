"""What a shop that came back from a copy has forgotten is given back to it: of each order that it answered in
the time that it has lost, the intent as this device signed it and the receipt as the shop signed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import UUID

from agent.committing import outbox
from agent.committing.envelope import RETURNED, ReturnedData, encode_event, up_topic
from agent.committing.journal import Journal
from agent.committing.receipts import verify_receipt
from agent.committing.trust import Trust
from agent.committing.trusted_time import Lost, TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.settings import Settings

MOST_AT_ONCE = 5
MOST_ATTEMPTS = 20
"""Of one order, by one process: the shop may have a reason that it does not say."""


class Returning:
    """Used from one thread. Which time was lost stands in the shop's signed time."""

    def __init__(
        self,
        journal: Journal,
        trust: Trust,
        time: TrustedTime,
        settings: Settings,
        *,
        monotonic_s: Callable[[], float],
        jitter: Callable[[], float],
        new_id: Callable[[], UUID],
    ) -> None:
        self._journal, self._trust, self._time = journal, trust, time
        self._device, self._orders = settings.device, settings.orders
        self._monotonic_s, self._jitter, self._new_id = monotonic_s, jitter, new_id
        self._lost: tuple[Lost, ...] = ()
        self._waiting: dict[str, float] = {}  # when each is due, in monotonic seconds
        self._attempts: Counter[str] = Counter()

    def leaving(self, *, now_s: int) -> list[Publish]:
        """What is due now. Raises JournalError."""
        if self._time.lost != self._lost:
            self._lost = self._time.lost
            self._waiting = dict.fromkeys(self._journal.to_return(self._lost), 0.0)
            self._attempts.clear()
            if self._waiting:
                audit.log("receipts_returned", count=len(self._waiting))
        if not self._waiting:
            return []
        at_once = list(self._waiting)[:MOST_AT_ONCE]
        due = [intent_id for intent_id in at_once if self._monotonic_s() >= self._waiting[intent_id]]
        return [publish for intent_id in due if (publish := self._returned(intent_id, now_s)) is not None]

    def _returned(self, intent_id: str, now_s: int) -> Publish | None:
        receipt, (_, intent) = self._journal.receipt(intent_id), self._journal.signed_bytes(intent_id)
        self._attempts[intent_id] += 1
        if receipt is None or self._attempts[intent_id] > MOST_ATTEMPTS:
            del self._waiting[intent_id]
            audit.log("receipt_not_taken_back", intent_id=intent_id, next_step="tell the shop its number")
            return None
        self._waiting[intent_id] = self._monotonic_s() + outbox.rest_seconds(
            self._attempts[intent_id],
            shortest_s=self._orders.resend_min_seconds,
            longest_s=self._orders.resend_max_seconds,
            jitter=self._jitter(),
        )
        id_ = self._new_id()
        data = ReturnedData(intent.decode(), receipt.decode())
        payload = encode_event(RETURNED, id_=id_, source=self._device.id, now_s=now_s, data=data)
        return Publish(f"return-{intent_id}", up_topic(self._device.id, "receipt"), payload)

    def answered(self, payload: bytes) -> bool:
        """Whether this is the shop's word that it knows the order again; noted then. Raises JournalError."""
        if not self._waiting:
            return False
        try:
            receipt = verify_receipt(
                payload, self._trust, device_id=self._device.id, environment=self._device.environment
            )
        except TrustError:
            return False
        row = self._journal.order(receipt.intent_id) if receipt.intent_id in self._waiting else None
        if row is None or receipt.cancel or row.state != receipt.status:
            return False
        if receipt.status == "ordered" and row.order_id != receipt.order_id:
            return False
        self._journal.returned(row.intent_id, self._lost)
        del self._waiting[row.intent_id]
        return True
