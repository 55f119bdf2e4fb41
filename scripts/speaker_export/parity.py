"""Whether the exported model, run as the device runs it, gives what SpeechBrain gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agent.bench.made_people import MadePerson
from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.ecapa import Ecapa
from agent.plumbing.errors import ModelError

LEAST_COSINE = 0.9999
MOST_DECIBELS = 0.01
"""Between two features: single precision leaves less than a thousandth."""

_MOST_OF_A_VOICE = 0.05
_PEOPLE = {
    "slt": MadePerson("flite", "slt"),
    "rms": MadePerson("flite", "rms"),
    "espeak": MadePerson("espeak-ng", "en-gb-scotland"),
}
_TEXT = "order two bags of dark roast coffee and three boxes of hex bolts, and bring them home on Tuesday"
_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)  # 2.0 s are traced
_LONGEST_SECONDS = (15.0,)
_QUIET_TEXT = "what a long day it was at the market, and nobody had a word to say about it"
_QUIET = 0.01
_NOISE_SEED = 5


class Difference(NamedTuple):
    """`features_db`: the largest difference between two features. `distance`: between the two embeddings of
    unit length; `others`: from SpeechBrain's to its nearest of another recording."""

    name: str
    seconds: float
    cosine: float
    features_db: float
    distance: float
    others: float


def made_audio() -> dict[str, Float32]:
    """Synthetic voices of several lengths, one of them very quiet, noise, and silence; each float32 [n] at
    16 kHz."""
    audio: dict[str, Float32] = {}
    for name, person in _PEOPLE.items():
        said = person.says(_TEXT)
        for seconds in (*_SECONDS, *(_LONGEST_SECONDS if name == "slt" else ())):
            length = int(seconds * SAMPLE_RATE)
            start = (
                len(said) // 4 if length < len(said) // 2 else 0
            )  # short pieces out of the middle of speech
            audio[f"{name} {seconds:g} s"] = np.resize(said[start:], length)
    audio["rms 3 s, quiet"] = _PEOPLE["rms"].says(_QUIET_TEXT)[: 3 * SAMPLE_RATE] * np.float32(_QUIET)
    noise = np.random.default_rng(_NOISE_SEED).normal(0.0, 0.1, 3 * SAMPLE_RATE)
    audio["noise 3 s"] = noise.astype(np.float32)
    audio["silence 1 s"] = np.zeros(SAMPLE_RATE, np.float32)
    return audio


def differences(
    models_dir: Path, audio: Mapping[str, Float32], reference: Mapping[str, Float32]
) -> list[Difference]:
    """Of every recording; `reference` as speechbrain_side.py writes it. Raises ModelError as `Ecapa` does."""
    ecapa = Ecapa(models_dir)
    theirs = {name: _unit(reference[f"{name}/embedding"]) for name in audio}
    found = []
    for name, samples in audio.items():
        embedding, features = ecapa.look(samples)
        ours = _unit(embedding)
        off = np.abs(features - reference[f"{name}/features"]).max()
        others = min(_distance(theirs[name], theirs[other]) for other in audio if other != name)
        cosine, distance = float(ours @ theirs[name]), _distance(ours, theirs[name])
        found.append(Difference(name, len(samples) / SAMPLE_RATE, cosine, float(off), distance, others))
    return found


def check(found: list[Difference]) -> None:
    """Raises ModelError export_differs, with every recording that does not agree."""
    if faults := list(_faults(found)):
        step = "do not use it; tell the project, with the versions of torch and SpeechBrain"
        raise ModelError("export_differs", "\n".join(faults), step)


def _faults(found: list[Difference]) -> Iterator[str]:
    for one in found:
        if not one.cosine >= LEAST_COSINE:  # also where it is not a number
            yield f"{one.name}: cosine {one.cosine:.6f}, not {LEAST_COSINE}"
        if not one.features_db <= MOST_DECIBELS:
            yield f"{one.name}: features differ by {one.features_db:.4f} dB"
        # Weights under which all voices are nearly the same would pass the cosine whatever was exported.
        if not one.distance <= _MOST_OF_A_VOICE * one.others:
            yield f"{one.name}: {one.distance:.6f} off, and another recording is {one.others:.6f} off"


def _unit(vector: Float32) -> npt.NDArray[np.float64]:
    exact = vector.astype(np.float64)
    return exact / np.linalg.norm(exact)


def _distance(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(a - b))
