"""The device's state for those who do not hear it: a lamp, and one line for `earmark status`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agent.deciding.signals import Signal
from agent.plumbing import audit

STAYS_MS = 6_000
"""So long an outcome is shown; then the lamp is as before."""

# On and off in turn, in ms, repeated while it is shown; nothing is dark.
PATTERNS: dict[Signal, tuple[int, ...]] = {
    "ready": (),
    "listening": (1_000, 0),
    "heard": (80, 120),
    "ordered": (1_500, 300),
    "queued": (500, 500),
    "disputed": (120, 120, 120, 120, 120, 640),
    "refused": (120, 120, 120, 640),
    "deaf": (60, 2_000),
}

_LEDS = Path("/sys/class/leds")


class Lamp:
    """A light of the kernel's LED class, by its name below /sys/class/leds; '' is none."""

    def __init__(self, name: str, leds: Path = _LEDS) -> None:
        self._file = leds / name / "brightness" if name else None
        self._full = 1
        if self._file is not None:
            try:
                self._full = int((leds / name / "max_brightness").read_text("ascii"))
            except (OSError, ValueError):
                self._full = 1

    def light(self, on: bool) -> None:
        """A lamp that cannot be lit is told once, and left."""
        if self._file is None:
            return
        try:
            self._file.write_text(str(self._full if on else 0), "ascii")
        except OSError as error:
            audit.log(
                "lamp_dark", detail=f"{self._file}: {error.strerror}", next_step="see docs/installing.md"
            )
            self._file = None


class Signals:
    """What is shown now. Used from the till's loop."""

    def __init__(self, lamp: Lamp, start_timer: Callable[[int, Callable[[], None]], None]) -> None:
        self._lamp, self._start_timer = lamp, start_timer
        self._rests: Signal = "ready"
        self.now: Signal = "ready"
        self.since_s = time.monotonic()
        self._turn = 0

    def rest(self, signal: Signal) -> None:
        """'ready', 'listening' or 'deaf': what is shown when nothing has come of anything lately."""
        before, self._rests = self._rests, signal
        if self.now == before and signal != before:
            self._become(signal)

    def show(self, signal: Signal) -> None:
        """An outcome, for STAYS_MS or until the next."""
        self._become(signal)
        turn = self._turn
        self._start_timer(STAYS_MS, lambda: self._become(self._rests) if turn == self._turn else None)

    def _become(self, signal: Signal) -> None:
        self._turn += 1
        self.now, self.since_s = signal, time.monotonic()
        self._blink(self._turn, 0)

    def _blink(self, turn: int, step: int) -> None:
        if turn != self._turn:
            return
        pattern = PATTERNS[self.now]
        self._lamp.light(bool(pattern) and step % 2 == 0)
        if len(pattern) > 1 and all(pattern):
            self._start_timer(pattern[step % len(pattern)], lambda: self._blink(turn, step + 1))
