"""Text to speech: hibari (github.com/MMWilliams/hibari) for English, espeak-ng for other languages."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from agent.hearing import (
    espeak,
    onnx_session,  # noqa: F401  (first: it silences the runtime that hibari imports)
)
from agent.hearing.audio import Float32, Int16, resample, to_int16
from agent.plumbing.errors import AudioError, ModelError

LANGUAGES = ("en", *espeak.LANGUAGES)
LONGEST_TEXT = 1_000
_NOISE_SEED = 0  # the same text always sounds the same
_CACHED_TEXTS = 64


class Speech:
    """Keeps the last texts it spoke: a device says few things often. Raises ModelError('model_missing')."""

    def __init__(self, *, threads: int = 1) -> None:
        try:
            from hibari import SAMPLE_RATE, Hibari

            self._voice = Hibari(threads=threads)
            self._voice("Ready.")  # loads the pronunciation tables as well
        except (ImportError, OSError) as error:
            raise ModelError("model_missing", f"text to speech: {error}", "earmark models verify") from error
        self._rate = int(SAMPLE_RATE)
        self._espeak: espeak.Espeak | None = None
        self._spoken: OrderedDict[tuple[str, str], Int16] = OrderedDict()

    def speak(self, text: str, language: str) -> Int16:
        """int16 [n] at 16 kHz. Raises AudioError: speech_language, speech_text (longer than
        LONGEST_TEXT, or beyond the voice)."""
        if language not in LANGUAGES:
            raise AudioError(
                "speech_language", f"no voice speaks {language!r}", f"use one of {', '.join(LANGUAGES)}"
            )
        if len(text) > LONGEST_TEXT:
            raise AudioError("speech_text", f"{len(text)} characters, at most {LONGEST_TEXT} are spoken")
        known = self._spoken.pop((text, language), None)
        if known is None:
            try:
                wave, rate = self._wave(text, language)
            except AudioError:
                raise
            except Exception as error:  # the library's word rules fail on odd text in ways of their own
                raise AudioError("speech_text", f"cannot be spoken: {type(error).__name__}") from error
            known = to_int16(resample(wave, rate))
        self._spoken[text, language] = known
        if len(self._spoken) > _CACHED_TEXTS:
            self._spoken.popitem(last=False)
        return known

    def _wave(self, text: str, language: str) -> tuple[Float32, int]:
        """Samples and their rate."""
        if language != "en":
            if self._espeak is None:
                self._espeak = espeak.Espeak()
            return self._espeak(text, language), self._espeak.rate
        return np.asarray(self._voice(text, seed=_NOISE_SEED), np.float32), self._rate
