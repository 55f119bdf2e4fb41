"""What a shop that came back from a copy has forgotten is given back to it: of each order that it answered in
the time that it has lost, the intent as this device signed it and the receipt as the shop signed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import UUID

from agent.committing.envelope import RETURNED, ReturnedData, encode_event, up_topic
from agent.committing.journal import Journal
from agent.committing.receipts import verify_receipt
from agent.committing.trust import Trust
from agent.committing.trusted_time import Lost, TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.settings import Device

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
        device: Device,
        *,
        monotonic_s: Callable[[], float],
        rest_s: Callable[[int], float],
        new_id: Callable[[], UUID],
    ) -> None:
        """`rest_s` gives the rest after so many attempts."""
        self._journal, self._trust, self._time, self._device = journal, trust, time, device
        self._monotonic_s, self._rest_s, self._new_id = monotonic_s, rest_s, new_id
        self._lost: tuple[Lost, ...] = ()
        self._waiting: dict[str, float] = {}  # when each is due, in monotonic seconds
        self._attempts: Counter[str] = Counter()
        self._sent: dict[str, set[str]] = {}  # ids of the messages, by the intent's
        self._look_again = False

    def leaving(self, *, now_s: int) -> list[Publish]:
        """What is due now. Raises JournalError."""
        if self._time.lost != self._lost:
            self._lost, self._look_again = self._time.lost, True
            self._waiting.clear()
            self._attempts.clear()
            self._sent.clear()
        if self._look_again:
            self._look()
        if not self._waiting:
            return []
        at_once = list(self._waiting)[:MOST_AT_ONCE]
        due = [intent_id for intent_id in at_once if self._monotonic_s() >= self._waiting[intent_id]]
        return [publish for intent_id in due if (publish := self._returned(intent_id, now_s)) is not None]

    def _look(self) -> None:
        self._look_again = False
        before = len(self._waiting)
        for intent_id in self._journal.to_return(self._lost):
            if self._attempts[intent_id] <= MOST_ATTEMPTS:
                self._waiting.setdefault(intent_id, 0.0)
        if len(self._waiting) > before:
            audit.log("receipts_returned", count=len(self._waiting))

    def _returned(self, intent_id: str, now_s: int) -> Publish | None:
        data = self._kept(intent_id)
        self._attempts[intent_id] += 1
        if data is None or self._attempts[intent_id] > MOST_ATTEMPTS:
            del self._waiting[intent_id]
            audit.log("receipt_not_taken_back", intent_id=intent_id, next_step="tell the shop its number")
            return None
        self._waiting[intent_id] = self._monotonic_s() + self._rest_s(self._attempts[intent_id])
        id_ = self._new_id()
        self._sent.setdefault(intent_id, set()).add(str(id_))
        payload = encode_event(RETURNED, id_=id_, source=self._device.id, now_s=now_s, data=data)
        return Publish(f"return-{intent_id}", up_topic(self._device.id, "receipt"), payload)

    def _kept(self, intent_id: str) -> ReturnedData | None:
        """None where the order has gone since, or storage has altered what is kept of it."""
        receipt = self._journal.receipt(intent_id)
        if receipt is None:
            return None
        try:
            return ReturnedData(self._journal.signed_bytes(intent_id)[1].decode(), receipt.decode())
        except UnicodeDecodeError:
            return None

    def answered(self, payload: bytes) -> bool:
        """Whether this is the shop's word that it knows the order again; noted then. Raises JournalError."""
        if not self._sent:
            return False
        try:
            receipt = verify_receipt(
                payload, self._trust, device_id=self._device.id, environment=self._device.environment
            )
        except TrustError:
            return False
        if receipt.returned not in self._sent.get(receipt.intent_id, ()):
            return False
        row = self._journal.order(receipt.intent_id)
        numbers = (row.state, row.order_id) if row is not None else ("", "")
        if numbers != (receipt.status, receipt.order_id) and receipt.status == "ordered":
            audit.log("receipt_contradicts", intent_id=receipt.intent_id, next_step="ask the shop")
        self._journal.returned(receipt.intent_id, self._lost)
        self._waiting.pop(receipt.intent_id, None)
        return True

    def receipt_taken(self) -> None:
        """Another one, which may be of the lost time and have been late."""
        self._look_again = bool(self._lost)
