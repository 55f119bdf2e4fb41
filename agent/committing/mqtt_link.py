"""The MQTT 5 session of one device with the shop's broker: topics and bytes, and nothing about orders."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import uuid4

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.committing.envelope import STATUS, StatusData, device_base, encode_event, up_topic
from agent.committing.tls import probe_broker
from agent.plumbing import audit
from agent.plumbing.in_flight import InFlight
from agent.plumbing.link_errors import code_of_openssl_text
from agent.plumbing.messages import Presence
from agent.plumbing.mqtt_client import Down, MqttSession, UnboundClient, Up
from agent.plumbing.settings import Broker

RECEIVE_MAXIMUM = 10
MAXIMUM_PACKET_BYTES = 128 * 1024
WILL_DELAY_S = 30
UNACKNOWLEDGED_S = 60.0
"""A broker that answers PINGs and has acknowledged nothing for so long will not any more."""
MOST_QUEUED = 100
_SESSION_TAKEN_OVER = 0x8E


class Incoming(NamedTuple):
    """A message from the broker, not acknowledged until `MqttLink.done` is told so."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    session: int


class Acknowledged(NamedTuple):
    """The broker took the message that was published as `ref`."""

    ref: str


LinkEvent = Incoming | Acknowledged | Up | Down


class MqttLink(MqttSession[Incoming | Acknowledged]):
    """To find out why a broker hung up, `step` may take as long again as connecting does."""

    def __init__(
        self,
        device_id: str,
        broker: Broker,
        context: ssl.SSLContext,
        *,
        jitter: Callable[[], float],
        shop_topics: tuple[str, ...] = (),
        refused: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        """`shop_topics` are read beside the device's own. `refused` is called when the broker would not have
        our certificate; what it gives is used from the next attempt on."""
        self._device_id, self._context, self._refused = device_id, context, refused
        self._shop_topics = shop_topics
        self._refs: dict[int, str] = {}
        self._also: tuple[str, ...] = ()
        self._asked_also: set[int] = set()
        self._session, self._outdated = 0, False
        self._in_flight = InFlight(UNACKNOWLEDGED_S)
        self._presence: Presence | None = None
        super().__init__(self._new_client(), broker, jitter=jitter, spread_s=broker.reconnect_spread_seconds)
        self._expiry_s = broker.session_expiry_seconds

    def step(self, wake_fd: int, timeout_s: float) -> list[LinkEvent]:
        """As every session's; it leaves a broker that acknowledges nothing any more, and comes back."""
        begun_s = time.monotonic()
        events = super().step(wake_fd, timeout_s)
        self._in_flight.passed(time.monotonic() - begun_s)
        if self._connected and self._in_flight.is_stuck:
            self._refuse("broker_acknowledges_nothing")
        return events

    def use(self, context: ssl.SSLContext) -> None:
        """Leaves, and takes the session over with another certificate at once: it is the same session, so
        nothing that waits in it is lost, and nobody is told that the device was away."""
        was_connected = self._connected
        self._leave(context)
        if was_connected:  # what was in hand is sent again by the outbox, or by the broker
            self._lost("certificate_renewed")
            self._next_attempt_s = 0.0

    def believe(self, context: ssl.SSLContext, *, leave: bool) -> None:
        """Other authorities vouch for the broker from the next connection on. `leave`: whoever vouched for
        this one may not any more, so it ends, and the device comes back as after a lost broker."""
        was_connected = self._connected
        if not leave and self._client.socket() is not None:
            self._context, self._outdated = context, True
            return
        self._leave(context)
        if was_connected:
            self._lost("authority_dropped")

    def _leave(self, context: ssl.SSLContext) -> None:
        before = self._client
        self._context, self._outdated = context, False
        self._refs.clear()
        self._take(self._new_client())
        before.on_disconnect = None
        if before.socket() is not None:
            before.disconnect()
            before.loop_write()

    def _new_client(self) -> UnboundClient:
        device_id, context = self._device_id, self._context
        client = UnboundClient(
            CallbackAPIVersion.VERSION2,
            client_id=device_id,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.tls_set_context(context)
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.max_queued_messages_set(MOST_QUEUED)
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_log = self._on_log
        return client

    def be_present(self, presence: Presence) -> None:
        """Says from now on what was signed for it, and leaves its other half as the will of every connection
        that is made from now on."""
        if presence == self._presence:
            return
        self._presence = presence
        if self._connected:
            self.announce()

    def publish(self, ref: str, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hands a message over at QoS 1; False where there is no session or it has too much in hand."""
        if not self._connected:
            return False
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc == mqtt.MQTT_ERR_QUEUE_SIZE:
            return False
        self._refs[info.mid] = ref
        self._in_flight.sent(info.mid)
        return True

    def announce(self) -> None:
        """Says (again) that the device is online; the shop answers with the time."""
        self._client.publish(up_topic(self._device_id, "status"), self._status(True), qos=1, retain=True)

    def read(self, topics: Sequence[str], *, anew: bool = False) -> None:
        """Reads these topics as well, and no others than these and its own, also in later sessions; what is
        retained there comes now, for all of them where it is wanted `anew`. That a broker refuses them is
        logged and changes nothing else."""
        gone = [topic for topic in self._also if topic not in topics]
        new = [topic for topic in topics if anew or topic not in self._also]
        self._also = tuple(topics)
        if not self._connected:
            return
        if gone:
            self._client.unsubscribe(gone)
        self._subscribe_also(new)

    def read_again(self) -> None:
        """What is retained on the device's own topics and the shop's comes once more."""
        if self._connected:
            self._subscribe_also([topic for topic, _ in self._subscription()])

    def _subscribe_also(self, topics: Sequence[str]) -> None:
        if topics:
            mid = self._client.subscribe([(topic, 1) for topic in topics])[1]
            if mid is not None:
                self._asked_also.add(mid)

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        if mid not in self._asked_also:
            super()._on_subscribe(client, _, mid, reasons, properties)
            return
        self._asked_also.discard(mid)
        if any(reason.is_failure for reason in reasons):
            audit.log("broker_refused_topics", next_step="let devices read va/v1/b/ in its access list")

    def done(self, message: Incoming) -> None:
        """Acknowledges `message`, unless its session is over (the broker will send it again)."""
        if message.qos > 0 and message.session == self._session and self._client.socket() is not None:
            self._client.ack(message.packet_id, message.qos)

    def close(self) -> None:
        """Says that the device is offline and leaves; the broker keeps the session."""
        if self._connected:
            self._client.publish(up_topic(self._device_id, "status"), self._status(False), qos=1, retain=True)
        super().close()

    def _status(self, online: bool) -> bytes:
        if self._presence is not None:
            return self._presence.online if online else self._presence.offline
        return encode_event(
            STATUS, id_=uuid4(), source=self._device_id, now_s=int(time.time()), data=StatusData(online)
        )

    def _subscription(self) -> list[tuple[str, int]]:
        # Retained ones come in this order: who may sign, before what is signed.
        return [(topic, 1) for topic in (*self._shop_topics, device_base(self._device_id) + "dn/#")]

    def _ask(self, options: Properties) -> bool:
        options.SessionExpiryInterval = self._expiry_s
        options.ReceiveMaximum = RECEIVE_MAXIMUM
        options.MaximumPacketSize = MAXIMUM_PACKET_BYTES
        self._leave_a_will()
        return False

    def _leave_a_will(self) -> None:
        will = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        will.WillDelayInterval = WILL_DELAY_S
        topic = up_topic(self._device_id, "status")
        self._client.will_set(topic, self._status(False), qos=1, retain=True, properties=will)

    def _opened(self) -> None:
        self._asked_also.clear()
        self._subscribe_also(self._also)
        self.announce()

    def _why_unanswered(self) -> str:
        # Our CONNECT may have crossed the broker's alert, which is then lost; a silent client hears it.
        return probe_broker(*self.address, self._context)

    def _lost(self, reason: str) -> None:
        self._session += 1
        self._in_flight = InFlight(UNACKNOWLEDGED_S)
        super()._lost(reason)
        if reason.startswith("tls_client_") and (context := self._refused()) is not None:
            self._context, self._outdated = context, True
        if self._outdated:
            self._outdated = False
            self._take(self._new_client())

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.value == _SESSION_TAKEN_OVER:
            self._reason = "broker_session_taken"
        super()._on_disconnect(client, _, flags, reason, properties)

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        self._events.append(
            Incoming(message.topic, bytes(message.payload), message.qos, message.mid, self._session)
        )

    def _on_publish(
        self, client: mqtt.Client, _: object, mid: int, reason: ReasonCode, properties: object
    ) -> None:
        self._in_flight.acknowledged(mid)
        ref = self._refs.pop(mid, None)
        if ref is not None and not reason.is_failure:
            self._events.append(Acknowledged(ref))

    def _on_log(self, client: mqtt.Client, _: object, level: int, text: str) -> None:
        # paho keeps the reason of a failed read to its log; in TLS 1.3 our certificate is refused there.
        if level == mqtt.MQTT_LOG_ERR and (code := code_of_openssl_text(text)):
            self._reason = code
