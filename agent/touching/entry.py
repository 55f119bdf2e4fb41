"""From key presses to a number that somebody meant: a PIN ended by Enter, or a badge that types itself."""

from __future__ import annotations

from agent.touching.input_events import (
    DIGITS,
    KEY_BACKSPACE,
    KEY_ENTER,
    KEY_ESC,
    KEY_KPASTERISK,
    KEY_KPENTER,
    KeyPress,
)

LONGEST_NUMBER = 20


class NumberEntry:
    """Collects digits until Enter. A pause longer than `pause_s` begins anew, so nobody finishes another's
    number."""

    def __init__(self, *, pause_s: float, fewest: int) -> None:
        """Numbers of fewer than `fewest` digits are slips and give nothing."""
        self._pause_s, self._fewest = pause_s, fewest
        self._digits = ""
        self._last_s = 0.0
        self._too_long = False

    def push(self, press: KeyPress) -> str | None:
        """The whole number when Enter ends it, '' for Enter alone; else None."""
        if not 0 <= press.at_s - self._last_s <= self._pause_s:
            self._clear()
        self._last_s = press.at_s
        if press.code in (KEY_ESC, KEY_KPASTERISK):
            self._clear()
        elif press.code == KEY_BACKSPACE:
            self._digits = self._digits[:-1]
        elif press.code in (KEY_ENTER, KEY_KPENTER):
            number, whole = self._digits, not self._too_long
            self._clear()
            return number if whole and (not number or len(number) >= self._fewest) else None
        elif digit := DIGITS.get(press.code):
            self._too_long = self._too_long or len(self._digits) == LONGEST_NUMBER
            self._digits = (self._digits + digit)[:LONGEST_NUMBER]
        return None

    def _clear(self) -> None:
        self._digits, self._too_long = "", False
