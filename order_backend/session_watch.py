"""Whether an order service's session with the broker still carries, both ways."""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.plumbing.in_flight import InFlight
from order_backend.echo import Echo, echo_topic
from order_backend.publish import Publish

UNACKNOWLEDGED_S = 30.0

log = logging.getLogger("order_backend")


class SessionWatch:
    """Of one order service, over all its sessions; used from one thread."""

    def __init__(self, name: str, publish: Publish, monotonic_s: Callable[[], float]) -> None:
        self.topic = echo_topic(name)
        self._echo = Echo(lambda payload: publish(self.topic, payload))
        self._monotonic_s = monotonic_s
        self._is_refusal_said = False
        self.new_session()

    def new_session(self) -> None:
        """All places in flight are free again."""
        self._in_flight = InFlight(UNACKNOWLEDGED_S)
        self._echo.new_session()
        self._looked_s = self._monotonic_s()

    def sent(self, packet_id: int) -> None:
        """Published at QoS 1."""
        self._in_flight.sent(packet_id)

    def acknowledged(self, packet_id: int, *, is_refused: bool = False) -> None:
        """By the broker, whatever it says."""
        self._in_flight.acknowledged(packet_id)
        self._echo.acknowledged(packet_id, is_refused=is_refused)

    def refused(self) -> None:
        """The broker does not let this service read `topic`."""
        self._echo.refused()

    def ended(self, *, is_refusal: bool) -> None:
        """The broker has ended the session; `is_refusal`: for something that this service may not."""
        if is_refusal:
            self._echo.hung_up_on()

    def came(self, topic: str, payload: bytes, qos: int) -> bool:
        """A message; whether it was this service's own and nobody else's business."""
        is_echo = topic == self.topic
        if qos:
            self._echo.heard(payload if is_echo else None)
        return is_echo

    def is_dead(self) -> bool:
        """Asked at every look at the connection. Says why in the log."""
        now_s = self._monotonic_s()
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        self._in_flight.passed(passed_s)
        self._echo.passed(passed_s)
        if self._in_flight.is_stuck or self._echo.is_lost:
            what = "acknowledges" if self._in_flight.is_stuck else "gives"
            log.warning("broker_dropped it %s nothing any more: a new session", what)
            return True
        if self._echo.is_refused and not self._is_refusal_said:
            self._is_refusal_said = True
            log.error("broker_refused the echo: let this service read and write %s", self.topic)
        return False
