"""SIGTERM and SIGINT ask a service to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def on_stop_signal(stop: Callable[[], None]) -> None:
    """From now on the first of the signals calls `stop`, and the second ends the process at once.

    To be called by the main thread before it starts others: the signals are blocked in all of them, and a
    thread of its own waits for them. A handler would run in the middle of whatever the main thread does, and
    setting an Event there waits for ever where that thread has just taken the Event's lock in order to wait.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    threading.Thread(target=_wait, args=(stop,), name="stop-signals", daemon=True).start()


def _wait(stop: Callable[[], None]) -> None:
    signal.sigwait(STOP_SIGNALS)
    stop()
    os._exit(128 + signal.sigwait(STOP_SIGNALS))
