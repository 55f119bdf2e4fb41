"""Badges that nobody asked for: they begin and end shifts, and the device says who is on."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from functools import partial

from agent.deciding.conversation import Say
from agent.deciding.shift import Shift
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError
from agent.till.desk import Desk
from agent.till.spoken import SpokenDialogue

ONE_TIME_S = 3
"""A badge that is read again within so long is still being held up."""

_LATER_MS = 2_000
_MOST_TRIES = 30
"""So often it is tried to say it, while something else is talked about."""


class ShiftBadges:
    """What is talked about on a shift ends with it, and with a badge whatever is: nobody agrees by it to what
    others have left open. An order that was signed stays."""

    def __init__(
        self, desk: Desk, spoken: SpokenDialogue, start_timer: Callable[[int, Callable[[], None]], None]
    ) -> None:
        self._desk, self._spoken, self._start_timer = desk, spoken, start_timer
        self._key, self._seen, self._seen_s = os.urandom(32), b"", 0.0
        self._newest: Say | None = None
        desk.shifts.when_ended = partial(spoken.shift_over, of_anybody=False)

    def seen(self, number: str) -> bool:
        """A badge was read, for whatever; whether the same is being held up since before."""
        badge, now_s = hashlib.blake2b(number.encode(), key=self._key).digest(), self._desk.factors.boot_s()
        again = badge == self._seen and 0 <= now_s - self._seen_s < ONE_TIME_S
        self._seen, self._seen_s = badge, now_s
        return again

    def held_up(self, number: str) -> None:
        """Begins or ends a shift."""
        try:
            turn = self._desk.shifts.badge(number, now_s=self._desk.now_s())
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            self._spoken.shift_over()
            self._tell("shift_locked" if error.code == "factor_locked" else "shift_failed")
            return
        if turn.key != "shift_unknown":
            self._spoken.shift_over()
        if turn.shift is not None:
            left_s = turn.shift.ends_s - turn.shift.began_s
            self._start_timer(math.ceil(left_s * 1_000), partial(self._time_is_over, turn.shift))
        self._tell(turn.key, turn.name)

    def _time_is_over(self, shift: Shift) -> None:
        name = self._desk.shifts.time_is_over(shift)
        if name and not self._desk.is_quiet():
            self._tell("shift_over", name)

    def _tell(self, key: str, name: str = "") -> None:
        self._newest = Say(key)
        self._try_to_tell(self._newest, name, _MOST_TRIES)

    def _try_to_tell(self, say: Say, name: str, tries: int) -> None:
        """Unless there is something newer to tell."""
        if say is self._newest and self._spoken.announce(say, name) is None and tries > 1:
            self._start_timer(_LATER_MS, partial(self._try_to_tell, say, name, tries - 1))
