"""A keyboard that the kernel makes for us (<linux/uinput.h>): its keys come out of /dev/input/eventN."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterable
from pathlib import Path

from agent.touching.input_events import encode_key

UINPUT = Path("/dev/uinput")

# _IOC(direction, 'U', number, size); _IOW is 1 << 30. Numbers are those of UINPUT_IOCTL_BASE 'U'.
_BASE = ord("U") << 8
_UI_DEV_CREATE = _BASE | 1
_UI_DEV_DESTROY = _BASE | 2
_UI_DEV_SETUP = 1 << 30 | 92 << 16 | _BASE | 3  # struct uinput_setup is 92 bytes
_UI_SET_EVBIT = 1 << 30 | 4 << 16 | _BASE | 100
_UI_SET_KEYBIT = 1 << 30 | 4 << 16 | _BASE | 101
_SYSNAME_BYTES = 64
_UI_GET_SYSNAME = 2 << 30 | _SYSNAME_BYTES << 16 | _BASE | 44

_EV_SYN, _EV_KEY = 0, 1
_BUS_VIRTUAL = 0x06
_SETUP = struct.Struct("@4H80sI")  # struct input_id, name[UINPUT_MAX_NAME_SIZE], ff_effects_max
_EVENT = struct.Struct("@llHHi")
_PATIENCE_S = 240.0


class VirtualKeyboard:
    """Has the keys `codes`; `path` is its event device."""

    def __init__(self, name: str, codes: Iterable[int]) -> None:
        """Raises OSError where there is no /dev/uinput or it may not be used."""
        self._fd = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(self._fd, _UI_SET_EVBIT, _EV_KEY)
            for code in codes:
                fcntl.ioctl(self._fd, _UI_SET_KEYBIT, code)
            setup = _SETUP.pack(_BUS_VIRTUAL, 0x1209, 0x0001, 1, name.encode(), 0)
            fcntl.ioctl(self._fd, _UI_DEV_SETUP, setup)
            fcntl.ioctl(self._fd, _UI_DEV_CREATE)
            self.path = self._event_device()
        except BaseException:
            os.close(self._fd)
            raise

    def press(self, code: int) -> None:
        """Down and up, each ended by the report that an event device waits for."""
        for value in (1, 0):
            os.write(self._fd, encode_key(code, 0, value=value) + _EVENT.pack(0, 0, _EV_SYN, 0, 0))

    def close(self) -> None:
        """Unplugs it."""
        fcntl.ioctl(self._fd, _UI_DEV_DESTROY)
        os.close(self._fd)

    def _event_device(self) -> Path:
        answer = fcntl.ioctl(self._fd, _UI_GET_SYSNAME, bytes(_SYSNAME_BYTES))
        folder = Path("/sys/devices/virtual/input") / answer.split(b"\0")[0].decode()
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            for found in folder.glob("event*"):
                if (path := Path("/dev/input") / found.name).exists():  # udev, or devtmpfs, makes it
                    return path
            time.sleep(0.02)
        raise OSError(f"no event device of {folder} in /dev/input")
