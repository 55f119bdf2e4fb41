"""Where operators come in: so many at once, each in a session of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from functools import partial

from agent.deciding.placed import ReceiptArrived
from agent.plumbing import operator
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.peercred import peer_credentials
from agent.till.events import EventLoop
from agent.till.operators import SEND_TIMEOUT_SECONDS, OperatorSession
from agent.till.typed import TypedDialogue

MOST_OPERATORS = 8
"""Connections at once on the operator socket; one more is told so and closed."""

_TOO_MANY = operator.Problem(
    "operators_too_many", f"{MOST_OPERATORS} operators are connected", "close one of them, then try again"
)


class OperatorDoor:
    """Used from the till's loop; a thread accepts."""

    def __init__(
        self, loop: EventLoop, open_session: Callable[[IpcConnection, int], OperatorSession]
    ) -> None:
        """`open_session` is given the connection and the user id at its other end."""
        self._loop, self._open_session = loop, open_session
        self._sessions: list[OperatorSession] = []
        self._seats = threading.Semaphore(MOST_OPERATORS)

    def listen(self, fd: int) -> None:
        """Accepts on the listening socket `fd` from now on."""
        listener = socket.socket(fileno=fd)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def chats(self) -> list[TypedDialogue]:
        """Every typed conversation, the newest connection first."""
        return [session.chat for session in reversed(self._sessions) if session.chat]

    def receipt(self, intent_id: str, receipt: ReceiptArrived) -> None:
        """A verified receipt, for whoever typed the order."""
        for chat in self.chats():
            chat.receipt(intent_id, receipt)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            sock, _ = listener.accept()
            uid = peer_credentials(sock).uid
            connection = IpcConnection(sock, peer="operator", send_timeout_seconds=SEND_TIMEOUT_SECONDS)
            if self._seats.acquire(blocking=False):
                self._loop.post(partial(self._welcome, connection, uid))
                continue
            with connection, contextlib.suppress(EOFError):
                connection.send(_TOO_MANY)

    def _welcome(self, connection: IpcConnection, uid: int) -> None:
        session = self._open_session(connection, uid)
        self._sessions.append(session)

        def leave() -> None:
            connection.close()
            self._sessions.remove(session)
            self._seats.release()

        self._loop.read(connection, operator.OperatorRequest, session.asked, leave)
