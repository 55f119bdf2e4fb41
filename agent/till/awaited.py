"""How long a PIN, badge or phone has been awaited, the nonce of that request, and whether somebody pressed a
key of the device since then."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from agent.deciding.conversation import AwaitingFactor, State
from agent.deciding.phone import LIFETIME_S, NONCE_BYTES

LONGEST_S = 120
"""So long what needs a PIN or badge stays open, also a second person's: long enough to come from across a
hall, and short enough that whoever comes much later confirms nothing that others have left open."""

PHONE_S = LIFETIME_S
"""So long where a phone may answer: as long as its answer counts. It is asked anew as long as it is awaited,
so without an end a taken-over `voice`, or whoever types in somebody's name, could have that person's phone
asked about one order for ever. So long, too, whatever was typed: the screen may stand elsewhere, and its
digits count as long."""

PRESS_COUNTS_S = 10
"""A badge follows its press at once. Whoever pressed to speak and holds up the badge later means to go."""

_SLACK_MS = 500


class Press:
    """Of a key of the device, by somebody who then holds up a badge. It counts once, and not for long."""

    def __init__(self, boot_s: Callable[[], float]) -> None:
        self._boot_s = boot_s
        self._at_s: float | None = None

    def note(self) -> None:
        """It was now."""
        self._at_s = self._boot_s()

    def forget(self) -> None:
        """There was none."""
        self._at_s = None

    def take(self) -> bool:
        """Whether there was one a moment ago."""
        at_s, self._at_s = self._at_s, None
        return at_s is not None and 0 <= self._boot_s() - at_s < PRESS_COUNTS_S


class Awaited:
    """Of one conversation. Its clock is one that nobody can set."""

    def __init__(
        self,
        boot_s: Callable[[], float],
        start_timer: Callable[[int, Callable[[], None]], None],
        too_late: Callable[[], None],
        others_have_phone: Callable[[str], bool],
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """`too_late` takes back what is awaited; `others_have_phone` says whether anybody but that person
        could agree on one; `draw(n)` gives n bytes that nobody can guess."""
        self._boot_s, self._start_timer, self._too_late = boot_s, start_timer, too_late
        self._others_have_phone, self._draw = others_have_phone, draw
        self._since_s: float | None = None
        self._longest_s = LONGEST_S
        self._press = Press(boot_s)
        self.nonce = ""
        """Of the request in hand, in hex: what a phone approves is this one, and none of the same basket
        before it or after."""

    def became(self, before: State, after: State) -> None:
        """The conversation has gone on. Another basket, or somebody else who is to confirm it, was read back
        anew; the same, asked about once more, was not."""
        if not isinstance(after, AwaitingFactor):
            self._since_s = None
            self._press.forget()
        elif not (isinstance(before, AwaitingFactor) and _asked(before) == _asked(after)):
            self._press.forget()
            self._since_s, self._longest_s = self._boot_s(), self._longest(after)
            self.nonce = self._draw(NONCE_BYTES).hex()
            self._start_timer(self._longest_s * 1_000 + _SLACK_MS, self.look)

    def look(self) -> None:
        """Takes back what has been awaited for too long."""
        if self._since_s is not None and not 0 <= self._boot_s() - self._since_s < self._longest_s:
            self._too_late()

    def _longest(self, state: AwaitingFactor) -> int:
        phone = state.wants == "phone" or (
            state.wants == "second" and self._others_have_phone(state.speaker.person)
        )
        return PHONE_S if phone or state.speaker.reason == "typed" else LONGEST_S

    def press(self) -> bool:
        """A key of the device, by somebody who stands there; whether anything is awaited."""
        if self._since_s is None:
            return False
        self._press.note()
        return True

    def take_press(self) -> bool:
        """Whether there was one since the read-back, a moment ago; it counts for one badge."""
        return self._press.take()


def _asked(state: AwaitingFactor) -> tuple[object, ...]:
    return state.basket.digest, state.speaker, state.wants, state.given, state.second
