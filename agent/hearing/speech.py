"""Text to speech: hibari (github.com/MMWilliams/hibari) for English, espeak-ng for others.

A device says few things often, and most of what it says is the same each time: "Say: yes, place my order." So
it is spoken and kept a sentence at a time, and what never changes is spoken before it is asked for.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from agent.hearing import (
    espeak,
    onnx_session,  # first: it silences the runtime that hibari imports
)
from agent.hearing.audio import SAMPLE_RATE, Float32, Int16, resample, to_int16
from agent.plumbing.errors import AudioError, ModelError
from agent.plumbing.messages import LONGEST_SAID

LANGUAGES = ("en", *espeak.LANGUAGES)
KEPT_SAMPLES = 300 * SAMPLE_RATE
"""Of sentences that were spoken before: 10 MB, five minutes."""

_NOISE_SEED = 0  # the same text always sounds the same
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_NICE = 5
"""Of the thread that speaks ahead. Whoever is to be answered waits for the sentence that it has in hand;
at 15 that took most of a minute on a machine that was busy otherwise."""

LONGEST_AHEAD = 100
"""Characters of a sentence that is spoken ahead, for the same reason: half a second's work."""


class Speech:
    """Raises ModelError('model_missing')."""

    def __init__(self, *, threads: int = 1) -> None:
        try:
            from hibari import SAMPLE_RATE as RATE
            from hibari import Hibari

            self._voice = Hibari(threads=threads)
            # The library's own session keeps for good what its longest sentence ever took: 35 MB.
            self._voice.sess = onnx_session.open_session(Path(self._voice.model_path), threads=threads)
            self._voice("Ready.")  # loads the pronunciation tables as well
        except (ImportError, OSError) as error:
            raise ModelError("model_missing", f"text to speech: {error}", "earmark models verify") from error
        self._rate = int(RATE)
        self._spoken: OrderedDict[tuple[str, str, int], Int16] = OrderedDict()
        self._espeak: espeak.Espeak | None = None
        self._kept = 0
        self._busy = threading.Lock()  # guards the voice and all of the above
        self._asked = threading.Event()  # somebody waits: whoever speaks ahead stands back
        self._asked.set()

    def speak(self, text: str, language: str, rate_percent: int = 100) -> Int16:
        """int16 [n] at 16 kHz, at `rate_percent` of the usual speed. Raises AudioError as `sentences`
        does."""
        parts = list(self.sentences(text, language, rate_percent))
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def sentences(self, text: str, language: str, rate_percent: int = 100) -> Iterator[Int16]:
        """The sentences of `text`, int16 [n] at 16 kHz each, the next one spoken when it is asked for.

        Raises AudioError: speech_language, speech_too_long (LONGEST_SAID), speech_text (beyond the voice).
        """
        if language not in LANGUAGES:
            raise AudioError(
                "speech_language", f"no voice speaks {language!r}", f"use one of {', '.join(LANGUAGES)}"
            )
        if len(text) > LONGEST_SAID:
            raise AudioError("speech_too_long", f"{len(text)} characters, at most {LONGEST_SAID} are spoken")
        for sentence in filter(None, _SENTENCE_END.split(text)):
            self._asked.clear()
            try:
                with self._busy:
                    sound = self._sentence(sentence, language, rate_percent)
            finally:
                self._asked.set()
            yield sound

    def prepare(self, texts: Sequence[str], language: str, rate_percent: int = 100) -> None:
        """Speaks `texts` ahead, on a thread of low priority that stands back while anything is to be said."""

        def work() -> None:
            with contextlib.suppress(OSError):  # a unit's call filter may refuse it
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
            for sentence in (part for text in texts for part in _SENTENCE_END.split(text)):
                if len(sentence) > LONGEST_AHEAD:
                    continue
                self._asked.wait()
                with self._busy, contextlib.suppress(AudioError):
                    if self._kept < KEPT_SAMPLES // 2:  # the rest is for what cannot be known ahead
                        self._sentence(sentence, language, rate_percent)

        if language in LANGUAGES:
            threading.Thread(target=work, daemon=True).start()

    def _sentence(self, text: str, language: str, rate_percent: int) -> Int16:
        known = self._spoken.pop((text, language, rate_percent), None)
        if known is None:
            try:
                wave, rate = self._wave(text, language, rate_percent)
            except AudioError:
                raise
            except Exception as error:  # the library's word rules fail on odd text in ways of their own
                raise AudioError("speech_text", f"cannot be spoken: {type(error).__name__}") from error
            known = to_int16(resample(wave, rate))
            self._kept += len(known)
        self._spoken[text, language, rate_percent] = known
        while self._kept > KEPT_SAMPLES and len(self._spoken) > 1:
            self._kept -= len(self._spoken.popitem(last=False)[1])
        return known

    def _wave(self, text: str, language: str, rate_percent: int) -> tuple[Float32, int]:
        """Samples and their rate."""
        if language != "en":
            if self._espeak is None:
                self._espeak = espeak.Espeak()
            return self._espeak(text, language, rate_percent), self._espeak.rate
        speed = rate_percent / 100
        return np.asarray(self._voice(text, speed=speed, seed=_NOISE_SEED), np.float32), self._rate
