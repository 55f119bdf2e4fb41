"""An event device as a file: taken for ourselves alone, opened again when it is plugged back in."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from agent.plumbing import audit
from agent.touching.input_events import EVENT_BYTES, EventStream, KeyPress

_EVIOCGRAB = 0x40044590  # _IOW('E', 0x90, int), <linux/input.h>: nobody else reads what is typed
_READ_BYTES = 64 * EVENT_BYTES


class InputDevice:
    """Reads without blocking. `path` may be away: a stable one is /dev/input/by-id/..."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._missed = False
        self._stream = EventStream()

    def fileno(self) -> int:
        """-1 while it is away."""
        return self._fd

    def open(self) -> bool:
        """Whether it is there now; said in the log when that changes."""
        if self._fd >= 0:
            return True
        try:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            if stat.S_ISCHR(os.fstat(self._fd).st_mode):
                fcntl.ioctl(self._fd, _EVIOCGRAB, 1)
        except OSError as error:
            self.close()
            if not self._missed:
                audit.log("input_device_missing", detail=f"{self._path}: {error.strerror}")
            self._missed = True
            return False
        if self._missed:
            audit.log("input_device_back", detail=str(self._path))
        self._missed = False
        return True

    def presses(self) -> list[KeyPress]:
        """What was pressed since the last call; the device is closed when it was unplugged."""
        pressed: list[KeyPress] = []
        while self._fd >= 0:
            try:
                data = os.read(self._fd, _READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.close()
                break
            pressed += self._stream.push(data)
        return pressed

    def close(self) -> None:
        """Gives it back; half an event is forgotten."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._fd, self._stream = -1, EventStream()
