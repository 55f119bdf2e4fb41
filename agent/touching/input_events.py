"""Linux input events (include/uapi/linux/input.h) as values: bytes of an event device in, key presses out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_EVENT = struct.Struct(
    "@llHHi"
)  # struct timeval, type, code, value, as the kernel of this machine lays them out
EVENT_BYTES = _EVENT.size
_EV_KEY = 1
_PRESSED = 1  # 0 is a release, 2 a repetition while held

KEY_ENTER, KEY_KPENTER, KEY_ESC, KEY_BACKSPACE, KEY_KPASTERISK = 28, 96, 1, 14, 55
DIGITS = {
    **{code: str((code - 1) % 10) for code in range(2, 12)},  # KEY_1 .. KEY_9, KEY_0
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),  # the keypad's
}
"""Key code to digit."""


class KeyPress(NamedTuple):
    """A key went down `at_s` seconds on the device's clock."""

    code: int
    at_s: float


class EventStream:
    """Joins reads of any length into events."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> Iterator[KeyPress]:
        """The key presses in `data`; everything else that a device reports is passed over."""
        self._rest += data
        whole = len(self._rest) // EVENT_BYTES * EVENT_BYTES
        ready, self._rest = self._rest[:whole], self._rest[whole:]
        for seconds, microseconds, kind, code, value in _EVENT.iter_unpack(ready):
            if kind == _EV_KEY and value == _PRESSED:
                yield KeyPress(code, seconds + microseconds / 1e6)


def encode_key(code: int, at_s: float, *, value: int = _PRESSED) -> bytes:
    """One key event as the kernel writes it; for recorded streams and tests."""
    return _EVENT.pack(int(at_s), int(at_s % 1 * 1e6), _EV_KEY, code, value)
