"""When somebody begins and stops talking, counted in samples and never in wall time.

How much silence ends a sentence depends on the sentence (docs/adr/0026): a pause is reported early, and who
has looked at what was said so far may have the endpointer wait for less silence, or for more.
"""

from __future__ import annotations

from enum import StrEnum

from agent.hearing.audio import SAMPLE_RATE
from agent.hearing.ending import Ending
from agent.hearing.nearest_voice import NearestVoice
from agent.hearing.voice_activity import CHUNK_SAMPLES
from agent.plumbing.settings import Endpoint

_HYSTERESIS = 0.15  # once somebody talks, a little less is still speech
_CLICK_MS = 96  # shorter is no word
_WAKE_TAIL_MS = 450  # the wake word is recognised before it is quite over (up to 320 ms seen)
_TAIL_BEGINS_MS = 160
_SETTLED_MS = 200  # silence after which a click or a tail counts as over


class Outcome(StrEnum):
    """What has become of listening; it goes on after a pause."""

    PAUSE = "pause"
    UTTERANCE = "utterance"
    NOTHING_HEARD = "nothing heard"


class Endpointer:
    """Takes the speech probability and the power of one chunk after another.

    `window_ms` is how long it waits for speech to begin. `after_wake`: the stream begins inside the wake
    word, whose tail is no utterance. `begin` and `end` are the bounds of the speech in samples since the
    first chunk, -1 before.
    """

    def __init__(self, settings: Endpoint, *, window_ms: int, after_wake: bool = False) -> None:
        self._threshold = settings.speech_threshold
        self._pause = _samples(settings.pause_ms)
        self._silences = {
            Ending.COMPLETE: _samples(settings.complete_silence_ms),
            Ending.OPEN: _samples(settings.silence_ms),
            Ending.HANGING: _samples(settings.hanging_silence_ms),
            Ending.UNKNOWN: _samples(settings.silence_ms),
        }
        self._ending = Ending.UNKNOWN
        self._paused = False
        self._longest = _samples(settings.longest_utterance_ms)
        self._window = _samples(window_ms)
        self._after_wake = after_wake
        self._heard = 0
        self._nobody_yet()

    def _nobody_yet(self) -> None:
        self._speech = 0
        self._begin = self._end = -1
        self._voice = NearestVoice()

    @property
    def begin(self) -> int:
        return -1 if self._begin < 0 else self._voice.first * CHUNK_SAMPLES

    @property
    def end(self) -> int:
        return self.near_end if self._voice.over else self._end

    @property
    def near_end(self) -> int:
        """Where the nearest voice was last heard, in samples."""
        return (self._voice.last + 1) * CHUNK_SAMPLES

    def look(self, ending: Ending) -> None:
        """What was said up to this pause ends like that; holds until somebody goes on talking."""
        self._ending = ending

    @property
    def quiet(self) -> int:
        """Samples since the last speech."""
        return self._heard - self.end

    @property
    def full(self) -> bool:
        """Whether the utterance is as long as one may be."""
        return self._begin >= 0 and self._heard - self._begin >= self._longest

    def push(self, probability: float, power: float = 1.0) -> Outcome | None:
        """The outcome, once there is one; PAUSE once for each pause in the speech. An utterance may go on:
        what is pushed after its end belongs to it. `power`: mean square of the chunk."""
        at, self._heard = self._heard, self._heard + CHUNK_SAMPLES
        talking = self._begin >= 0
        if probability >= self._threshold - (_HYSTERESIS if talking else 0.0):
            self._begin = self._begin if talking else at
            self._end = self._heard
            self._speech += CHUNK_SAMPLES
            self._voice.push(at // CHUNK_SAMPLES, power)
            self._ending, self._paused = Ending.UNKNOWN, False
        if self._begin < 0:
            return Outcome.NOTHING_HEARD if self._heard >= self._window else None
        quiet = self.quiet
        if quiet >= _samples(_SETTLED_MS) and self._is_no_word():
            self._nobody_yet()
        elif quiet >= self._silences[self._ending] or self._voice.over or self.full:
            return Outcome.UTTERANCE
        elif quiet >= self._pause and not self._paused:
            self._paused = True
            return Outcome.PAUSE
        return None

    def _is_no_word(self) -> bool:
        tail = self._after_wake and self._begin < _samples(_TAIL_BEGINS_MS)
        return self._speech < _samples(_CLICK_MS) or (tail and self._end <= _samples(_WAKE_TAIL_MS))


def _samples(ms: int) -> int:
    return ms * SAMPLE_RATE // 1_000
