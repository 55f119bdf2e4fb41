"""Whether a live microphone is well: frames come, and they are not all zero. Each trouble is told once."""

from __future__ import annotations

from agent.hearing.audio import FRAME_MS, Int16

PATIENCE_MS = 3_000
NO_FRAMES = "audio_no_frames"
ALL_ZERO = "audio_all_zero"


class EarHealth:
    """Counts frames, and reads that brought none within FRAME_MS."""

    def __init__(self) -> None:
        self._missing_ms = 0
        self._zero_ms = 0

    def push(self, frame: Int16 | None) -> str:
        """The code of a trouble that has just reached PATIENCE_MS, or ''."""
        if frame is None:
            self._missing_ms += FRAME_MS
            return NO_FRAMES if self._missing_ms - FRAME_MS < PATIENCE_MS <= self._missing_ms else ""
        self._missing_ms = 0
        if frame.any():
            self._zero_ms = 0
            return ""
        self._zero_ms += FRAME_MS
        return ALL_ZERO if self._zero_ms - FRAME_MS < PATIENCE_MS <= self._zero_ms else ""
