"""How fast the device speaks: as somebody wished last, also after a restart."""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.committing.trusted_time import Memory
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.kept import keep, kept

_PERCENTS = (60, 70, 85, 100, 120)
_KEY = "speech_pace"


class _Pace(msgspec.Struct, frozen=True):
    percent: int = 100


class SpeechPace:
    """`memory`: where the wish outlives the process."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        percent = kept(memory, _KEY, _Pace()).percent
        self.percent = percent if percent in _PERCENTS else 100
        """Of the usual speed."""

    def change(self, kind: Literal["slower", "faster"]) -> str:
        """The next slower or faster one; the key of what is said of it. What cannot be written holds until
        the process ends."""
        at = _PERCENTS.index(self.percent) + (1 if kind == "faster" else -1)
        if not 0 <= at < len(_PERCENTS):
            return "pace_slowest" if kind == "slower" else "pace_fastest"
        self.percent = _PERCENTS[at]
        try:
            keep(self._memory, _KEY, _Pace(self.percent))
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return f"pace_{kind}"
