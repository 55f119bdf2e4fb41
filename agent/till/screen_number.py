"""Digits on the screen of whoever types, to be typed on the keypad right before a PIN: so whoever types the
PIN has read what it is for, and nobody else's words become their order."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

DIGITS = 3
LIFETIME_S = 300
"""A screen that was left alone for so long shows other digits before a PIN counts."""

AT_THE_KEYPAD: Mapping[str, str] = {
    "read_back_factor": "read_back_typed_pin",
    "factor_needed": "typed_pin_needed",
    "factor_wrong": "typed_pin_wrong",
    "read_back_second": "read_back_typed_second",
    "second_needed": "typed_second_needed",
    "second_wrong": "typed_second_wrong",
}
"""What is asked for aloud, as it is asked for on a screen."""


def drawn() -> str:
    """At random."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


class ScreenNumber:
    """That of one conversation: others for each basket and price."""

    def __init__(self, boot_s: Callable[[], float], draw: Callable[[], str] = drawn) -> None:
        """`boot_s`: seconds by a clock that nobody can set."""
        self._boot_s, self._draw = boot_s, draw
        self._number, self._digest, self._since_s = "", "", 0.0

    def of(self, digest: str) -> str:
        """What is shown with the basket of that digest."""
        if not self._stands_for(digest):
            self._number, self._digest, self._since_s = self._draw(), digest, self._boot_s()
        return self._number

    def pin_in(self, typed: str, digest: str) -> str | None:
        """What was typed after the number that is shown with that basket; None where it does not begin with
        it, or that is too long ago."""
        if not self._stands_for(digest) or not typed.startswith(self._number):
            return None
        return typed.removeprefix(self._number)

    def _stands_for(self, digest: str) -> bool:
        waited = self._boot_s() - self._since_s
        return self._number != "" and digest == self._digest and 0 <= waited < LIFETIME_S
