"""The till's connections to the other processes: one each, and a newer one replaces it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from functools import partial
from types import UnionType
from typing import NamedTuple

from agent.plumbing import audit
from agent.plumbing.errors import IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message
from agent.till.events import EventLoop


class Neighbour(NamedTuple):
    """What is made of a connection: the messages that it may bring, who gets them, and who is told of its
    end."""

    types: type[Message] | UnionType
    received: Callable[[Message], None]
    lost: Callable[[], None]


class Neighbours:
    """Connections by the name of the process. Used from the till's loop."""

    def __init__(self, loop: EventLoop, known: Mapping[str, Neighbour]) -> None:
        self._loop, self._known = loop, known
        self._connections: dict[str, IpcConnection] = {}

    def adopt(self, name: str, fd: int) -> None:
        """`fd` is from now on the connection to `name`; an earlier one is over."""
        if name in self._connections:
            self._lost(name, self._connections[name])
        connection = IpcConnection(socket.socket(fileno=fd), peer=name)
        self._connections[name] = connection
        self._loop.read(
            connection,
            self._known[name].types,
            lambda message, _: self._received(name, connection, message),
            partial(self._lost, name, connection),
        )

    def send(self, name: str, message: Message, fds: tuple[int, ...] = ()) -> bool:
        """To `name`, or to nobody where it is not there. False, and logged, where it is longer than a frame:
        no message may end the till."""
        connection = self._connections.get(name)
        if connection is None:
            return True
        try:
            connection.send(message, fds)
        except EOFError:
            self._loop.after(0, partial(self._lost, name, connection))
        except IpcError as error:
            if error.code != "ipc_frame_too_long":
                raise
            audit.log(error.code, peer=name, detail=error.detail)
            return False
        return True

    def _received(self, name: str, connection: IpcConnection, message: Message) -> None:
        if self._connections.get(name) is connection:
            self._known[name].received(message)

    def _lost(self, name: str, connection: IpcConnection) -> None:
        connection.close()
        if self._connections.get(name) is connection:
            del self._connections[name]
            self._known[name].lost()
