"""What may be said while the device speaks: "stop" and "cancel", and nothing else (docs/adr/0030).

What it plays is taken out of what it hears; in what is left, stretches of speech are compared with a few
phrases. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32, Int16, to_float, to_int16
from agent.hearing.echo_canceller import BLOCK, EchoCanceller
from agent.hearing.echo_delay import echo_delay
from agent.hearing.growing_samples import GrowingSamples
from agent.hearing.recognition import Recognition
from agent.hearing.voice_activity import CHUNK_MS, CHUNK_SAMPLES, VoiceActivity

PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "stop": "stop",
        "stop it": "stop",
        "stop stop": "stop",
        "okay nabu stop": "stop",
        "cancel": "cancel",
        "cancel it": "cancel",
        "cancel that": "cancel",
        "okay nabu cancel": "cancel",
    }
}
"""By language: what is listened for, and the word that it comes to. Each of these words denies every
question. Languages that are not here were not measured, and hear nothing while they speak."""

LOWEST_GAP = -1.0
LOWEST_NATS_PER_TOKEN = -2.4
"""Below either it was something else: what is left of the device's own voice is unlikely even as free
speech."""

_SPEECH = 0.5
_PAUSE_CHUNKS = 5  # 160 ms after a word
_FEWEST_CHUNKS = 4  # less speech than 130 ms is no word
_LOOK_CHUNKS = 10  # while somebody goes on talking, 320 ms
_LONGEST_CHUNKS = 50  # 1.6 s: "okay nabu, cancel" takes 1.3
_LEAD_IN_SAMPLES = 300 * SAMPLE_RATE // 1_000
_LEAD = 2 * BLOCK
"""The echo is expected this much before its delay, so that an estimate that is a little late does no harm."""

_DELAY_EVERY_BLOCKS = 25  # 0.4 s
_DELAY_SECONDS = 4


class Interruption(NamedTuple):
    """`word`: 'stop' or 'cancel'; `gap_per_token` as of `Recognition`; `speech_ms`: how long it took."""

    word: str
    gap_per_token: float
    speech_ms: int


class BargeIn:
    """One playback after another: `begin`, then `played` and `push` as both come."""

    def __init__(self, recognise: Callable[[Float32], Recognition], phrases: dict[str, str]) -> None:
        """`recognise` finds the best of `phrases` in float32 [n]."""
        self._recognise, self._phrases = recognise, phrases
        self._activity = VoiceActivity()
        self._canceller = EchoCanceller()
        self._delay: int | None = None
        self.begin()

    def begin(self) -> None:
        """A playback begins; both streams start now. The picture of the room is kept."""
        self._canceller.forget_sound()
        self._activity.reset()
        self._played, self._heard, self._left = GrowingSamples(), GrowingSamples(), GrowingSamples()
        self._done = 0  # samples of `_heard` whose echo was taken out
        self._chunks = self._since_look = self._quiet = 0
        self._onset = -1
        self._maybe: int | None = None

    def played(self, samples: Int16) -> None:
        """int16 [n] goes to the loudspeaker."""
        self._played.append(to_float(samples))

    def push(self, frame: Int16) -> Interruption | None:
        """int16 [n] of the microphone; what was said, once there is something."""
        self._heard.append(to_float(frame))
        said = None
        while said is None and self._done + BLOCK <= len(self._heard):
            block = self._heard.part(self._done, self._done + BLOCK)
            left = self._canceller.push(block, self._reference())
            self._done += BLOCK
            self._left.append(left)
            if self._done // BLOCK % _DELAY_EVERY_BLOCKS == 0:
                self._find_delay()
            for probability in self._activity.push(to_int16(left)):
                said = said or self._chunk(probability)
        return said

    def _reference(self) -> Float32:
        if self._delay is None:
            return np.zeros(BLOCK, np.float32)
        begin = self._done - self._delay + _LEAD
        piece = self._played.part(max(0, begin), max(0, begin + BLOCK))
        return np.pad(piece, (max(0, -begin), 0) if begin < 0 else (0, BLOCK - len(piece)))[:BLOCK]

    def _find_delay(self) -> None:
        """Believed when two estimates in a row agree, and kept while the canceller can reach it."""
        since = max(0, self._done - _DELAY_SECONDS * SAMPLE_RATE)
        found = echo_delay(self._heard.part(since, self._done), self._played.part(since, self._done))
        if found is None:
            return
        agreed, self._maybe = self._maybe is not None and abs(found - self._maybe) <= BLOCK // 4, found
        if agreed and (self._delay is None or not -_LEAD < found - self._delay < 2 * BLOCK):
            self._delay = found
            self._canceller = EchoCanceller()

    def _chunk(self, probability: float) -> Interruption | None:
        """One chunk of what is left: is a stretch of speech over, or long enough to look at?"""
        at, self._chunks = self._chunks, self._chunks + 1
        if probability >= _SPEECH:
            if self._onset < 0:
                self._onset, self._since_look = at, 0
            self._quiet = 0
        elif self._onset >= 0:
            self._quiet += 1
        if self._onset < 0:
            return None
        self._since_look += 1
        speech = at + 1 - self._quiet - self._onset
        if self._quiet >= _PAUSE_CHUNKS:
            onset, self._onset = self._onset, -1
            self._quiet = 0
            return self._look(onset, speech) if speech >= _FEWEST_CHUNKS else None
        if self._since_look >= _LOOK_CHUNKS and speech >= 2 * _FEWEST_CHUNKS:
            self._since_look = 0
            return self._look(self._onset, speech)
        return None

    def _look(self, onset: int, speech: int) -> Interruption | None:
        begin = max(onset, self._chunks - _LONGEST_CHUNKS) * CHUNK_SAMPLES - _LEAD_IN_SAMPLES
        heard = self._recognise(self._left.part(max(0, begin), self._chunks * CHUNK_SAMPLES))
        word = self._phrases.get(heard.words, "")
        if not word or heard.gap_per_token < LOWEST_GAP or heard.nats_per_token < LOWEST_NATS_PER_TOKEN:
            return None
        return Interruption(word, heard.gap_per_token, speech * CHUNK_MS)
