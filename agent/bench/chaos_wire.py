"""TCP between everybody and the broker, which can be cut, refused and slowed down for each one alone."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from collections.abc import Iterable

_CHUNK_BYTES = 16_384


class Wire:
    """`with Wire(names, broker_port) as wire:` one port of 127.0.0.1 for each name, in `wire.ports`.

    Its loop runs in a thread of its own; `cut` and `delay` may be called from any.
    """

    def __init__(self, names: Iterable[str], broker_port: int) -> None:
        self._names, self._broker_port = tuple(names), broker_port
        self.ports: dict[str, int] = {}
        self.cuts = 0
        """How many live connections were cut."""
        self._cut_until: dict[str, float] = {}
        self._delayed: dict[str, tuple[float, float]] = {}
        self._live: dict[str, set[asyncio.StreamWriter]] = {name: set() for name in self._names}
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Wire:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self, name: str, seconds: float) -> None:
        """Ends its connections, and lets none be made for so long."""
        self._cut_until[name] = time.monotonic() + seconds
        self._loop.call_soon_threadsafe(self._abort, name)

    def delay(self, name: str, seconds: float, by_s: float) -> None:
        """Every piece of data takes `by_s` longer, each way, for so long."""
        self._delayed[name] = (time.monotonic() + seconds, by_s)

    def mend(self) -> None:
        """Nothing is cut or slow any more."""
        self._cut_until.clear()
        self._delayed.clear()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for name in self._names:
            accept = functools.partial(self._accept, name)
            server = self._loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", 0))
            self._servers.append(server)
            self.ports[name] = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        for server in self._servers:
            server.close()
        self._loop.run_until_complete(asyncio.sleep(0))

    def _abort(self, name: str) -> None:
        for writer in self._live[name]:
            self.cuts += 1
            writer.transport.abort()

    async def _accept(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._cut_until.get(name, 0.0):
            writer.transport.abort()
            return
        try:
            broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.transport.abort()
            return
        self._live[name].add(writer)
        try:
            with contextlib.suppress(asyncio.CancelledError):  # by the end of the run; asyncio would print it
                await asyncio.gather(
                    self._carry(name, reader, broker_writer), self._carry(name, broker_reader, writer)
                )
        finally:
            self._live[name].discard(writer)
            writer.transport.abort()
            broker_writer.transport.abort()

    async def _carry(self, name: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK_BYTES):
                until, by_s = self._delayed.get(name, (0.0, 0.0))
                if time.monotonic() < until:
                    await asyncio.sleep(by_s)
                sink.write(data)
                await sink.drain()
        sink.transport.abort()
