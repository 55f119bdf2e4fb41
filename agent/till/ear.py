"""How the device's ear is, by what `voice` reports: said aloud once, counted, and shown to the operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from agent.deciding.conversation import Say
from agent.plumbing import audit
from agent.till.desk import Desk

LOOK_MS = 1_000
TROUBLES = {
    "audio_no_frames": "ear_deaf",
    "audio_all_zero": "ear_deaf",
    "audio_too_quiet": "ear_deaf",
    "audio_clipped": "ear_too_loud",
}
"""Error codes with which the ear is not well, and what is said of them."""


class Ear:
    """`say` brings a sentence to the room, or gives None where this is no moment for it."""

    def __init__(
        self,
        desk: Desk,
        say: Callable[[Say, str], str | None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        self._desk, self._say, self._start_timer = desk, say, start_timer
        self.trouble = ""
        """The error code of what is wrong now, '' while it is well."""
        self.faults: Counter[str] = Counter()
        """How often each fault was reported since the till started."""
        self._said = ""  # what was last said of it
        self._look()

    def faulted(self, code: str, detail: str) -> None:
        """From `voice`."""
        audit.log("voice_fault", reason=code, detail=detail)
        self.faults[code] += 1
        if code in TROUBLES:
            self.trouble = code

    def mended(self, code: str) -> None:
        """From `voice`: that trouble is over."""
        if code == self.trouble:
            self.trouble = ""

    def anew(self) -> None:
        """Another `voice` has come: its ear has not complained yet."""
        self.trouble = ""

    def look(self) -> None:
        """Says what has changed, unless it is one of the hours in which nothing is said unasked."""
        due = TROUBLES.get(self.trouble, "ear_well")
        if due == (self._said or "ear_well"):
            return
        if not self._desk.is_quiet() and self._say(Say(due), "") is not None:
            self._said = due

    def _look(self) -> None:
        self.look()
        self._start_timer(LOOK_MS, self._look)
