"""A certificate for the broker that was not renewed and ends soon: said aloud once a day, while somebody can
still do something."""

from __future__ import annotations

from collections.abc import Callable

from agent.deciding.conversation import Say
from agent.till.desk import Desk

LOOK_MS = 60_000
SAID_EVERY_S = 24 * 3_600
_SAID = "certificate_said"


class CertificateCare:
    """`say` brings a sentence to the room, or gives None where this is no moment for it."""

    def __init__(
        self,
        desk: Desk,
        say: Callable[[Say, str], str | None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        self._desk, self._say, self._start_timer = desk, say, start_timer
        self._start_timer(LOOK_MS, self._look)

    def look(self) -> None:
        """Says what is due, unless it is one of the hours in which nothing is said unasked. Raises
        JournalError where it cannot be noted that it was said; then it is not."""
        if not self._desk.road.renewal.trouble:
            return
        now_s, journal = self._desk.now_s(), self._desk.journal
        said = journal.meta_get(_SAID) or ""
        said_s = int(said) if said.isascii() and said.isdigit() else 0
        if now_s - said_s < SAID_EVERY_S or self._desk.is_quiet():
            return
        if self._say(Say("certificate_ending"), "") is not None:
            journal.meta_set(_SAID, str(now_s))

    def _look(self) -> None:
        self.look()
        self._start_timer(LOOK_MS, self._look)
