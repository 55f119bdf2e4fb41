"""The wake word in two stages: a sensitive first one on every frame, and a second look at its hits.

A hit costs one look, and hits are at least REFRACTORY_MS apart: a television costs a bounded share of the
processor.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, NamedTuple

import numpy as np

from agent.hearing.audio import FRAME_MS, SAMPLE_RATE, Int16, to_float
from agent.hearing.wake_check import BEFORE_SAMPLES, IMPOSSIBLE_NATS, WakeCheck
from agent.hearing.wakeword import WakeWord
from agent.plumbing.settings import Wake

AFTER_MS = 400
"""Heard after a hit before the second look: the wake model fires before the phrase has ended."""

_KEPT_FRAMES = (max(BEFORE_SAMPLES) * 1_000 // SAMPLE_RATE + AFTER_MS) // FRAME_MS + 2

Stage = Literal["first", "second", "none"]


class WakeDecision(NamedTuple):
    """`stage`: which one heard the phrase; "none" where it was not the phrase (a near miss). `score`: the
    first stage's highest probability, 0..1. `phrase_nats`: as of `WakeCheck`, IMPOSSIBLE_NATS where nobody
    looked. `samples_ago`: how much of the audio pushed so far came after the phrase, as near as the first
    stage tells: after it was sure enough to wake alone, or else after its hit.
    """

    stage: Stage
    score: float
    phrase_nats: float
    samples_ago: int

    @property
    def woke(self) -> bool:
        """Whether it was the phrase."""
        return self.stage != "none"


class _Pending(NamedTuple):
    """A hit that waits for its second look: the highest score since, and the samples since then; `sure_ago`:
    since the first stage would have woken alone."""

    score: float
    samples_ago: int
    sure_ago: int | None

    @property
    def phrase_ago(self) -> int:
        return self.samples_ago if self.sure_ago is None else self.sure_ago

    def after(self, score: float, samples: int, alone: float) -> _Pending:
        """One frame later. `score`: highest of that frame."""
        if self.sure_ago is not None:
            sure_ago: int | None = self.sure_ago + samples
        else:
            sure_ago = 0 if score >= alone else None
        return _Pending(max(self.score, score), self.samples_ago + samples, sure_ago)


class Waking:
    """Takes frames; tells when somebody called. Without a `check` the first stage decides alone, at
    `settings.threshold`. `near_misses` counts the hits that were not the phrase."""

    def __init__(self, settings: Wake, check: WakeCheck | None) -> None:
        """Raises ModelError('model_missing')."""
        self._check, self._alone = check, settings.threshold
        self._first = WakeWord(
            settings.phrase, settings.threshold if check is None else settings.first_threshold
        )
        self._recent: deque[Int16] = deque(maxlen=_KEPT_FRAMES)
        self._pending: _Pending | None = None
        self.near_misses = 0

    @property
    def peak(self) -> float:
        """The first stage's highest probability since `reset`."""
        return self._first.peak

    def push(self, frame: Int16) -> WakeDecision | None:
        """A decision that falls with int16 [n], or None."""
        hit = self._first.push(frame)
        if self._check is None:
            return hit and WakeDecision("first", hit.score, IMPOSSIBLE_NATS, hit.samples_ago)
        self._recent.append(frame)
        if self._pending is None:
            if hit is not None:
                sure_ago = hit.samples_ago if self._first.last >= self._alone else None
                self._pending = _Pending(self._first.last, hit.samples_ago, sure_ago)
            return None
        self._pending = pending = self._pending.after(self._first.last, len(frame), self._alone)
        if pending.samples_ago < AFTER_MS * SAMPLE_RATE // 1_000:
            return None
        self._pending = None
        samples = to_float(np.concatenate(self._recent))
        look = self._check.look(samples, pending.samples_ago, pending.score)
        self.near_misses += not look.heard
        stage: Stage = "second" if look.heard else "none"
        return WakeDecision(stage, pending.score, look.nats, pending.phrase_ago)

    def reset(self) -> None:
        """Forgets what it heard."""
        self._first.reset()
        self._recent.clear()
        self._pending = None
