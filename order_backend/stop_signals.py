"""SIGTERM and SIGINT ask a service to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def stopped_by_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Inside, the first of the signals calls `stop`, and the second ends the process at once.

    To be entered by the main thread before it starts others or other processes: the signals are blocked in
    all of them, and a thread of its own waits for them. A handler would run in the middle of whatever the
    main thread does, and setting an Event there waits for ever where that thread has just taken the Event's
    lock in order to wait for it.
    """
    over = threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    waiter = threading.Thread(target=_wait, args=(stop, over), name="stop-signals", daemon=True)
    waiter.start()
    try:
        yield
    finally:
        over.set()
        assert waiter.ident is not None  # noqa: S101
        signal.pthread_kill(waiter.ident, signal.SIGTERM)
        waiter.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(stop: Callable[[], None], over: threading.Event) -> None:
    signal.sigwait(STOP_SIGNALS)
    if over.is_set():
        return
    stop()
    number = signal.sigwait(STOP_SIGNALS)
    if not over.is_set():
        os._exit(128 + number)
