"""Whether a broker still answers what is published to it.

A session can be half dead: the connection lives, PINGs are answered, and no PUBACK comes any more. mosquitto
2.0 silently drops packets, PUBACK among them, for a client that more than `max_queued_messages` of them wait
for, as in another's flood at QoS 0. It sends none again within the session (MQTT 5.0, 4.4), so each is a
place in flight that the client has lost, until nothing leaves it. Only a new session helps.
"""

from __future__ import annotations

LONGEST_STEP_S = 5.0
"""Who was busy for longer has not looked for so long: what came meanwhile is still to be read."""


class InFlight:
    """What was published at QoS 1 and is not acknowledged. Used from one thread, and for one session."""

    def __init__(self, longest_s: float) -> None:
        """`longest_s`: for so long the oldest may wait."""
        self._longest_s = longest_s
        self._packets: dict[int, None] = {}
        self._waited_s = 0.0

    @property
    def is_stuck(self) -> bool:
        """Whether the oldest has waited for too long; those behind it may have been acknowledged."""
        return self._waited_s >= self._longest_s

    def sent(self, packet_id: int) -> None:
        """Published, or waiting in the client for its turn."""
        self._packets[packet_id] = None

    def acknowledged(self, packet_id: int) -> None:
        """By a PUBACK, whatever it says. Others' packets are passed over."""
        if packet_id == next(iter(self._packets), None):
            self._waited_s = 0.0
        self._packets.pop(packet_id, None)

    def passed(self, seconds: float) -> None:
        """So long after the last call, and at most one look at the connection later."""
        self._waited_s = self._waited_s + min(seconds, LONGEST_STEP_S) if self._packets else 0.0
