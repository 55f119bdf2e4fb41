"""Frames between the processes of one device.

A frame is a 4-byte big-endian length and that many bytes of msgpack, at most 64 KiB, on a Unix stream socket;
file descriptors travel with its first byte (SCM_RIGHTS). A frame that is not acceptable is dropped, counted
and logged by its code; the connection goes on as long as the next frame can be found.
"""

from __future__ import annotations

import array
import contextlib
import functools
import os
import socket
import struct
import threading
from collections.abc import Sequence
from types import UnionType
from typing import Any, NamedTuple, TypeVar, overload

import msgspec

from agent.plumbing import audit, messages, operator
from agent.plumbing.errors import IpcError
from agent.plumbing.messages import Message

LONGEST_FRAME_BYTES = 64 * 1024
LONGEST_SKIPPED_BYTES = 16 * 1024 * 1024  # a longer claim means a lost frame border, not a long frame
SEND_TIMEOUT_SECONDS = 5.0  # a peer that does not read for this long is as good as dead
_MOST_FDS = 4
_HEADER = struct.Struct(">I")
_FDS_OF: dict[type[Message], int] = {
    messages.Peer: 1,
    messages.OperatorListener: 1,
    messages.UseGrammar: 1,
    operator.LoadCatalogue: 1,
}

M = TypeVar("M", bound=Message)


class _Frame(NamedTuple):
    """One frame as it came; `fault` is an error code or ''."""

    payload: bytes
    fds: tuple[int, ...]
    fault: str


class IpcConnection:
    """One end of a connected Unix stream socket that carries `Message`s.

    Any thread may send; one thread receives. The socket belongs to the connection from here on.
    `dropped` counts the received frames that were not acceptable.
    """

    def __init__(
        self, sock: socket.socket, *, peer: str = "peer", send_timeout_seconds: float = SEND_TIMEOUT_SECONDS
    ):
        """`peer` names the other end in the log."""
        sock.setblocking(True)
        whole = int(send_timeout_seconds)
        timeval = struct.pack("@ll", whole, int((send_timeout_seconds - whole) * 1e6))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)
        self._sock = sock
        self._peer = peer
        self._send_lock = threading.Lock()
        self._encoder = msgspec.msgpack.Encoder()
        self._reader = _FrameReader(sock)
        self.dropped = 0

    def fileno(self) -> int:
        """The socket's descriptor, -1 once closed."""
        return self._sock.fileno()

    def close(self) -> None:
        """Ends both directions; a thread that is blocked in `receive` gets EOFError."""
        with contextlib.suppress(OSError):  # the peer was first
            self._sock.shutdown(socket.SHUT_RDWR)
        self._reader.drop_fds()
        self._sock.close()

    def __enter__(self) -> IpcConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, message: Message, fds: Sequence[int] = ()) -> None:
        """Sends `message` whole. The caller keeps (and closes) its own copies of `fds`.

        Raises IpcError ipc_frame_too_long, ipc_fd_unexpected (another number of descriptors than this kind of
        message carries); EOFError when the peer is gone, or has not read for so long that it is given up.
        """
        payload = self._encoder.encode(message)
        if len(payload) > LONGEST_FRAME_BYTES:
            raise IpcError("ipc_frame_too_long", f"{type(message).__name__} of {len(payload)} bytes")
        if len(fds) != _FDS_OF.get(type(message), 0):
            raise IpcError("ipc_fd_unexpected", f"{type(message).__name__} with {len(fds)} descriptors")
        frame = _HEADER.pack(len(payload)) + payload
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        with self._send_lock:
            try:
                sent = self._sock.sendmsg([frame], ancillary)
                if sent < len(frame):
                    self._sock.sendall(memoryview(frame)[sent:])
            except BlockingIOError as error:
                self.close()  # half a frame may be out: nothing that follows could be read
                audit.log("ipc_peer_stuck", peer=self._peer)
                raise EOFError(f"{self._peer} does not read") from error
            except OSError as error:
                raise EOFError(f"{self._peer} is gone") from error

    @overload
    def receive(self, types: type[M]) -> tuple[M, tuple[int, ...]]: ...
    @overload
    def receive(self, types: UnionType) -> tuple[Any, tuple[int, ...]]: ...
    def receive(self, types: type[Message] | UnionType) -> tuple[Any, tuple[int, ...]]:
        """The next acceptable message of `types` (such as `messages.VoiceToTill`) and its descriptors, now
        yours.

        Blocks. Frames that are not acceptable are dropped. Raises EOFError when the peer has closed; IpcError
        ipc_frame_too_long (and closes) when the stream has lost its frame borders.
        """
        while True:
            frame = self._reader.read()
            if frame is not None and (accepted := self._accept(frame, types)) is not None:
                return accepted

    def _accept(
        self, frame: _Frame, types: type[Message] | UnionType
    ) -> tuple[Message, tuple[int, ...]] | None:
        """The message of `frame`; None (dropped, counted, logged) where it is not acceptable."""
        fault = frame.fault
        if not fault:
            try:
                message: Message = _decoder(types).decode(frame.payload)
            except (msgspec.MsgspecError, RecursionError, ValueError):
                fault = "ipc_frame_invalid"
            else:
                if len(frame.fds) == _FDS_OF.get(type(message), 0):
                    return message, frame.fds
                fault = "ipc_fd_unexpected"
        for fd in frame.fds:
            os.close(fd)
        self.dropped += 1
        if audit.is_news(self.dropped, first=8):
            audit.log(fault, peer=self._peer, dropped=self.dropped)
        if fault == _LOST:
            self.close()
            raise IpcError("ipc_frame_too_long", f"{self._peer} lost its frame borders")
        return None


