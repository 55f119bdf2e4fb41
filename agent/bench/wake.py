"""How often the wake word is missed, clean and in noise, and how often other speech is taken for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.mixing import mix
from agent.bench.recordings import recordings
from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Float32, read_audio_file, to_int16
from agent.hearing.wakeword import WakeWord
from agent.plumbing.errors import AudioError

_NOISE_SEED = 3
_ROOM_BEFORE, _ROOM_AFTER = 1 * SAMPLE_RATE, SAMPLE_RATE // 2


def run_wake_bench(
    clips_dir: Path,
    phrase: str,
    noise: Path | None,
    snrs: list[float],
    negatives: Path | None,
    threshold: float,
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB): clips of `phrase`, each alone in its own silence
    or noise, that did not wake.

    {"results": [{"snr_db": null or number, "clips": n, "missed": n}], "false_alarms": n or null,
    "negative_hours": x}; the last two count the recordings in `negatives`, one after the other. Raises
    AudioError (bench_set_invalid, bench_noise, audio_…), ModelError for an unknown phrase.
    """
    wake = WakeWord(phrase.replace(" ", "_"), threshold)
    clips = [read_audio_file(path) for path in recordings(clips_dir)]
    noise_samples = read_audio_file(noise) if noise is not None else None
    if snrs and (noise_samples is None or not noise_samples.any()):
        raise AudioError("bench_noise", "a signal-to-noise ratio without noise", "give --noise FILE as well")
    results = []
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        missed = 0
        for clip in clips:
            sound = np.pad(clip, (_ROOM_BEFORE, _ROOM_AFTER))
            if snr_db is not None and noise_samples is not None:
                sound = mix(sound, noise_samples, snr_db, rng)
            wake.reset()
            missed += _hits(wake, sound) == 0
        results.append({"snr_db": snr_db, "clips": len(clips), "missed": missed})
    false_alarms, heard = None, 0
    if negatives is not None:
        false_alarms = 0
        wake.reset()
        for path in recordings(negatives):
            sound = read_audio_file(path)
            heard += len(sound)
            false_alarms += _hits(wake, sound)
    return {
        "results": results,
        "false_alarms": false_alarms,
        "negative_hours": heard / SAMPLE_RATE / 3_600,
    }


def _hits(wake: WakeWord, sound: Float32) -> int:
    pcm = to_int16(sound)
    return sum(
        wake.push(pcm[start : start + FRAME_SAMPLES]) is not None
        for start in range(0, len(pcm), FRAME_SAMPLES)
    )
