"""The device within what hosted brokers take: its constants, its longest topics, and a real packet."""

from __future__ import annotations

import ssl

import pytest

from agent.committing import envelope, mqtt_link
from agent.committing.catalogue_manifest import LARGEST_PART_BYTES
from agent.committing.envelope import (
    LARGEST_PAYLOAD_BYTES,
    catalogue_topic,
    down_topic,
    part_topic,
    up_topic,
)
from agent.committing.mqtt_link import MqttLink
from agent.plumbing.settings import Broker, Orders
from tests.committing.broker_limits import AWS_IOT_CORE, AZURE_EVENT_GRID, Limits
from tests.committing.kit import Bench, agreed

LONGEST_ID = "d" * 64
UP, DOWN = ("intent", "query", "receipt", "status", "tel"), ("ack", "rsp", "time", "policy", "#")

both = pytest.mark.parametrize("limits", [AWS_IOT_CORE, AZURE_EVENT_GRID], ids=["aws", "azure"])


@both
def test_the_longest_topics_and_names_fit(limits: Limits) -> None:
    topics = [up_topic(LONGEST_ID, what) for what in UP] + [down_topic(LONGEST_ID, what) for what in DOWN]
    topics += [catalogue_topic(LONGEST_ID), part_topic(LONGEST_ID, "f" * 64)]
    assert max(len(topic.encode()) for topic in topics) <= (limits.topic_bytes or 2**16)
    assert max(topic.count("/") for topic in topics) <= (limits.topic_slashes or 2**16)
    assert len(LONGEST_ID) <= limits.client_id_bytes
    with pytest.raises(ValueError, match="not a device id"):
        envelope.device_base(LONGEST_ID + "d")


@both
def test_the_session_asks_for_no_more_than_it_may(limits: Limits) -> None:
    broker = Broker()
    assert broker.keepalive_seconds <= limits.longest_keepalive_s
    assert limits.longest_will_delay_s >= mqtt_link.WILL_DELAY_S
    assert limits.unacknowledged >= mqtt_link.RECEIVE_MAXIMUM
    assert limits.publishes_a_second >= mqtt_link.MOST_QUEUED  # even if all leave at once
    assert min(limits.payload_bytes, limits.retained_bytes) >= LARGEST_PAYLOAD_BYTES > LARGEST_PART_BYTES
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    filters = MqttLink(LONGEST_ID, broker, context, jitter=lambda: 0.0)._subscription()
    assert len(filters) <= limits.filters_in_a_subscribe
    assert {qos for _, qos in filters} <= set(range(limits.highest_qos + 1))


@both
def test_an_order_as_large_as_a_device_takes_fits(bench: Bench, limits: Limits) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    assert 5 * len(intent.payload) < min(LARGEST_PAYLOAD_BYTES, limits.payload_bytes)


def test_a_session_that_is_shortened_loses_nothing_but_time() -> None:
    """A receipt that the broker has forgotten comes again, because the intent does, and long before that."""
    assert AZURE_EVENT_GRID.session_expiry_s < Broker().session_expiry_seconds
    assert Orders().resend_max_seconds * 10 < AZURE_EVENT_GRID.session_expiry_s
