"""What two hosted MQTT brokers take of one device, by their makers' pages as of November 2026. Where a page
tells no limit, MQTT's own stands here.

AWS IoT Core: "AWS IoT Core endpoints and quotas", message broker. Azure: "Azure Event Grid quotas and limits"
and "MQTT features supported".
"""

from __future__ import annotations

from typing import NamedTuple

_OF_MQTT_BYTES = 65_535
_NONE = 2**31


class Limits(NamedTuple):
    """Bytes and seconds. A longer session than `session_expiry_s` is shortened to it; a device has to live
    with that."""

    topic_bytes: int
    topic_slashes: int
    client_id_bytes: int
    filters_in_a_subscribe: int
    payload_bytes: int
    retained_bytes: int
    highest_qos: int
    longest_keepalive_s: int
    longest_will_delay_s: int
    unacknowledged: int
    publishes_a_second: int
    session_expiry_s: int
    shared_subscriptions: bool


AWS_IOT_CORE = Limits(
    topic_bytes=256,
    topic_slashes=7,
    client_id_bytes=128,
    filters_in_a_subscribe=8,
    payload_bytes=128 * 1024,
    retained_bytes=128 * 1024,
    highest_qos=1,
    longest_keepalive_s=1_200,
    longest_will_delay_s=_NONE,
    unacknowledged=100,
    publishes_a_second=100,
    session_expiry_s=7 * 24 * 3_600,
    shared_subscriptions=True,
)
AZURE_EVENT_GRID = Limits(
    topic_bytes=_OF_MQTT_BYTES,
    topic_slashes=_NONE,
    client_id_bytes=128,
    filters_in_a_subscribe=_NONE,
    payload_bytes=512 * 1024,
    retained_bytes=64 * 1024,
    highest_qos=1,
    longest_keepalive_s=1_160,
    longest_will_delay_s=300,
    unacknowledged=1_000,
    publishes_a_second=1_000,
    session_expiry_s=3_600,
    shared_subscriptions=False,
)
"""`shared_subscriptions`: without them each replica of the shop needs topics of its own there."""
