"""A keypad of the story: a named pipe that takes key events as a keypad's event device would write them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from agent.touching.input_events import DIGITS, KEY_ENTER, encode_key

_CODES = {digit: code for code, digit in DIGITS.items()}


class Keypad:
    """`path` is for the device's settings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, mode=0o600)
        # Open for both ways, so that the pipe is never without a writer: that would be an unplugged keypad.
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def types(self, number: str) -> None:
        """Presses the digits and Enter."""
        for code in [*(_CODES[digit] for digit in number), KEY_ENTER]:
            os.write(
                self._fd, encode_key(code, time.monotonic()) + encode_key(code, time.monotonic(), value=0)
            )

    def close(self) -> None:
        """Unplugs it."""
        os.close(self._fd)