_LOST = "ipc_frame_border_lost"


class _FrameReader:
    """Finds frames in the byte stream. Holds what has come of the current one, so a read may stop anywhere.

    It asks the socket for exactly the rest of the header or of the body and never for more: so descriptors
    that arrive belong to the current frame.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._header = b""
        self._body = bytearray()
        self._wanted = -1  # bytes of body, -1 before the header is complete
        self._skipped = 0  # bytes of an overlong body seen so far
        self._fds: list[int] = []
        self._fault = ""

    def read(self) -> _Frame | None:
        """One step; a frame when it is complete. Blocks. Raises EOFError."""
        if self._wanted < 0:
            self._header += self._some(_HEADER.size - len(self._header))
            if len(self._header) < _HEADER.size:
                return None
            (self._wanted,) = _HEADER.unpack(self._header)
            if self._wanted > LONGEST_SKIPPED_BYTES:
                self._fault = _LOST
                return self._finish()
            if self._wanted > LONGEST_FRAME_BYTES:
                self._fault = "ipc_frame_too_long"
            return self._finish() if self._wanted == 0 else None
        if self._wanted > LONGEST_FRAME_BYTES:
            self._skipped += len(self._some(min(self._wanted - self._skipped, LONGEST_FRAME_BYTES)))
            return self._finish() if self._skipped == self._wanted else None
        self._body += self._some(self._wanted - len(self._body))
        return self._finish() if len(self._body) == self._wanted else None

    def drop_fds(self) -> None:
        """Closes the descriptors of a frame that will never be complete."""
        while self._fds:  # popped one by one: `close` may come from another thread
            os.close(self._fds.pop())

    def _finish(self) -> _Frame:
        frame = _Frame(bytes(self._body), tuple(self._fds), self._fault)
        self._header, self._wanted, self._skipped, self._fault = b"", -1, 0, ""
        self._body.clear()
        self._fds = []
        return frame

    def _some(self, count: int) -> bytes:
        room = socket.CMSG_LEN(_MOST_FDS * array.array("i").itemsize)
        try:
            data, ancillary, got, _ = self._sock.recvmsg(count, room, socket.MSG_CMSG_CLOEXEC)
        except OSError as error:
            self.drop_fds()
            raise EOFError("the peer is gone") from error
        late = self._wanted >= 0 or bool(self._header)  # descriptors belong to the frame's first byte
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
                self._fds.extend(fds)
                if late or len(self._fds) > _MOST_FDS:
                    self._fault = "ipc_fd_unexpected"
        if got & socket.MSG_CTRUNC:  # more than fit; the kernel has closed the rest
            self._fault = "ipc_fd_unexpected"
        if not data:
            self.drop_fds()
            raise EOFError("the peer has closed")
        return data


@functools.cache
def _decoder(types: type[Message] | UnionType) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(types)
