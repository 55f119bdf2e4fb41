"""Which messages are taken together, and what becomes of one that cannot be taken.

Intents that have come while others were taken share one transaction and one commit. A message is
acknowledged to the broker only after what came of it is on disk, and nothing is answered before that; so
whatever ends this process in between, each is sent again by its device and answered as if it had not come.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from agent.plumbing.errors import TrustError
from agent.plumbing.terminal import plain
from order_backend.database import DatabaseError, RowRefused
from order_backend.desk import OrderDesk
from order_backend.intake import Intake
from order_backend.shop_clock import ClockError, ShopClock

MOST_TOGETHER = 10
_INTENT = "/up/intent"


class Arrived(NamedTuple):
    """A message, and how it is acknowledged."""

    topic: str
    payload: bytes
    mid: int
    qos: int


class Taking:
    """Of one connection to the broker and one to the database; used from one thread.

    `fault` is why nothing more is taken, nor acknowledged: an order service that cannot use its database, or
    cannot know the time, must not go on. `tells`: whether this is the one that tells devices the time.
    """

    def __init__(
        self, intake: Intake, desk: OrderDesk, clock: ShopClock, ack: Callable[[int, int], object]
    ) -> None:
        self._intake, self._desk, self._clock, self._ack = intake, desk, clock, ack
        self._waiting: list[Arrived] = []
        self.fault: DatabaseError | ClockError | None = None
        self.tells = False

    def add(self, message: Arrived) -> None:
        """An intent waits for `take_waiting`, anything else is taken at once, after what came before it."""
        if self.fault is not None:
            return
        if self._intake.is_too_much(message.topic):
            self._ack(message.mid, message.qos)
        elif message.topic.endswith(_INTENT):
            self._waiting.append(message)
        else:
            self.take_waiting()
            self._take(message)

    @property
    def may_gather(self) -> bool:
        """Whether something waits that another intent could be taken with."""
        return self.fault is None and 0 < len(self._waiting) < MOST_TOGETHER

    def take_waiting(self) -> None:
        """In the order in which they came; one by one where that is not possible together."""
        waiting, self._waiting = self._waiting, []
        if len(waiting) < 2 or not self._take_together(waiting):
            for message in waiting:
                self._take(message)

    def _take_together(self, messages: list[Arrived]) -> bool:
        try:
            self._intake.take_together(
                ((message.topic, message.payload) for message in messages), self._desk, self._clock
            )
        except RowRefused:
            return False  # whichever it was, nothing was done for any
        except (DatabaseError, ClockError) as error:
            self.fault = error
            return True
        except Exception:
            return False
        for message in messages:
            self._ack(message.mid, message.qos)
        return True

    def _take(self, message: Arrived) -> None:
        if self.fault is not None:
            return
        try:
            self._intake.take(message.topic, message.payload, self._desk, self._clock, tells=self.tells)
        except RowRefused:  # would fail each time, and only this message
            self._say(message, "message_failed", level=logging.ERROR, trace=True)
        except (DatabaseError, ClockError) as error:
            self.fault = error
            return
        except (TrustError, ValueError) as error:
            self._say(message, "message_refused", f" {plain(str(error))}")
        except Exception:  # one device's message must not stop the others' orders
            self._say(message, "message_failed", level=logging.ERROR, trace=True)
        self._ack(message.mid, message.qos)

    def _say(
        self, message: Arrived, code: str, why: str = "", *, level: int = logging.WARNING, trace: bool = False
    ) -> None:
        of, line = f"{code} {message.topic}", f"{code} topic={message.topic}{why}"
        self._intake.log.say(of, line, level=level, trace=trace)
