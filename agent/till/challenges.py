"""Whether words may be asked for that are to be said again, and how often they were asked for and not met.

A lockout of its own: whoever plays recordings to the device must not lock the keypad.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.committing.trusted_time import Memory
from agent.deciding.challenge_words import CHALLENGE_WORDS, LEAST_CHANCE_BYTES
from agent.deciding.lockout import CLEAR, Lockout
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.kept import keep, kept

_KEY = "challenge_lockout"
_MET = "confirmed_by_challenge"


class Challenges:
    """Used from the till's loop."""

    def __init__(
        self,
        memory: Memory,
        language: str,
        now_s: Callable[[], int],
        draw: Callable[[int], bytes],
        boot_s: Callable[[], float],
    ) -> None:
        """`memory`: where the lockout outlives the process. `draw(n)` gives n bytes that nobody can guess;
        `boot_s` is a clock that nobody can set."""
        self._memory, self._now_s, self._draw, self._boot_s = memory, now_s, draw, boot_s
        self._speaks = language in CHALLENGE_WORDS

    def chance(self) -> bytes:
        """For one question; b'' where none may be put: the language has no words, or they were asked for too
        often without being met."""
        if not self._speaks:
            return b""
        try:
            locked = kept(self._memory, _KEY, CLEAR).locked_for_s(self._now_s(), self._boot_s())
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return b""
        return b"" if locked else self._draw(LEAST_CHANCE_BYTES)

    def asked(self) -> None:
        """Before words are said aloud. It counts as a failure until they are met: whoever has recorded some
        of the words could else have new ones drawn until those come."""
        self._keep(lambda before: before.failed(self._now_s(), self._boot_s()))

    def decided(self, code: str) -> None:
        """Of every decision its code, in the order in which they fall."""
        if code == _MET:
            self._keep(lambda _: CLEAR)

    def _keep(self, after: Callable[[Lockout], Lockout]) -> None:
        try:
            keep(self._memory, _KEY, after(kept(self._memory, _KEY, CLEAR)))
        except JournalError as error:  # then nothing can be ordered either
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
