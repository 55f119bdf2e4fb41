"""How much of one device stays in the shop's tables for good.

What a device's own key has signed is answered, and the answer is kept under its id for ever: so a device that
was taken over could fill the database, a row with each message that it may send. An honest one orders now and
then.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from order_backend.rates import Rates
from order_backend.receipts import Reply

ROWS_AT_ONCE, ROWS_PER_S = 2_000, 0.1
"""Intents, cancellations and questions of one device and order service that stay: after a silence so many at
once, and 8,640 a day for ever. Sent again they are no new ones."""

GROWS_TOO_FAST = Reply("", b"", "grows_too_fast")
"""No answer: whatever is answered without being kept might be answered otherwise the next time. The device
sends again, later."""


class Growth:
    """Of one desk; used from one thread."""

    def __init__(self, *, limited: bool, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._rates = Rates(ROWS_AT_ONCE, ROWS_PER_S) if limited else None
        self._monotonic_s = monotonic_s

    def allows(self, device_id: str) -> bool:
        """Whether one more row of that device may stay for good; it counts if so."""
        return self._rates is None or self._rates.allows(device_id, self._monotonic_s())
