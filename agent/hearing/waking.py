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
from agent.hearing.wakeword import FirstHit, WakeWord
from agent.plumbing.settings import Wake

AFTER_MS = 400
"""Heard after a hit before the second look: the wake model fires before the phrase has ended."""

_KEPT_FRAMES = (max(BEFORE_SAMPLES) * 1_000 // SAMPLE_RATE + AFTER_MS) // FRAME_MS + 2

Stage = Literal["first", "second", "none"]


class WakeDecision(NamedTuple):
    """`stage`: which one heard the phrase; "none" where it was not the phrase (a near miss). `score`: the
    first stage's highest probability, 0..1. `phrase_nats`: as of `WakeCheck`, IMPOSSIBLE_NATS where nobody
    looked. `samples_ago`: how much of the audio pushed so far came after the first stage's hit.
    """

    stage: Stage
    score: float
    phrase_nats: float
    samples_ago: int


class Waking:
    """Takes frames; tells when somebody called. Without a `check` the first stage decides alone, at
    `settings.threshold`. `near_misses` counts the hits that were not the phrase."""

    def __init__(self, settings: Wake, check: WakeCheck | None) -> None:
        """Raises ModelError('model_missing')."""
        self._settings, self._check = settings, check
        self._first = WakeWord(
            settings.phrase, settings.threshold if check is None else settings.first_threshold
        )
        self._recent: deque[Int16] = deque(maxlen=_KEPT_FRAMES)
        self._pending: FirstHit | None = None
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
            self._pending = hit
            return None
        self._pending = pending = FirstHit(
            max(self._pending.score, self._first.last), self._pending.samples_ago + len(frame)
        )
        if pending.samples_ago < AFTER_MS * SAMPLE_RATE // 1_000:
            return None
        self._pending = None
        nats = self._check.phrase_nats(to_float(np.concatenate(self._recent)), pending.samples_ago)
        stage: Stage = "second" if nats >= self._settings.phrase_nats else "none"
        self.near_misses += stage == "none"
        return WakeDecision(stage, pending.score, nats, pending.samples_ago)

    def reset(self) -> None:
        """Forgets what it heard."""
        self._first.reset()
        self._recent.clear()
        self._pending = None
