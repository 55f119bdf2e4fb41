"""How long a PIN or badge has been awaited aloud, and whether somebody pressed a key of the device since
then."""

from __future__ import annotations

from collections.abc import Callable

from agent.deciding.conversation import AwaitingFactor, State

LONGEST_S = 120
"""So long what needs a PIN or badge stays open, also a second person's: long enough to come from across a
hall, and short enough that whoever comes much later confirms nothing that others have left open. A phone that
is asked by name has as long as its answer counts."""

_SLACK_MS = 500


class Awaited:
    """Of the spoken conversation. Its clock is one that nobody can set."""

    def __init__(
        self,
        boot_s: Callable[[], float],
        start_timer: Callable[[int, Callable[[], None]], None],
        too_late: Callable[[], None],
    ) -> None:
        """`too_late` takes back what is awaited."""
        self._boot_s, self._start_timer, self._too_late = boot_s, start_timer, too_late
        self._since_s: float | None = None
        self._pressed = False

    def became(self, before: State, after: State) -> None:
        """The conversation has gone on. Another basket, or somebody else who is to confirm it, was read back
        anew; the same, asked about once more, was not."""
        if not isinstance(after, AwaitingFactor):
            self._since_s, self._pressed = None, False
        elif not (isinstance(before, AwaitingFactor) and _asked(before) == _asked(after)):
            self._pressed = False
            self._since_s = None if after.wants == "phone" else self._boot_s()
            self._start_timer(LONGEST_S * 1_000 + _SLACK_MS, self.look)

    def look(self) -> None:
        """Takes back what has been awaited for too long."""
        if self._since_s is not None and not 0 <= self._boot_s() - self._since_s < LONGEST_S:
            self._too_late()

    def press(self) -> bool:
        """A key of the device, by somebody who stands there; whether anything is awaited."""
        self._pressed = self._since_s is not None
        return self._pressed

    def take_press(self) -> bool:
        """Whether there was one since the read-back; it counts for one badge."""
        pressed, self._pressed = self._pressed, False
        return pressed


def _asked(state: AwaitingFactor) -> tuple[object, ...]:
    return state.basket.digest, state.speaker, state.wants, state.given, state.second
