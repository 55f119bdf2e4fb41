"""Other speech without end: synthetic voices read in made rooms and noise. For what must not wake the device
there are never hours enough of people; these are no people, and are counted apart.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np

from agent.bench.made_people import MadePerson
from agent.bench.made_texts import near_texts, reading_texts
from agent.bench.mixing import mix
from agent.bench.noise_kinds import noise_kind
from agent.hearing.audio import SAMPLE_RATE, Float32, resample
from agent.plumbing.errors import AudioError

NEAR = "near phrases"
"""The kind of what sounds nearly like a wake phrase; every fifth passage."""

_NEAR_EVERY = 5
_NOISES = ("hum", "impulses", "broadband", "music")
_SPEEDS = (0.8, 1.3)
_SIZES = (0.87, 1.15)  # of the vocal tract: pitch and formants together
_SNRS_DB = (5.0, 25.0)
_REVERBERATION_S = (0.15, 0.7)
_PEAKS = (0.05, 0.6)
_PAUSES_S = (0.5, 1.5)
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
_FOREIGN = ("de", "fr-fr", "es", "it", "nl", "pl", "pt", "sv")
VARIANTS = ("", *(f"+f{n}" for n in range(1, 6)), *(f"+m{n}" for n in range(1, 9)))
_NATURAL = (
    *(MadePerson("flite", voice) for voice in ("slt", "rms", "awb", "kal16")),
    *(MadePerson("hibari", "heart") for _ in range(2)),
)


class Passage(NamedTuple):
    """`kind`: "read", or NEAR. `sound`: float32 [n] at 16 kHz, a pause after it."""

    kind: str
    person: MadePerson
    text: str
    sound: Float32


def voices(rng: np.random.Generator) -> Iterator[MadePerson]:
    """Without end: half of them the few that sound natural (flite, hibari), half espeak-ng's accents and
    variants, and its foreign voices reading English. Only programs that are installed; hibari always is."""
    accents = [*ACCENTS, *_FOREIGN]
    while True:
        if rng.random() < 0.5 or not shutil.which("espeak-ng"):
            person = _NATURAL[int(rng.integers(len(_NATURAL)))]
        else:
            variant = VARIANTS[int(rng.integers(len(VARIANTS)))]
            person = MadePerson("espeak-ng", accents[int(rng.integers(len(accents)))] + variant)
        if person.program == "hibari" or shutil.which(person.program):
            yield person


def made_speech(phrase: str, seed: int) -> Iterator[Passage]:
    """Passages without end, none of which holds `phrase` (a key of `agent.hearing.wake_check.PHRASES`).

    Each is read by another voice, 20 % slower to 30 % faster, with a larger or smaller vocal tract; a third
    as it is, a third in a room (reverberation of 0.15 to 0.7 s), a third in such a room with hum, impulses,
    broadband noise or music at 5 to 25 dB. Sources of text take turns. Raises AudioError bench_no_voices.
    """
    rng = np.random.default_rng(seed)
    noises = [noise_kind(name, seed).noise for name in _NOISES]
    sources = {"read": cycle(reading_texts(phrase, rng).values()), NEAR: cycle([near_texts(phrase, rng)])}
    people = voices(rng)
    for number in cycle(range(_NEAR_EVERY)):
        kind = NEAR if number == 0 else "read"
        person, text = next(people), next(next(sources[kind]))
        try:
            spoken = person.says(text, rng.uniform(*_SPEEDS))
        except AudioError as error:
            if error.code != "speech_text":
                raise
            continue
        if spoken.any():
            yield Passage(kind, person, text, _heard(spoken, noises, rng))


def _heard(spoken: Float32, noises: Sequence[Float32], rng: np.random.Generator) -> Float32:
    sound = resample(spoken, round(SAMPLE_RATE * rng.uniform(*_SIZES)))
    sound = np.pad(sound, (0, int(rng.uniform(*_PAUSES_S) * SAMPLE_RATE)))
    place = int(rng.integers(3))
    if place:
        sound = in_room(sound, rng.uniform(*_REVERBERATION_S), rng)
    if place == 2:
        sound = mix(sound, noises[int(rng.integers(len(noises)))], rng.uniform(*_SNRS_DB), rng)
    peak = np.exp(rng.uniform(*np.log(_PEAKS)))
    levelled: Float32 = (sound * (peak / np.abs(sound).max())).astype(np.float32)
    return levelled


def in_room(samples: Float32, reverberation_s: float, rng: np.random.Generator) -> Float32:
    """float32 [n] as it arrives in a room in which sound falls by 60 dB in `reverberation_s` seconds: the
    direct sound, and behind it noise that dies away, of 0 to 10 dB less energy."""
    length = int(reverberation_s * SAMPLE_RATE)
    tail = rng.normal(size=length) * 10 ** (-3 * np.arange(length) / length)
    tail *= 10 ** (-rng.uniform(0.0, 10.0) / 20) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    size = len(samples) + length
    heard = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    reverberant: Float32 = heard[: len(samples)].astype(np.float32)
    return reverberant
