"""How a process meets its neighbours: over a control connection, in one of two ways.

`--control-fd N`: the supervisor of one-user mode is at the other end and hands over connected sockets.

Under systemd there is no supervisor, and a thread of the process itself is at the other end. In the till
(`--admit PEER=USER`) it accepts on the sockets that systemd listens on, checks by SO_PEERCRED that the peer
runs as that user, and hands the connection over. In the others (`--till PATH`) it hands over connections to
the till's socket that were made ahead: once `sandbox.tighten` has been called, nobody can make another. They
wait in the backlog that systemd keeps open while the till is away. Both sides use them in the order in which
they were made, and go on to the next when one is over.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import select
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from agent.plumbing import audit
from agent.plumbing.errors import ConfigurationError, IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message, OperatorListener, Peer
from agent.plumbing.peercred import peer_credentials

CONNECTIONS_AHEAD = 8
"""How many tills a process can outlive. After that it ends, and systemd starts it with fresh connections."""

PEERS = {"voice": Peer("voice"), "uplink": Peer("uplink"), "sensors": Peer("sensors"), "touch": Peer("touch")}
"""Who may be admitted, by the FileDescriptorName of the socket that is theirs."""

OPERATOR = "operator"
"""FileDescriptorName of the operator socket."""

_FIRST_FD = 3  # sd_listen_fds(3)
_CONNECT_SECONDS = 5.0
_WORKER_DIED = 70


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which way it is; exactly one is required."""
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--control-fd", type=int, metavar="N", help="the supervisor's connection")
    ways.add_argument("--till", type=Path, metavar="PATH", help="the till's socket for this process")
    ways.add_argument(
        "--admit", action="append", metavar="PEER=USER", help="on systemd's socket named PEER, this user only"
    )


def control_connection(options: argparse.Namespace) -> IpcConnection:
    """The connection on which `Peer`s arrive; its end means stop. Call it before `sandbox.tighten`.

    Under systemd SIGTERM ends it. Raises ConfigurationError config_invalid (no such peer or user), IpcError
    listening_socket_missing, till_unreachable.
    """
    if options.control_fd is not None:
        return IpcConnection(socket.socket(fileno=options.control_fd), peer="supervisor")
    ours, theirs = socket.socketpair()
    introducer = _Introducer(IpcConnection(theirs, peer="itself"))
    if options.till is not None:
        ahead = _connections(options.till)
        introducer.start(partial(introducer.hand_over, ahead))
    else:
        for name, listener, uid in _admissions(options.admit):
            introducer.start(partial(introducer.admit, name, listener, uid))
    signal.signal(signal.SIGTERM, lambda *_: introducer.close())
    return IpcConnection(ours, peer="arrivals")


class _Introducer:
    """The end of the control connection at which the supervisor is in one-user mode."""

    def __init__(self, control: IpcConnection) -> None:
        self._control = control

    def close(self) -> None:
        self._control.close()

    def start(self, work: Callable[[], None]) -> None:
        """Runs `work` in a thread; the process ends when it fails."""

        def run() -> None:
            try:
                with contextlib.suppress(EOFError):  # the process is ending
                    work()
            except BaseException as error:
                audit.log("worker_died", detail=type(error).__name__)
                os._exit(_WORKER_DIED)

        threading.Thread(target=run, name="arrivals", daemon=True).start()

    def hand_over(self, ahead: Sequence[socket.socket]) -> None:
        """One connection to the till after the other, the next when one is over; then the end."""
        for sock in ahead:
            self._introduce(Peer("till"), sock)
        audit.log("till_connections_used_up", count=len(ahead))
        self.close()

    def admit(self, name: str, listener: socket.socket, uid: int) -> None:
        """One connection of that peer after the other. The till accepts operators itself."""
        if name == OPERATOR:
            self._control.send(OperatorListener(), (listener.fileno(),))
            return
        while True:
            sock, _ = listener.accept()
            found = peer_credentials(sock).uid
            if found == uid:
                self._introduce(PEERS[name], sock)
            else:
                audit.log("peer_refused", peer=name, uid=found)
                sock.close()

    def _introduce(self, peer: Message, sock: socket.socket) -> None:
        """Hands `sock` over and returns when either side has ended it (what an ended one still holds is
        void).
        """
        with sock:
            poll = select.poll()
            poll.register(sock, select.POLLRDHUP)
            if not poll.poll(0):
                self._control.send(peer, (sock.fileno(),))
                poll.poll()


def _connections(path: Path) -> list[socket.socket]:
    made = []
    for _ in range(CONNECTIONS_AHEAD):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(_CONNECT_SECONDS)  # a backlog may be full of what earlier processes left
        try:
            sock.connect(str(path))
        except OSError as error:
            step = "systemctl status earmark-till.service"
            raise IpcError("till_unreachable", f"{path}: {error.strerror or error}", step) from error
        made.append(sock)
    return made


def _admissions(wanted: Sequence[str]) -> list[tuple[str, socket.socket, int]]:
    """(name, listening socket, uid); -1 for the operators, whom the socket's group admits."""
    users = {name: user for name, _, user in (pair.partition("=") for pair in wanted)}
    if unknown := set(users) - set(PEERS):
        detail = f"no peer named {', '.join(sorted(unknown))}"
        raise ConfigurationError("config_invalid", detail, f"one of {', '.join(PEERS)}")
    listeners = _listening_sockets()
    if missing := {*users, OPERATOR} - set(listeners):
        detail = f"systemd passed no socket named {', '.join(sorted(missing))}"
        raise IpcError("listening_socket_missing", detail, "systemctl start earmark.target")
    return [(name, listeners[name], _uid(users[name])) for name in users] + [
        (OPERATOR, listeners[OPERATOR], -1)
    ]


def _listening_sockets() -> dict[str, socket.socket]:
    """What systemd passed to this process, by FileDescriptorName (sd_listen_fds(3))."""
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or count != str(len(names)):
        return {}
    return {name: socket.socket(fileno=_FIRST_FD + index) for index, name in enumerate(names)}


def _uid(user: str) -> int:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise ConfigurationError("config_invalid", f"no user {user!r}", "scripts/install") from None
