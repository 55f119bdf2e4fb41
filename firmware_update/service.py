"""A part of the updater that is a service of its own, behind a socket of systemd's (Accept=yes): ask, and
get one line.

On an installed device the process that installs has no network, no microphone and no journal; those that
have are asked like this.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.plumbing.errors import UpdateError

SERVICE_UNREACHABLE = "update_service_unreachable"
_LONGEST_ANSWER_BYTES = 65_536
_SLICE_SECONDS = 1.0


class Refusal(msgspec.Struct, frozen=True, tag="refused"):
    """An UpdateError on its way between two processes."""

    code: str
    detail: str
    next_step: str

    def error(self) -> UpdateError:
        """What it stands for."""
        return UpdateError(self.code, self.detail, self.next_step)


class NoAnswerError(Exception):
    """The service ended, or the time was over (`in_time` False), before it had answered."""

    def __init__(self, *, in_time: bool) -> None:
        super().__init__("ended" if in_time else "silent")
        self.in_time = in_time


def ask(path: Path, request: bytes, *, seconds: float, alive: Callable[[], None]) -> bytes:
    """Sends `request` and gives the answer, at most 64 KiB, to its end. `alive` is called about once a
    second.

    Raises NoAnswerError, UpdateError update_service_unreachable.
    """
    deadline, answer = time.monotonic() + seconds, b""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SLICE_SECONDS)
            connection.connect(str(path))
            with contextlib.suppress(BrokenPipeError):  # whoever does not read it may still answer
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            while time.monotonic() < deadline:
                alive()
                with contextlib.suppress(TimeoutError):
                    if not (part := connection.recv(_LONGEST_ANSWER_BYTES)):
                        break
                    answer = (answer + part)[:_LONGEST_ANSWER_BYTES]
            else:
                raise NoAnswerError(in_time=False)
    except ConnectionResetError as error:
        raise NoAnswerError(in_time=True) from error
    except OSError as error:
        step = f"systemctl status {path.stem}.socket"
        raise UpdateError(SERVICE_UNREACHABLE, f"{path}: {error.strerror or error}", step) from error
    if not answer:
        raise NoAnswerError(in_time=True)
    return answer
