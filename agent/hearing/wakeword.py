"""First stage of the wake word: microWakeWord (github.com/kahrendt/microWakeWord) over a stream of frames."""

from __future__ import annotations

from typing import NamedTuple

from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

from agent.hearing.audio import SAMPLE_RATE, Int16
from agent.plumbing.errors import ModelError

REFRACTORY_MS = 1_000
_FEATURE_SAMPLES = 160
_MEMORY_SECONDS = 3


class FirstHit(NamedTuple):
    """`score`: mean probability over the model's window, 0..1. `samples_ago`: how much of the audio pushed
    so far came after the hit.
    """

    score: float
    samples_ago: int


class WakeWord:
    """Listens for `phrase` ('okay_nabu', 'hey_jarvis', 'alexa', 'hey_mycroft'). Raises
    ModelError('model_missing').
    """

    def __init__(self, phrase: str, threshold: float) -> None:
        try:
            self._model = MicroWakeWord.from_builtin(Model(phrase))
        except (OSError, ValueError) as error:
            raise ModelError(
                "model_missing", f"wake word {phrase!r}: {error}", "earmark models verify"
            ) from error
        self._features = MicroWakeWordFeatures()
        self._threshold = threshold
        self._deaf_samples = 0
        self.peak = self.last = 0.0

    def push(self, frame: Int16) -> FirstHit | None:
        """A hit inside int16 [n], or None. After a hit there is none for REFRACTORY_MS. `peak` is the
        highest score since `reset`, `last` that of the last frame.
        """
        hit: FirstHit | None = None
        self.last = 0.0
        for index, features in enumerate(self._features.process_streaming(frame.tobytes())):
            score = self._model.process_streaming_prob(features) or 0.0
            self.last = max(self.last, score)
            self._deaf_samples = max(0, self._deaf_samples - _FEATURE_SAMPLES)
            if hit is None and score > self._threshold and not self._deaf_samples:
                self._deaf_samples = REFRACTORY_MS * SAMPLE_RATE // 1_000
                hit = FirstHit(score, max(0, len(frame) - (index + 1) * _FEATURE_SAMPLES))
        self.peak = max(self.peak, self.last)
        return hit

    def reset(self) -> None:
        """Forgets what it heard, by hearing silence: the model's own reset would open its file again, which
        a closed sandbox may refuse.
        """
        self._features.reset()
        for features in self._features.process_streaming(bytes(2 * SAMPLE_RATE * _MEMORY_SECONDS)):
            self._model.process_streaming_prob(features)
        self._deaf_samples = 0
        self.peak = self.last = 0.0
