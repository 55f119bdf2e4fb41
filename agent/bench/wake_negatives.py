"""Other speech, in which nobody says the wake phrase: recordings, and made speech without end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr

from agent.bench.made_speech import NEAR, made_speech
from agent.bench.mixing import mix
from agent.bench.recordings import recordings
from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Float32, read_audio_file, to_int16
from agent.hearing.waking import WakeDecision, Waking

_NOISE_SEED = 3
_SPEEDS = (0.9, 0.95, 1.06, 1.12)
_VARIATION_SNR_DB = 15.0
_ROOM_AFTER = SAMPLE_RATE // 2  # what is decided falls up to 0.4 s after the phrase
_SAMPLES_AN_HOUR = 3_600 * SAMPLE_RATE


def decisions(wake: Waking, sound: Float32) -> list[WakeDecision]:
    """What is decided while float32 [n] goes by, frame by frame."""
    pcm = to_int16(sound)
    decided = (wake.push(pcm[at : at + FRAME_SAMPLES]) for at in range(0, len(pcm), FRAME_SAMPLES))
    return [decision for decision in decided if decision is not None]


def woken(decided: list[WakeDecision]) -> int:
    """How many of them wake the device."""
    return sum(decision.woke for decision in decided)


class HeardRecording(NamedTuple):
    """One recording of other speech, with its variations. Lengths in hours."""

    name: str
    length: float
    heard: float
    decided: list[WakeDecision]


def hear_recordings(
    wake: Waking, folder: Path, noise: Float32 | None, *, variations: bool
) -> Iterator[HeardRecording]:
    """All below `folder`, one after the other; with `variations` each also at four other speeds, and all of
    it in `noise` at 15 dB where there is noise. Raises AudioError (bench_set_invalid, audio_…)."""
    wake.reset()
    rng = np.random.default_rng(_NOISE_SEED)
    for path in recordings(folder):
        samples = read_audio_file(path)
        sounds = list(_variations(samples, noise, rng)) if variations else [samples]
        yield HeardRecording(
            str(path.relative_to(folder)),
            len(samples) / _SAMPLES_AN_HOUR,
            sum(map(len, sounds)) / _SAMPLES_AN_HOUR,
            [one for sound in sounds for one in decisions(wake, np.pad(sound, (0, _ROOM_AFTER)))],
        )


def counted(recordings: Sequence[HeardRecording]) -> dict[str, Any]:
    """{"false_alarms": n, "near_misses": n, "negative_hours": x, "distinct_hours": x, "alarms": [{"heard",
    "score", "nats"}]}."""
    alarms = [alarm for one in recordings for alarm in _alarms(one.name, one.decided)]
    return {
        "false_alarms": len(alarms),
        "near_misses": sum(len(one.decided) for one in recordings) - len(alarms),
        "negative_hours": sum(one.heard for one in recordings),
        "distinct_hours": sum(one.length for one in recordings),
        "alarms": alarms,
    }


def hear_made(wake: Waking, phrase: str, hours: float, seed: int) -> list[dict[str, Any]]:
    """`hours` of `made_speech`, nothing of which is kept, by kind ("read", "near phrases").

    [{"kind", "hours", "passages", "false_alarms", "near_misses", "alarms": [{"heard", "score", "nats"}]}].
    Raises AudioError bench_no_voices.
    """
    wake.reset()
    counts = {kind: Counter[str]() for kind in ("read", NEAR)}
    alarms: dict[str, list[dict[str, Any]]] = {kind: [] for kind in counts}
    heard = 0
    for passage in made_speech(phrase, seed):
        if heard >= hours * _SAMPLES_AN_HOUR:
            break
        heard += len(passage.sound)
        decided = decisions(wake, passage.sound)
        near = len(decided) - woken(decided)
        counts[passage.kind].update(samples=len(passage.sound), passages=1, near_misses=near)
        voice = f"{passage.person.program} {passage.person.voice}"
        alarms[passage.kind] += _alarms(f"{voice}: {passage.text}", decided)
    return [
        {
            "kind": kind,
            "hours": count["samples"] / _SAMPLES_AN_HOUR,
            "passages": count["passages"],
            "false_alarms": len(alarms[kind]),
            "near_misses": count["near_misses"],
            "alarms": alarms[kind],
        }
        for kind, count in counts.items()
    ]


def _alarms(heard: str, decided: list[WakeDecision]) -> list[dict[str, Any]]:
    return [
        {"heard": heard, "score": round(one.score, 3), "nats": round(one.phrase_nats, 2)}
        for one in decided
        if one.woke
    ]


def _variations(samples: Float32, noise: Float32 | None, rng: np.random.Generator) -> Iterator[Float32]:
    for speed in (1.0, *_SPEEDS):
        sound = samples
        if speed != 1.0:
            sound = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE).astype(np.float32)
        yield sound
        if noise is not None and len(sound) >= SAMPLE_RATE // 2 and sound.any():
            yield mix(sound, noise, _VARIATION_SNR_DB, rng)
