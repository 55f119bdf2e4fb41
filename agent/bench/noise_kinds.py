"""The noises people work in, made from a seed, so that a figure can be made again without recordings.

hum: a machine on the mains. Harmonics of 50 Hz up to 2 kHz, falling with 1/k, each with a random part of
that; sidebands of a motor at 24.5 turns a second; pink noise 20 dB below.
impulses: 4 blows a second on average (Poisson), each three resonances of 0.3 to 6 kHz that ring for 5 to
60 ms, 16 dB between the softest and the loudest; pink noise 40 dB below the loudest.
broadband: pink noise (compressed air, a fan) with slow swells of about 3 dB.
music: synthetic, no recording. Four chords of three notes with eight harmonics, a bass, kick, snare and
hi-hat at 90 to 130 beats a minute; every eight bars another key, tempo and order of chords.
talker: one other person at a time. Recordings below a folder, or synthetic voices that read sentences.
headset: a close microphone: the speech itself is limited to 300 to 3,400 Hz (a narrowband headset), and six
talkers at once, limited alike, stand for the room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agent.bench.made_people import people
from agent.bench.made_room import active_rms, sounding
from agent.bench.recordings import recordings
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file

SECONDS = 60
_HEADSET_HZ = (300.0, 3_400.0)
_BABBLE_VOICES = 6
_MAINS_HZ, _TURNS_HZ = 50.0, 24.5
_BLOWS_A_SECOND = 4.0
_MOST_RECORDINGS = 40
_CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16), (2, 5, 9), (4, 7, 11))  # I IV V vi ii iii
_SENTENCES = (
    "The train to the coast leaves from platform nine at a quarter past three.",
    "She told me that the garden needs rain, and so does the field behind the house.",
    "We were talking about the match last night, and nobody could believe the score.",
    "If you see my brother, ask him whether he still has the ladder.",
    "There was a long letter from the council about the new road.",
    "I think the meeting was moved to Thursday, but you had better check.",
)


class NoiseKind(NamedTuple):
    """One column of the benchmark: float32 noise at 16 kHz, and in which band (Hz) the speech is heard."""

    name: str
    noise: Float32
    band: tuple[float, float] | None = None

    def microphone(self, speech: Float32) -> Float32:
        """float32 [n] as this column's microphone takes it."""
        return speech if self.band is None else in_band(speech, *self.band)


def noise_kind(name: str, seed: int, talkers: Path | None = None) -> NoiseKind:
    """The column `name` of KINDS; the same seed makes the same noise. Raises AudioError (bench_no_voices,
    bench_set_invalid)."""
    rng = np.random.default_rng([seed, KINDS.index(name)])
    if name == "talker":
        return NoiseKind(name, np.concatenate(_voices(rng, talkers)))
    if name == "headset":
        return NoiseKind(name, in_band(_babble(rng, _voices(rng, talkers)), *_HEADSET_HZ), _HEADSET_HZ)
    return NoiseKind(name, _MADE[name](rng))


def in_band(samples: Float32, lowest_hz: float, highest_hz: float) -> Float32:
    """float32 [n] with what lies outside the band 24 dB an octave lower."""
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    below = np.where(hz < lowest_hz, (hz / lowest_hz) ** 4, 1.0)
    above = np.where(hz > highest_hz, (highest_hz / np.maximum(hz, 1.0)) ** 4, 1.0)
    limited: Float32 = np.fft.irfft(np.fft.rfft(samples) * below * above, len(samples)).astype(np.float32)
    return limited


def _pink(rng: np.random.Generator, length: int) -> Float32:
    hz = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 20.0)
    spectrum = (rng.normal(size=len(hz)) + 1j * rng.normal(size=len(hz))) / np.sqrt(hz)
    return _unit(np.fft.irfft(spectrum, length).astype(np.float32))


def _unit(samples: Float32) -> Float32:
    scaled: Float32 = (samples / np.sqrt(np.square(samples, dtype=np.float64).mean())).astype(np.float32)
    return scaled


def _hum(rng: np.random.Generator) -> Float32:
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    turning = 1.0 + 0.3 * np.sin(2 * np.pi * _TURNS_HZ * time)
    tones = np.zeros(len(time))
    for k in range(1, int(2_000 / _MAINS_HZ) + 1):
        phase = rng.uniform(0, 2 * np.pi)
        tones += rng.uniform(0.2, 1.0) / k * np.sin(2 * np.pi * k * _MAINS_HZ * time + phase)
    return _unit((tones * turning).astype(np.float32)) + 0.1 * _pink(rng, len(time))


