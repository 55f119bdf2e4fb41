"""The till as a process sees it that only tells it things: it comes, goes and is replaced, over the control
connection."""

from __future__ import annotations

import contextlib
import enum
import os
import queue
import socket
import threading

from agent.plumbing.errors import IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message, Peer, Stop, SupervisorToProcess
from agent.plumbing.solitude import Solitude


class News(enum.Enum):
    """What `attend` found."""

    NOTHING = "nothing"
    NEW_TILL = "new till"
    END = "end"


class TillLink:
    """A thread reads the control connection; everything else happens in `attend`, on the caller's thread."""

    def __init__(self, control: IpcConnection) -> None:
        self._control = control
        self._till: IpcConnection | None = None
        self._inbox: queue.SimpleQueue[tuple[Message | None, tuple[int, ...]]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._alone = Solitude()
        threading.Thread(target=self._read_control, daemon=True).start()

    def fileno(self) -> int:
        """Readable when `attend` has something to do."""
        return self._wake_read.fileno()

    def attend(self) -> News:
        """Takes what has come over the control connection. Raises IpcError till_gone when the till went and
        none has come since."""
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass
        news = News.NOTHING
        with contextlib.suppress(queue.Empty):
            while True:
                message, fds = self._inbox.get_nowait()
                match message:
                    case Peer(name="till"):
                        self._adopt(fds[0])
                        news = News.NEW_TILL
                    case None | Stop():
                        return News.END
                    case _:
                        for fd in fds:
                            os.close(fd)
        if self._alone.too_long:  # not before: this process may have stood still while one came
            raise IpcError("till_gone", "the till went and no other has come")
        return news

    def tell(self, message: Message) -> bool:
        """False where there is no till to hear it."""
        if self._till is None:
            return False
        try:
            self._till.send(message)
        except (EOFError, IpcError):
            self._till.close()
            self._till = None
            self._alone.begin()
            return False
        return True

    def _adopt(self, fd: int) -> None:
        if self._till is not None:
            self._till.close()
        self._till = IpcConnection(socket.socket(fileno=fd), peer="till")
        self._alone.end()

    def _read_control(self) -> None:
        try:
            while True:
                self._inbox.put(self._control.receive(SupervisorToProcess))
                self._wake_write.send(b"!")
        except (EOFError, IpcError):
            pass
        finally:  # however this thread ends, the process does
            self._inbox.put((None, ()))
            self._wake_write.send(b"!")
