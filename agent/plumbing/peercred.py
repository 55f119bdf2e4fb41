"""Who is at the other end of a Unix socket (SO_PEERCRED, unix(7))."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

_UCRED = struct.Struct("@iII")


@dataclass(frozen=True)
class PeerCredentials:
    """As they were when the peer connected (for a socketpair: when it was made). `pid` may have been reused
    since.
    """

    pid: int
    uid: int
    gid: int


def peer_credentials(sock: socket.socket) -> PeerCredentials:
    """The credentials of the process at `sock`'s other end. Raises OSError on sockets of other families."""
    return PeerCredentials(
        *_UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    )