def _impulses(rng: np.random.Generator) -> Float32:
    length = SECONDS * SAMPLE_RATE
    noise = np.zeros(length + SAMPLE_RATE, np.float32)
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    for at in rng.integers(0, length, rng.poisson(_BLOWS_A_SECOND * SECONDS)):
        blow = np.zeros(len(time))
        for _ in range(3):
            hz, fades_s = np.exp(rng.uniform(np.log(300.0), np.log(6_000.0))), rng.uniform(0.005, 0.06)
            blow += np.exp(-time / fades_s) * np.sin(2 * np.pi * hz * time)
        loudness = 10 ** (-rng.uniform(0.0, 16.0) / 20)
        noise[at : at + len(time)] += (loudness * blow / np.abs(blow).max()).astype(np.float32)
    return noise[:length] + 0.01 * _pink(rng, length)


def _broadband(rng: np.random.Generator) -> Float32:
    length = SECONDS * SAMPLE_RATE
    swell_db = np.interp(
        np.arange(length) / SAMPLE_RATE, np.arange(SECONDS + 1), rng.normal(0, 3, SECONDS + 1)
    )
    return (_pink(rng, length) * 10 ** (swell_db / 20)).astype(np.float32)


def _music(rng: np.random.Generator) -> Float32:
    pieces: list[Float32] = []
    while sum(map(len, pieces)) < SECONDS * SAMPLE_RATE:
        pieces.append(_eight_bars(rng))
    return np.concatenate(pieces)[: SECONDS * SAMPLE_RATE]


def _eight_bars(rng: np.random.Generator) -> Float32:
    beat = int(SAMPLE_RATE * 60 / rng.uniform(90.0, 130.0))
    key_hz = 220.0 * 2 ** (rng.integers(-5, 7) / 12)
    order = rng.permutation(len(_CHORDS))[:4]
    music = np.zeros(32 * beat + SAMPLE_RATE)
    time = np.arange(4 * beat) / SAMPLE_RATE
    swell = np.minimum(1.0, time / 0.05) * np.exp(-time / 1.5)
    for bar in range(8):
        chord = _CHORDS[order[bar % 4]]
        begin = 4 * bar * beat
        for note in chord:
            hz = key_hz * 2 ** (note / 12)
            tone = sum(np.sin(2 * np.pi * k * hz * time) / k**1.2 for k in range(1, 9))
            music[begin : begin + len(time)] += 0.15 * swell * tone
        for at in range(4):
            _add(music, begin + at * beat, _bass(key_hz / 4 * 2 ** (chord[0] / 12), beat))
            _add(music, begin + at * beat, _kick() if at % 2 == 0 else _burst(rng, 0.08, 0.35, 0.0))
            _add(music, begin + at * beat + beat // 2, _burst(rng, 0.02, 0.25, 6_000.0))
    return music[: 32 * beat].astype(np.float32)


def _add(music: np.ndarray[tuple[int], np.dtype[np.float64]], at: int, sound: Float32) -> None:
    music[at : at + len(sound)] += sound


def _bass(hz: float, length: int) -> Float32:
    time = np.arange(length) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * hz * time) + 0.5 * np.sin(4 * np.pi * hz * time)
    plucked: Float32 = (0.35 * tone * np.exp(-time / 0.3)).astype(np.float32)
    return plucked


def _kick() -> Float32:
    time = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    falling = np.sin(2 * np.pi * (50 * time + 3 * (1 - np.exp(-time / 0.03))))
    kick: Float32 = (0.9 * falling * np.exp(-time / 0.08)).astype(np.float32)
    return kick


def _burst(rng: np.random.Generator, fades_s: float, loudness: float, lowest_hz: float) -> Float32:
    time = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    noise = loudness * rng.normal(size=len(time)) * np.exp(-time / fades_s)
    burst = noise.astype(np.float32)
    return in_band(burst, lowest_hz, SAMPLE_RATE / 2) if lowest_hz else burst


def _voices(rng: np.random.Generator, talkers: Path | None) -> list[Float32]:
    """Pieces of speech, one person each, equally loud, without the silence around them."""
    if talkers is not None:
        files = recordings(talkers)
        chosen = sorted(rng.permutation(len(files))[:_MOST_RECORDINGS])
        said: Sequence[Float32] = [read_audio_file(files[at]) for at in chosen]
    else:
        voices = people()
        said = [voices[at % len(voices)].says(text) for at, text in enumerate(_SENTENCES * 2)]
    heard = [piece for piece in map(sounding, said) if piece.any()]
    order = rng.permutation(len(heard))
    return [(heard[at] * (0.05 / active_rms(heard[at]))).astype(np.float32) for at in order]


def _babble(rng: np.random.Generator, voices: Sequence[Float32]) -> Float32:
    length = SECONDS * SAMPLE_RATE
    everybody = np.concatenate(voices)
    starts = rng.integers(0, len(everybody), _BABBLE_VOICES)
    babble = np.zeros(length, np.float32)
    for at in starts:
        babble += np.resize(np.roll(everybody, -int(at)), length)
    return babble


_MADE: dict[str, Callable[[np.random.Generator], Float32]] = {
    "hum": _hum,
    "impulses": _impulses,
    "broadband": _broadband,
    "music": _music,
}
KINDS = (*_MADE, "talker", "headset")
"""Every column there is."""
