"""As `test_road_machine`, where people also order by an offer of the shop: requests, offers and closed pairs
are lost, repeated, delayed and altered with all the rest."""

from __future__ import annotations

import contextlib

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agent.committing.envelope import INTENT, IntentData, SignedData, decode_data, decode_event, down_topic
from agent.committing.offering import Offered
from agent.committing.road import RoadEvent
from agent.plumbing.errors import JournalError, TrustError
from agent.plumbing.messages import Publish
from order_backend.desk import Reply
from tests.committing.kit import DEVICE, agreed
from tests.committing.test_road_machine import Replica, Roads, altered

SKEWS_S = (0, 0, 0, -200, 200, 3_700)
"""An offer holds for ten minutes: with clocks that are further apart there is none to be had."""


class DirectRoads(Roads):
    """`offered` is all that was ever read back, whatever was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.offered: list[Offered] = []

    @rule(quantity=st.integers(1, 3))
    def somebody_asks_for_an_offer(self, quantity: int) -> None:
        self.up.append(self.bench.road.offering.ask(agreed(quantity).basket))

    @initialize(
        skews=st.lists(st.sampled_from(SKEWS_S), min_size=2, max_size=2),
        sent=st.booleans(),
        placed=st.booleans(),
    )
    def open_shop(self, skews: list[int], sent: bool = False, placed: bool = False) -> None:
        """And somebody has ordered."""
        super().open_shop(skews)
        self.somebody_orders_by_an_offer(0, sent, placed)

    @rule(seconds=st.sampled_from([1, 30, 300, 601, 4_000]))
    def time_passes(self, seconds: int) -> None:
        self.bench.clocks.pass_by(seconds)

    @rule(replica=st.integers(0, 1), seconds=st.sampled_from(SKEWS_S))
    def somebody_sets_a_clock(self, replica: int, seconds: int) -> None:
        self.replicas[replica].skew_s = seconds

    @rule(replica=st.integers(0, 1), sent=st.booleans(), placed=st.booleans())
    def somebody_orders_by_an_offer(self, replica: int, sent: bool, placed: bool) -> None:
        """All goes as it should, unless the replica's clock is off: so far."""
        request, before = self.bench.road.offering.ask(agreed().basket), len(self.offered)
        reply = self.at_the_shop(request, self.replicas[replica])
        if reply is not None and reply.what:
            self.at_the_device(down_topic(DEVICE, reply.what), reply.payload)
        for offered in self.offered[before:]:
            self.consent(offered)
        if sent:
            self.tick()
        if sent and placed and self.up:
            reply = self.at_the_shop(self.up[-1], self.replicas[replica])
            if reply is not None and reply.what:
                self.down.append((down_topic(DEVICE, reply.what), reply.payload))

    @precondition(lambda self: self.offered)
    @rule(data=st.data())
    def somebody_consents(self, data: st.DataObject) -> None:
        """To any of them, at any time, also twice."""
        self.consent(data.draw(st.sampled_from(self.offered)))

    def consent(self, offered: Offered) -> None:
        order = msgspec.structs.replace(agreed(), basket=offered.basket, offer=offered.offer)
        with contextlib.suppress(JournalError):  # it became an order before
            signed = self.bench.road.commit(order)
            self.signed[signed.intent_id] = decode_data(decode_event(signed.payload, INTENT), IntentData)

    @precondition(lambda self: any(message.topic.endswith("/up/offer") for message in self.up))
    @rule(data=st.data(), replica=st.integers(0, 1))
    def somebody_alters_a_request(self, data: st.DataObject, replica: int) -> None:
        requests = [message for message in self.up if message.topic.endswith("/up/offer")]
        message = self.pick(requests, data, keep=True)
        payload = altered(message.payload, SignedData, "signed")
        assert (
            self.at_the_shop(msgspec.structs.replace(message, payload=payload), self.replicas[replica])
            is None
        )

    def at_the_device(self, topic: str, payload: bytes) -> list[RoadEvent]:
        if not topic.endswith("/dn/offer"):
            return super().at_the_device(topic, payload)
        with contextlib.suppress(TrustError):
            self.offered.append(self.bench.road.offering.received(payload))
        return []

    def at_the_shop(self, message: Publish, replica: Replica) -> Reply | None:
        placed = len(self.shop.orders(10_000))
        reply = super().at_the_shop(message, replica)
        if message.topic.endswith("/up/offer"):
            assert len(self.shop.orders(10_000)) == placed, "an offer is no order"
        return reply

    @invariant()
    def an_offer_becomes_an_order_by_consent_only(self) -> None:
        placed = {order.intent_id for order in self.shop.orders(10_000)}
        taken = placed & {offered.offer.intent_id for offered in self.offered}
        assert taken <= self.signed.keys()


TestDirectRoads = DirectRoads.TestCase
TestDirectRoads.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
