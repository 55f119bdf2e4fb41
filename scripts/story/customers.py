"""Synthetic customers: one voice each, so that the device can tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from agent.bench.made_people import MadePerson

SAMPLE_RATE_HZ = 16_000
Pcm = NDArray[np.int16]


@dataclass(frozen=True)
class Customer:
    """`engine` is 'flite', 'espeak-ng' or 'hibari'; `voice` is that engine's name for the voice."""

    name: str
    engine: str
    voice: str

    def says(self, text: str) -> Pcm:
        """int16 [n] at 16 kHz, about -6 dBFS at its peak."""
        return _spoken(self.engine, self.voice, text)


ANNA = Customer("Anna", "flite", "slt")
STRANGER = Customer("a stranger", "flite", "rms")
VISITOR = Customer("a visitor", "flite", "awb")
NEIGHBOUR = Customer("the neighbour", "espeak-ng", "en-gb-scotland")
GUEST = Customer("a guest", "hibari", "heart")
CUSTOMERS = (ANNA, STRANGER, VISITOR, NEIGHBOUR, GUEST)


@cache
def _spoken(engine: str, voice: str, text: str) -> Pcm:
    return _levelled(MadePerson(engine, voice).says(text), SAMPLE_RATE_HZ)


def read_wav(path: Path) -> Pcm:
    """A mono WAV of any rate as int16 [n] at 16 kHz, levelled."""
    samples, rate = soundfile.read(path, dtype="float32")
    return _levelled(samples, rate)


def _levelled(samples: NDArray[np.float32], rate: int) -> Pcm:
    samples = soxr.resample(samples, rate, SAMPLE_RATE_HZ)
    peak = float(np.abs(samples).max()) or 1.0
    spoken: Pcm = np.round(samples / peak * 0.5 * 32767).astype(np.int16)
    return spoken
