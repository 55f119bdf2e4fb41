"""Supervision of the stand-in processes, and what tests ask of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from agent.plumbing.ipc import IpcConnection
from agent.plumbing.operator import AskHealth, Health
from agent.plumbing.supervisor import operator_socket

PROCESSES = Path(__file__).parent / "processes"
MODULES = {name: f"stand_in_{name}" for name in ("till", "voice", "uplink")}
OPTIONS = {name: ("--also-import", str(PROCESSES)) for name in MODULES}


def device(folder: Path) -> Path:
    """The settings file of a device in `folder`."""
    settings = folder / "settings.toml"
    settings.write_text('[paths]\nstate_dir = "state"\n')
    return settings


def health(folder: Path) -> Health:
    """What the till says after it has asked both neighbours."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(operator_socket(folder / "state")))
    with IpcConnection(sock) as connection:
        connection.send(AskHealth())
        answer, _ = connection.receive(Health)
        return answer


def comes_true(condition: Callable[[], bool], *, within_seconds: float = 240.0) -> bool:
    """Waits for it; the limit is only there so that a failing test ends."""
    deadline = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
