"""What comes down from the shop, by its topic: to whom it is given, and which orders it settles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from agent.committing.cancelling import Cancels
from agent.committing.envelope import down_topic, shop_topic
from agent.committing.leaving import Leaving
from agent.committing.live_trust import LiveTrust
from agent.committing.returning import Returning
from agent.committing.road_events import RoadEvent
from agent.committing.shop_answers import ShopAnswers
from agent.committing.trust import Trust
from agent.plumbing.errors import TrustError

Keep = Callable[[bytes], object]


class Settling(NamedTuple):
    """Who has to know that an order was answered: nothing more is sent for it."""

    answers: ShopAnswers
    leaving: Leaving
    cancels: Cancels
    returning: Returning

    def receipt(self, payload: bytes) -> list[RoadEvent]:
        """A receipt, of an order or of one that was given back."""
        if self.returning.answered(payload):
            return []
        ends = self.answers.receipt(payload)
        self.leaving.answered(ends[0].intent_id)
        self.cancels.answered(ends[0].intent_id)
        self.returning.receipt_taken()
        return list(ends)

    def not_placed(self, payload: bytes) -> list[RoadEvent]:
        """The answer that an intent never came."""
        end = self.answers.not_placed(payload)
        self.leaving.answered(end.intent_id)
        return [end]


class Arriving:
    """Of one device."""

    def __init__(
        self, device_id: str, trust: Trust, settling: Settling, time: Keep, key: Keep, policy: Keep
    ) -> None:
        """`time`, `key` and `policy` take what the shop says of these, and change nothing else here."""
        self._settling: Mapping[str, Callable[[bytes], list[RoadEvent]]] = {
            down_topic(device_id, "ack"): settling.receipt,
            down_topic(device_id, "rsp"): settling.not_placed,
        }
        self._keeps: dict[str, Keep] = {
            down_topic(device_id, "time"): time,
            down_topic(device_id, "key"): key,
            down_topic(device_id, "policy"): policy,
        }
        if isinstance(trust, LiveTrust):
            self._keeps[shop_topic(trust.shop_id, "trust")] = trust.take
            authorities = trust.authorities
            self._keeps[authorities.topic] = lambda payload: authorities.take(payload, trust.keys.policy)

    def take(self, topic: str, payload: bytes) -> list[RoadEvent]:
        """What became of orders by it. Raises TrustError topic_unknown, and what takes it raises; then
        nothing has changed. JournalError."""
        if (settle := self._settling.get(topic)) is not None:
            return settle(payload)
        if (keep := self._keeps.get(topic)) is None:
            raise TrustError("topic_unknown", "not a topic of this device")
        keep(payload)
        return []
