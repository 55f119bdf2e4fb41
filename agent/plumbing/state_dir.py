"""The device's state directory: who owns it, and the operator socket that stands in it."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from pathlib import Path

from agent.plumbing.errors import ConfigurationError

_LONGEST_SOCKET_PATH = 107  # bytes; struct sockaddr_un
_OPERATORS_WAITING = 8


def operator_socket(state_dir: Path) -> Path:
    """Where `earmark orders|enrol|people|chat` reach the till."""
    return state_dir / "operator.sock"


def claim_state_dir(state_dir: Path) -> int:
    """Makes the directory (owner only) and the parts of till and uplink, and locks it for one supervisor.

    The lock lasts until the returned descriptor is closed or this process ends, however it ends.
    Raises ConfigurationError state_dir_unusable, state_dir_of_service, already_running.
    """
    _refuse_another_users(state_dir / "till")
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        state_dir.chmod(0o700)
        for part in ("till", "uplink"):
            (state_dir / part).mkdir(mode=0o700, exist_ok=True)
        fd = os.open(state_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            "state_dir_unusable",
            f"{state_dir}: {error.strerror}",
            f"ls -ld {state_dir}; or set paths.state_dir",
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise ConfigurationError(
            "already_running",
            f"another supervisor runs on {state_dir}",
            "stop it, or set another paths.state_dir",
        ) from error
    return fd


def _refuse_another_users(folder: Path) -> None:
    """Root could use an installed device's folder, and would close it to the services it belongs to."""
    if folder.exists() and folder.stat().st_uid != os.geteuid():
        raise ConfigurationError(
            "state_dir_of_service",
            f"{folder} belongs to another user: its device is run by systemd",
            "systemctl start earmark.target",
        )


def bind_operator_socket(state_dir: Path) -> socket.socket:
    """A listening Unix stream socket for the owner only. Whoever calls this holds the claim, so an old one is
    stale.

    Raises ConfigurationError operator_socket_unusable.
    """
    path = operator_socket(state_dir)
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise ConfigurationError(
            "operator_socket_unusable",
            f"{path} is longer than a socket's path may be",
            "shorten paths.state_dir",
        )
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.exists():
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise ConfigurationError(
                    "operator_socket_unusable", f"{path} is no socket", f"mv {path} {path}.old"
                )
            path.unlink()
        listener.bind(str(path))
        path.chmod(0o600)  # nobody can connect before listen()
        listener.listen(_OPERATORS_WAITING)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            "operator_socket_unusable", f"{path}: {error.strerror}", f"ls -ld {path}"
        ) from error
    except ConfigurationError:
        listener.close()
        raise
    return listener
