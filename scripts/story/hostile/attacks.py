"""What a process does that was taken over: an attempt returns where it gets through and raises where not.

Runs inside the sandbox, so it imports the standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Targets = dict[str, Any]
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _open_socket(family: int, kind: int = socket.SOCK_STREAM) -> None:
    socket.socket(family, kind).close()


def _connect(port: int) -> None:
    with socket.socket(socket.AF_INET) as sock:
        sock.connect(("127.0.0.1", port))


def _look_up() -> None:
    socket.getaddrinfo("localhost", 1, proto=socket.IPPROTO_TCP)


def _serve() -> None:
    with socket.socket(socket.AF_INET) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(1)


def _reach_operator_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)


def _read(path: str) -> None:
    with Path(path).open("rb") as file:
        file.read(1)


def _write(path: str) -> None:
    Path(path).write_bytes(b"was here")
    Path(path).unlink()


def _run_shell() -> None:
    os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 0"], {}), 0)


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _io_uring() -> None:
    """io_uring_setup without a place for the answer: EFAULT says that the call was let through."""
    _let_through(_libc.syscall(ctypes.c_long(425), ctypes.c_uint(1), None))


def _unshare() -> None:
    """A user namespace, and a flag that does not exist: EINVAL says that the call was let through."""
    _let_through(_libc.unshare(0x10000000 | 0x1))


def _become_shell() -> None:
    """execve with an argument vector that points nowhere: EFAULT says that the call was let through."""
    _let_through(_libc.execve(b"/bin/sh", ctypes.c_void_p(1), None))


def _let_through(result: int) -> None:
    if result < 0 and ctypes.get_errno() not in (errno.EFAULT, errno.EINVAL):
        _checked(result)


def _trace(pid: int) -> None:
    attach, detach = 16, 17
    _checked(_libc.ptrace(attach, pid, None, None))
    os.waitpid(pid, 0x40000000)
    _libc.ptrace(detach, pid, None, None)


def _read_memory(pid: int) -> None:
    _read(f"/proc/{pid}/environ")


def _start_thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def attempts(targets: Targets) -> dict[str, Callable[[], None]]:
    """Every attempt by name. `targets` holds the paths, ports and process ids it is made against."""
    return {
        "start a thread": _start_thread,
        "open an IPv4 socket": lambda: _open_socket(socket.AF_INET),
        "open an IPv6 socket": lambda: _open_socket(socket.AF_INET6),
        "open a netlink socket": lambda: _open_socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "open a packet socket": lambda: _open_socket(socket.AF_PACKET, socket.SOCK_RAW),
        "open a Unix socket": lambda: _open_socket(socket.AF_UNIX),
        "connect to the broker": lambda: _connect(targets["broker_port"]),
        "connect to the site broker": lambda: _connect(targets["site_port"]),
        "connect to another port": lambda: _connect(targets["other_port"]),
        "look up a name": _look_up,
        "serve TCP": _serve,
        "reach the operator socket": lambda: _reach_operator_socket(targets["operator_socket"]),
        "read the signing key": lambda: _read(targets["signing_key"]),
        "read the MQTT key": lambda: _read(targets["mqtt_key"]),
        "read the voiceprints": lambda: _read(targets["voiceprint"]),
        "read the journal": lambda: _read(targets["journal"]),
        "read a stranger's file": lambda: _read(targets["stranger"]),
        "write to the state directory": lambda: _write(targets["state"]),
        "write elsewhere": lambda: _write(targets["elsewhere"]),
        "write to the code": lambda: _write(targets["code"]),
        "change a file's rights": lambda: Path(targets["settings"]).chmod(0o600),
        "start a shell": _run_shell,
        "become a shell": _become_shell,
        "fork": _fork,
        "trace a neighbour": lambda: _trace(targets["neighbour"]),
        "read a neighbour's environment": lambda: _read_memory(targets["neighbour"]),
        "signal a neighbour": lambda: os.kill(targets["neighbour"], 0),
        "set up io_uring": _io_uring,
        "make a user namespace": _unshare,
    }


def attack(targets: Targets) -> dict[str, str]:
    """The outcome of every attempt: '' where it got through, else what stopped it."""
    outcome = {}
    for name, attempt in attempts(targets).items():
        try:
            attempt()
            outcome[name] = ""
        except Exception as error:
            outcome[name] = f"{type(error).__name__}: {error}"
    return outcome


def attack_when_tight(targets: Targets) -> threading.Thread:
    """Starts a thread now that attacks once the second filter is on, and prints one JSON line to stdout."""

    def wait_and_attack() -> None:
        while seccomp_filters() < before + 1:
            threading.Event().wait(0.02)
        os.write(1, f"attacked {json.dumps(attack(targets))}\n".encode())

    before = seccomp_filters()
    thread = threading.Thread(target=wait_and_attack, daemon=True)
    thread.start()
    return thread


def seccomp_filters() -> int:
    """How many filters this process is under."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Seccomp_filters:"):
            return int(line.split()[1])
    raise RuntimeError("the kernel does not tell (before 5.9)")
