"""The till's one queue: what its neighbours say and what its timers ring, in one order, for one thread."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from types import UnionType

from agent.plumbing.errors import IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message

Action = Callable[[], None]
MOST_UNREAD = 8
"""Messages of one connection that wait here; the rest waits in its socket, so a neighbour that floods neither
fills this process's memory nor keeps the others from being heard."""


class EventLoop:
    """Runs actions one after another. Reader threads post to it; only `run` executes."""

    def __init__(self, turned: Callable[[], None] = lambda: None) -> None:
        """`turned` is called on each turn of `run`, about once a second at least (a watchdog's heartbeat)."""
        self._turned = turned
        self._actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._running = True

    def post(self, action: Action) -> None:
        """Queues `action`. From any thread."""
        self._actions.put(action)

    def after(self, delay_ms: int, action: Action) -> None:
        """Runs `action` once, `delay_ms` from now (CLOCK_MONOTONIC). From the loop's own thread."""
        heapq.heappush(self._timers, (time.monotonic() + delay_ms / 1000, next(self._order), action))

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        """Until `stop`. An exception ends the process: the supervisor starts a fresh one from the journal."""
        while self._running:
            self._turned()
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else 1.0
            try:
                action = self._actions.get(timeout=min(wait, 1.0))
            except queue.Empty:
                pass
            else:
                action()
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()

    def read(
        self,
        connection: IpcConnection,
        types: type[Message] | UnionType,
        on_message: Callable[[Message, tuple[int, ...]], None],
        on_close: Action,
    ) -> None:
        """Starts a thread that posts every message of `connection`, then `on_close` once."""

        room = threading.Semaphore(MOST_UNREAD)

        def handle(message: Message, fds: tuple[int, ...]) -> None:
            room.release()
            on_message(message, fds)

        def receive() -> None:
            try:
                while True:
                    message, fds = connection.receive(types)
                    room.acquire()
                    self.post(partial(handle, message, fds))
            except (EOFError, IpcError):
                self.post(on_close)

        threading.Thread(target=receive, daemon=True).start()
