"""Whether an order service still hears: what it says to itself has to come back from the broker.

That the broker acknowledges what is published (`agent.plumbing.in_flight`) says nothing of the other way. An
intent that the broker dropped on its way here keeps one of the places in flight that it has for this session
(Receive Maximum), and once all are gone it sends nothing more, while every PING is answered.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from agent.plumbing.in_flight import LONGEST_STEP_S

EVERY_S = 10.0
LONGEST_S = 20.0
MOST_MISSED = 3
"""So many in a row that never came, of a broker that has never let one through, are no chance."""


def echo_topic(name: str) -> str:
    """Where the replica of that name hears itself; nobody else may write or read there."""
    return f"va/v1/s/{name}/echo"


class Echo:
    """Of one order service, over all its sessions; used from one thread.

    A broker that has never let one through is set up for none, and is not left for it. Nor is one that sent
    something else meanwhile: where very much waits for this service, as the retained states of a large fleet
    do at each start, an echo is dropped alone, and takes no place in flight with it. It is said anew then.
    """

    def __init__(self, say: Callable[[bytes], int]) -> None:
        """`say` publishes on `echo_topic` at QoS 1, and gives the packet's id."""
        self._say = say
        self._said, self._packet_id, self._missed = 0, 0, 0
        self._is_waiting = self._was_ever_heard = self._was_other_heard = self._is_off = False
        self._until_next_s = self._silent_s = 0.0

    @property
    def is_lost(self) -> bool:
        """Whether the broker took one and nothing at all has come since, for too long."""
        return self._was_ever_heard and self._is_overdue and not self._was_other_heard

    @property
    def is_refused(self) -> bool:
        """Whether this broker is not set up for it."""
        return not self._was_ever_heard and self._missed >= MOST_MISSED

    @property
    def _is_overdue(self) -> bool:
        return self._is_waiting and self._silent_s >= LONGEST_S

    def new_session(self) -> None:
        """What was said in the last one comes back no more."""
        self._is_waiting, self._packet_id = False, 0
        self._until_next_s = math.inf if self._is_off else 0.0

    def refused(self) -> None:
        """The broker has said that this service may not; nothing is said to it any more in this session."""
        self._was_ever_heard, self._missed = False, MOST_MISSED
        self._is_waiting, self._packet_id, self._until_next_s = False, 0, math.inf

    def hung_up_on(self) -> None:
        """The broker has ended the session for something that this service may not. Where that may have been
        the echo, none is said any more, in no session: each would end so."""
        if self._packet_id:
            self._is_off = True
            self.refused()

    def acknowledged(self, packet_id: int, *, is_refused: bool = False) -> None:
        """By a PUBACK: whatever waited to be sent before it counts for nothing."""
        if packet_id != self._packet_id:
            return
        if is_refused:
            self.refused()
        else:
            self._packet_id, self._silent_s, self._was_other_heard = 0, 0.0, False

    def heard(self, echo: bytes | None) -> None:
        """A message at QoS 1 has come: what came on `echo_topic`, or None for any other, which shows as well
        that the broker has a place in flight left."""
        self._silent_s = 0.0
        if echo == str(self._said).encode():
            self._is_waiting, self._was_ever_heard, self._missed = False, True, 0
        elif echo is None:
            self._was_other_heard = True

    def passed(self, seconds: float) -> None:
        """So long after the last call, and at most one look at the connection later; it is said anew when it
        is time."""
        seconds = min(seconds, LONGEST_STEP_S)
        self._until_next_s -= seconds
        if self._is_waiting and not self._packet_id:
            self._silent_s += seconds
            if self._is_overdue and not self.is_lost:
                self._is_waiting, self._missed = False, self._missed + 1
        if not self._is_waiting and self._until_next_s <= 0.0:
            self._said += 1
            self._is_waiting, self._until_next_s, self._silent_s = True, EVERY_S, 0.0
            self._packet_id = self._say(str(self._said).encode())
