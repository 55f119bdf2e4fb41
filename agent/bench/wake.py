"""How often the wake word is missed, clean and in noise, and how often other speech is taken for it: both
stages as the device runs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from agent.bench.mixing import mixed, read_noise
from agent.bench.recordings import recordings
from agent.bench.wake_marks import Marks, halves, split
from agent.bench.wake_negatives import (
    HeardRecording,
    counted,
    decisions,
    hear_made,
    hear_recordings,
    woken,
)
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file
from agent.hearing.moonshine import Moonshine
from agent.hearing.wake_check import PHRASES, WakeCheck
from agent.hearing.waking import WakeDecision, Waking
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Wake

_NOISE_SEED = 3
_MADE_SEED = 17
_ROOM_BEFORE, _ROOM_AFTER = 1 * SAMPLE_RATE, SAMPLE_RATE // 2
_AUDIBLE = 0.05  # of the peak: where a clip's speech begins and ends


@dataclass(frozen=True)
class WakeSet:
    """`clips`: a folder with recordings of the phrase alone. `noise`: mixed in at each of `snrs` (dB).
    `followed_by`: recordings of which each clip is followed without a pause. `negatives`: other speech, with
    `variations` as `hear_recordings` makes them. `made_hours`: of made speech, as `hear_made` hears it.
    `split`: as `wake_marks.split` counts."""

    clips: Path
    noise: Path | None = None
    snrs: tuple[float, ...] = ()
    followed_by: Path | None = None
    negatives: Path | None = None
    variations: bool = False
    made_hours: float = 0.0
    split: bool = False


def run_wake_bench(wake_set: WakeSet, phrase: str, settings: Wake, models_dir: Path) -> dict[str, Any]:
    """One row without noise and one for each ratio: clips of `phrase` that did not wake, each with a second
    of silence or noise before it.

    {"phrase", "results": [{"snr_db": null or number, "clips": n, "missed": n}], "false_alarms": n or null,
    "near_misses": n, "negative_hours": x, "distinct_hours": x, "alarms": [...], "made": [...]}: false_alarms
    and the next four are of `negatives`, as of `wake_negatives.counted`; "made" as of `hear_made`, empty
    where nothing was made. With `split`, "split" as of `wake_marks.split`. Raises AudioError
    (bench_set_invalid, bench_noise, bench_phrase, bench_no_voices, audio_…), ModelError.
    """
    name = phrase.strip().lower().replace(" ", "_")
    if name not in PHRASES:
        known = ", ".join(known.replace("_", " ") for known in PHRASES)
        raise AudioError("bench_phrase", f"no wake word {phrase!r}", f"--phrase is one of: {known}")
    wake = Waking(msgspec.structs.replace(settings, phrase=name), WakeCheck(Moonshine(models_dir), name))
    noise = read_noise(wake_set.noise, wake_set.snrs)
    clips = [np.pad(clip, (_ROOM_BEFORE, _ROOM_AFTER)) for clip in _clips(wake_set)]
    decided = {snr_db: _heard(wake, clips, noise, snr_db) for snr_db in (None, *wake_set.snrs)}
    results = [
        {"snr_db": snr_db, "clips": len(clips), "missed": sum(not woken(one) for one in of)}
        for snr_db, of in decided.items()
    ]
    others: list[HeardRecording] = []
    if wake_set.negatives is not None:
        others = list(hear_recordings(wake, wake_set.negatives, noise, variations=wake_set.variations))
    result = {"phrase": name.replace("_", " "), "results": results, **counted(others)}
    if wake_set.negatives is None:
        result["false_alarms"] = None
    result["made"] = hear_made(wake, name, wake_set.made_hours, _MADE_SEED) if wake_set.made_hours else []
    if wake_set.split:
        two = halves(decided, [one.decided for one in others], [one.heard for one in others])
        result["split"] = split(two, Marks.of(PHRASES[name]))
    return result


def _heard(
    wake: Waking, clips: Sequence[Float32], noise: Float32 | None, snr_db: float | None
) -> list[list[WakeDecision]]:
    rng = np.random.default_rng(_NOISE_SEED)
    decided = []
    for clip in clips:
        wake.reset()
        decided.append(decisions(wake, mixed(clip, noise, snr_db, rng)))
    return decided


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
