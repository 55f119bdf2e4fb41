"""What the ear makes of a recording, for `earmark hear`: no speaker embedding, nothing kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Float32, read_audio_file, to_int16
from agent.hearing.cutting import cut_sentence
from agent.hearing.engine import open_engine, wake_check
from agent.hearing.listener import ORDER_ENTRY
from agent.hearing.recognition import NO_SENTENCE_GAP
from agent.hearing.snr import estimate_snr_db
from agent.hearing.voice_activity import CHUNK_MS, VoiceActivity
from agent.hearing.wake_check import IMPOSSIBLE_NATS
from agent.hearing.waking import AFTER_MS, WakeDecision, Waking
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Settings


class FileListener:
    """Loads the models once. Raises ModelError, AudioError('grammar_invalid')."""

    def __init__(self, graph: SentenceGraph, settings: Settings) -> None:
        self._recogniser = open_engine(
            Path(settings.paths.models_dir), settings.asr, settings.device.language
        )
        self._recogniser.use(graph)
        self._wake = Waking(settings.wake, wake_check(self._recogniser, settings.wake.phrase))
        self._activity = VoiceActivity()
        self._settings = settings

    def hear(self, path: Path) -> dict[str, Any]:
        """The recording from its wake word on (the whole of it where there is none), as one utterance.

        Keys: wake {detected, stage ("first" or "second" heard the phrase; "none"), score (of the first stage
        at that hit, else its peak; 0..1), phrase_nats (of the second; null where it was not asked, or heard
        nothing like it), at_ms (or null), near_misses}, words, open_words, gap_per_token (null
        without words), accepted, speech_ms, snr_db (or null). Raises AudioError as `read_audio_file` does.
        """
        samples = read_audio_file(path)
        decision, woken_at = self._find_wake(samples)
        speech = self._activity.speech_mask(samples, self._settings.endpoint.speech_threshold)
        sentence = cut_sentence(samples, speech, woken_at or 0)
        if woken_at is None:
            heard = self._recogniser.recognise(sentence, ORDER_ENTRY)
        else:
            whole = cut_sentence(samples, speech)
            heard = self._recogniser.recognise_after_wake(sentence, whole, ORDER_ENTRY)
        gap = heard.gap_per_token
        snr_db = estimate_snr_db(samples, speech)
        return {
            "wake": {
                "detected": woken_at is not None,
                "stage": decision.stage,
                "score": round(decision.score, 3),
                "phrase_nats": _or_none(decision.phrase_nats, IMPOSSIBLE_NATS),
                "at_ms": None if woken_at is None else woken_at * 1_000 // SAMPLE_RATE,
                "near_misses": self._wake.near_misses,
            },
            "words": heard.words,
            "open_words": heard.open_words,
            "gap_per_token": _or_none(gap, NO_SENTENCE_GAP),
            "accepted": bool(heard.words)
            and gap >= self._settings.asr.lowest_gap(self._settings.device.language),
            "speech_ms": int(speech.sum()) * CHUNK_MS,
            "snr_db": None if snr_db is None else round(snr_db, 1),
        }

    def _find_wake(self, samples: Float32) -> tuple[WakeDecision, int | None]:
        """What decided, and the sample at which the wake word was first hit; the nearest miss and None where
        nothing woke."""
        self._wake.reset()
        self._wake.near_misses = 0
        nearest = IMPOSSIBLE_NATS
        pcm = np.pad(to_int16(samples), (0, FRAME_SAMPLES + AFTER_MS * SAMPLE_RATE // 1_000))
        for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            decision = self._wake.push(pcm[start : start + FRAME_SAMPLES])
            if decision and decision.woke:
                return decision, min(len(samples), start + FRAME_SAMPLES - decision.samples_ago)
            if decision:
                nearest = max(nearest, decision.phrase_nats)
        return WakeDecision("none", self._wake.peak, nearest, 0), None


def _or_none(value: float, stands_for_none: float) -> float | None:
    return None if value == stands_for_none else round(value, 3)
