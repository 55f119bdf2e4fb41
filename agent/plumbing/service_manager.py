"""Telling systemd how a process is: sd_notify(3) and its watchdog, in pure Python; silent where nobody asked.

The heartbeat is called from the loop that does the work and from nowhere else, so a process that hangs stops
beating and is started again.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

_BEATS_PER_LIMIT = 4  # systemd.service(5) advises at least two
_SEND_SECONDS = 1.0


class ServiceManager:
    """`address` is NOTIFY_SOCKET ('' = nobody listens), `limit_seconds` the unit's WatchdogSec (0 = none)."""

    def __init__(
        self, address: str = "", limit_seconds: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._interval = clock, limit_seconds / _BEATS_PER_LIMIT
        self._next_beat = 0.0
        self._ready_untold, self._next_ready = False, 0.0
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.settimeout(_SEND_SECONDS)

    @staticmethod
    def from_environment() -> ServiceManager:
        """Takes (and removes) NOTIFY_SOCKET and the watchdog's variables. Makes a socket: call it before
        `sandbox.tighten`.
        """
        address = os.environ.pop("NOTIFY_SOCKET", "")
        limit, pid = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
        ours = limit.isdecimal() and pid in ("", str(os.getpid()))
        return ServiceManager(address, int(limit) / 1e6 if ours else 0.0)

    def ready(self) -> None:
        """To be called when the process is tightened and can serve. What systemd did not take, `alive` says
        again: a unit that it hears nothing of is ended."""
        self._ready_untold = not self._tell(b"READY=1")
        self._next_ready = self._clock() + _SEND_SECONDS

    def alive(self) -> None:
        """One piece of work is done. Costs nothing but a look at the clock until a heartbeat is due."""
        if self._ready_untold and self._clock() >= self._next_ready:
            self.ready()
        if self._interval and self._clock() >= self._next_beat:
            self._next_beat = self._clock() + self._interval
            self._tell(b"WATCHDOG=1")

    def _tell(self, state: bytes) -> bool:
        """Whether it has arrived, or nobody asked."""
        if self._socket is not None:
            try:
                self._socket.sendto(state, self._address)
            except OSError:  # systemd is busy, or being replaced
                return False
        return True
