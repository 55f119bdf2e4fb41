"""Whether a live microphone is well: frames come, and they hold sound. Never silently deaf: a trouble is
told once when it has lasted PATIENCE_MS, and once when it is over; meanwhile the stream is opened again now
and then.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from agent.hearing.audio import FRAME_MS, Int16

NO_FRAMES = "audio_no_frames"
ALL_ZERO = "audio_all_zero"
TOO_QUIET = "audio_too_quiet"
CLIPPED = "audio_clipped"

PATIENCE_MS = {NO_FRAMES: 3_000, ALL_ZERO: 3_000, TOO_QUIET: 10_000, CLIPPED: 5_000}
"""So long a trouble may last; a live microphone is never that quiet, nor a room that loud."""

QUIETEST_PEAK = 2
"""Of int16, -84 dBFS: in the quietest room the noise of a microphone that is open goes beyond."""

CLIPPED_AT = 32_600
CLIPPED_SHARE = 0.01
"""Of a frame's samples; a shout clips fewer, and pauses in between."""

REOPEN_MS = 15_000
"""While a trouble lasts the stream is opened again after this, doubled each time."""

LONGEST_REOPEN_MS = 240_000


class Turn(StrEnum):
    """What has become of a trouble."""

    BEGUN = "begun"
    LASTS = "lasts"
    OVER = "over"


class EarNews(NamedTuple):
    """`code` is the trouble; at BEGUN and LASTS the stream is to be opened again."""

    turn: Turn
    code: str


class EarHealth:
    """Counts frames, and reads that brought none within FRAME_MS."""

    def __init__(self) -> None:
        self._lasted_ms = dict.fromkeys(PATIENCE_MS, 0)
        self._trouble = ""
        self._reopen_in_ms = self._rest_ms = REOPEN_MS

    def push(self, frame: Int16 | None) -> EarNews | None:
        """int16 [n], or None where none came; what is new, if anything."""
        now = _sign_of(frame)
        for code, lasted in self._lasted_ms.items():
            # Clipping comes and goes with what is said; anything else is over with one good frame.
            eased = max(0, lasted - FRAME_MS) if code == CLIPPED and frame is not None else 0
            self._lasted_ms[code] = min(lasted + FRAME_MS, PATIENCE_MS[code]) if code == now else eased
        if self._trouble:
            return self._while_unwell()
        ripe = [code for code, lasted in self._lasted_ms.items() if lasted >= PATIENCE_MS[code]]
        if not ripe:
            return None
        self._trouble = ripe[0]
        self._reopen_in_ms = self._rest_ms = REOPEN_MS
        return EarNews(Turn.BEGUN, self._trouble)

    def _while_unwell(self) -> EarNews | None:
        if self._lasted_ms[self._trouble] == 0:
            over, self._trouble = self._trouble, ""
            return EarNews(Turn.OVER, over)
        self._reopen_in_ms -= FRAME_MS
        if self._reopen_in_ms > 0:
            return None
        self._rest_ms = min(2 * self._rest_ms, LONGEST_REOPEN_MS)
        self._reopen_in_ms = self._rest_ms
        return EarNews(Turn.LASTS, self._trouble)


def _sign_of(frame: Int16 | None) -> str:
    """Which trouble this frame is a sign of; '' for none."""
    if frame is None:
        return NO_FRAMES
    size = np.abs(frame.astype(np.int32))
    peak = int(size.max(initial=0))
    if peak == 0:
        return ALL_ZERO
    if peak <= QUIETEST_PEAK:
        return TOO_QUIET
    if float((size >= CLIPPED_AT).mean()) >= CLIPPED_SHARE:
        return CLIPPED
    return ""
