"""How often the wake word is missed, clean and in noise, and how often other speech is taken for it: both
stages as the device runs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soxr

from agent.bench.mixing import mix, read_noise
from agent.bench.recordings import recordings
from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Float32, read_audio_file, to_int16
from agent.hearing.moonshine import Moonshine
from agent.hearing.wake_check import PHRASES, WakeCheck
from agent.hearing.waking import Waking
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Wake

_NOISE_SEED = 3
_ROOM_BEFORE, _ROOM_AFTER = 1 * SAMPLE_RATE, SAMPLE_RATE // 2
_SPEEDS = (0.9, 0.95, 1.06, 1.12)
_VARIATION_SNR_DB = 15.0
_AUDIBLE = 0.05  # of the peak: where a clip's speech begins and ends


@dataclass(frozen=True)
class WakeSet:
    """`clips`: a folder with recordings of the phrase alone. `noise`: mixed in at each of `snrs` (dB).
    `followed_by`: recordings of which each clip is followed without a pause. `negatives`: other speech; with
    `variations` also at four other speeds, and all of it in noise at 15 dB where there is noise."""

    clips: Path
    noise: Path | None = None
    snrs: tuple[float, ...] = ()
    followed_by: Path | None = None
    negatives: Path | None = None
    variations: bool = False


def run_wake_bench(wake_set: WakeSet, phrase: str, settings: Wake, models_dir: Path) -> dict[str, Any]:
    """One row without noise and one for each ratio: clips of `phrase` that did not wake, each with a second
    of silence or noise before it.

    {"phrase", "results": [{"snr_db": null or number, "clips": n, "missed": n}], "false_alarms": n or null,
    "near_misses": n, "negative_hours": x, "distinct_hours": x}; the last four are of the negatives, one after
    the other. Raises AudioError (bench_set_invalid, bench_noise, bench_phrase, audio_…), ModelError.
    """
    name = phrase.strip().lower().replace(" ", "_")
    if name not in PHRASES:
        known = ", ".join(known.replace("_", " ") for known in PHRASES)
        raise AudioError("bench_phrase", f"no wake word {phrase!r}", f"--phrase is one of: {known}")
    wake = Waking(msgspec.structs.replace(settings, phrase=name), WakeCheck(Moonshine(models_dir), name))
    noise = read_noise(wake_set.noise, wake_set.snrs)
    clips = [np.pad(clip, (_ROOM_BEFORE, _ROOM_AFTER)) for clip in _clips(wake_set)]
    results = []
    for snr_db in (None, *wake_set.snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        missed = 0
        for clip in clips:
            sound = clip if snr_db is None or noise is None else mix(clip, noise, snr_db, rng)
            wake.reset()
            missed += _alarms(wake, sound) == 0
        results.append({"snr_db": snr_db, "clips": len(clips), "missed": missed})
    return {"phrase": name.replace("_", " "), "results": results, **_negatives(wake, wake_set, noise)}


def _clips(wake_set: WakeSet) -> Iterator[Float32]:
    clips = [read_audio_file(path) for path in recordings(wake_set.clips)]
    if wake_set.followed_by is None:
        yield from clips
        return
    following = [read_audio_file(path) for path in recordings(wake_set.followed_by)]
    for number, clip in enumerate(clips):
        spoken = clip[: _speech(clip)[1] + SAMPLE_RATE // 20]
        after = following[number % len(following)]
        after = after[_speech(after)[0] :]
        level = np.abs(clip).max() / max(np.abs(after).max(), 1e-6)
        yield np.concatenate([spoken, after * np.float32(level)])


def _speech(samples: Float32) -> tuple[int, int]:
    audible = np.nonzero(np.abs(samples) > _AUDIBLE * np.abs(samples).max())[0]
    return (int(audible[0]), int(audible[-1]) + 1) if len(audible) else (0, len(samples))


def _negatives(wake: Waking, wake_set: WakeSet, noise: Float32 | None) -> dict[str, Any]:
    counted: dict[str, Any] = {"false_alarms": None, "near_misses": 0}
    heard = distinct = 0
    if wake_set.negatives is not None:
        counted["false_alarms"] = 0
        wake.reset()
        wake.near_misses = 0
        rng = np.random.default_rng(_NOISE_SEED)
        for path in recordings(wake_set.negatives):
            samples = read_audio_file(path)
            distinct += len(samples)
            for sound in _variations(samples, noise, rng) if wake_set.variations else (samples,):
                heard += len(sound)
                counted["false_alarms"] += _alarms(wake, sound)
        counted["near_misses"] = wake.near_misses
    hours = {"negative_hours": heard / SAMPLE_RATE / 3_600, "distinct_hours": distinct / SAMPLE_RATE / 3_600}
    return counted | hours


def _variations(samples: Float32, noise: Float32 | None, rng: np.random.Generator) -> Iterator[Float32]:
    for speed in (1.0, *_SPEEDS):
        sound = samples
        if speed != 1.0:
            sound = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE).astype(np.float32)
        yield sound
        if noise is not None and len(sound) >= SAMPLE_RATE // 2 and sound.any():
            yield mix(sound, noise, _VARIATION_SNR_DB, rng)


def _alarms(wake: Waking, sound: Float32) -> int:
    pcm = to_int16(sound)
    decisions = (wake.push(pcm[at : at + FRAME_SAMPLES]) for at in range(0, len(pcm), FRAME_SAMPLES))
    return sum(decision is not None and decision.woke for decision in decisions)
