"""From frames to captures: waits for the wake word or for an answer, and cuts out what was said. No I/O, no
clock.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import FRAME_MS, SAMPLE_RATE, Float32, Int16, to_float
from agent.hearing.ending import Ending
from agent.hearing.endpointing import Endpointer, Outcome
from agent.hearing.nearest_voice import chunk_powers
from agent.hearing.snr import estimate_snr_db
from agent.hearing.voice_activity import CHUNK_MS, CHUNK_SAMPLES, Chunks, VoiceActivity
from agent.hearing.waking import AFTER_MS, WakeDecision, Waking
from agent.plumbing.settings import Endpoint

ORDER_ENTRY = "order"
WAKE_LISTEN_ID = 0
PRE_ROLL_MS = 1_360 + AFTER_MS
"""Kept before a decision: the wake phrase takes 0.7 to 1.3 s, and a little of the room tells its noise."""

MARGIN_SAMPLES = 300 * SAMPLE_RATE // 1_000
"""Heard on either side of the speech by the recogniser: in noise the quiet end of a sentence is taken for
the room."""

GOES_ON_MS = 3_000
"""After so much silence whoever ordered has ended, even if nobody has answered them."""

_FURTHER_CHUNKS, _FURTHER_OF_CHUNKS = 4, 8  # 128 of 256 ms: a click or a chime is no word


class WakeHeard(NamedTuple):
    """The wake word was heard; a `Capture` or `NothingHeard` with listen_id 0 follows."""

    score: float


class NearMiss(NamedTuple):
    """The wake model took something for the wake word, and the recogniser did not."""

    decision: WakeDecision


class NothingHeard(NamedTuple):
    """The window passed without speech."""

    listen_id: int


class Capture(NamedTuple):
    """What was said, with what was heard around it.

    `samples`: float32 [n] at 16 kHz, from before the wake phrase (or from the start of listening) to the
    endpoint. `speech`: bool, for each chunk of CHUNK_SAMPLES whether it is speech. `begin`, `end`: bounds in
    samples of the sentence without the wake phrase, with a little room around it. `speech_ended_ns`: when its
    last frame came.
    """

    listen_id: int
    entry: str
    samples: Float32
    speech: npt.NDArray[np.bool_]
    begin: int
    end: int
    speech_ended_ns: int

    @property
    def sentence(self) -> Float32:
        """What is to be recognised."""
        return self.samples[self.begin : self.end]

    @property
    def speech_ms(self) -> int:
        """Speech in all of it, wake phrase included."""
        return int(self.speech.sum()) * CHUNK_MS

    @property
    def snr_db(self) -> float | None:
        """As `estimate_snr_db`."""
        return estimate_snr_db(self.samples, self.speech)


class Paused(NamedTuple):
    """Somebody who is speaking has paused: what was said so far, with the sentence that the `Capture` will
    have if this was the end. `Listener.look` may say how that ends.
    """

    so_far: Capture


class Resumed(NamedTuple):
    """Whoever had ended speaks on: the `Capture` of that number is void, and another follows, of it all."""

    listen_id: int


Event = WakeHeard | NearMiss | NothingHeard | Paused | Capture | Resumed


class Listener:
    """Takes one frame after another. Waits for the wake word, until `listen` asks for an answer once.

    After an order it stays a little with whoever spoke (docs/adr/0033): until `wait_for_wake` or `listen`,
    but no longer than GOES_ON_MS.
    """

    def __init__(self, settings: Endpoint, wake: Waking, activity: VoiceActivity) -> None:
        self._settings = settings
        self._wake = wake
        self._activity = activity
        self._recent: deque[Int16] = deque(maxlen=PRE_ROLL_MS // FRAME_MS)
        self._recording: _Recording | None = None
        self._ended: _Recording | None = None  # an order that may go on

    @property
    def idle(self) -> bool:
        """Whether it waits for the wake word."""
        return self._recording is None and self._ended is None

    @property
    def ended_ago_ms(self) -> int | None:
        """How long nobody has spoken since the order that may still go on; None where none may."""
        return self._ended.quiet_ms if self._ended else None

    def wait_for_wake(self) -> None:
        """Drops what it was doing and what it heard before."""
        self._recording = self._ended = None
        self._recent.clear()
        self._wake.reset()

    def listen(self, listen_id: int, entry: str, window_ms: int) -> None:
        """Waits for speech without a wake word, for `window_ms` of audio."""
        self._activity.reset()
        endpointer = Endpointer(self._settings, window_ms=window_ms)
        self._ended = None
        self._recording = _Recording(listen_id, entry, endpointer, self._settings.speech_threshold)

    def look(self, ending: Ending) -> None:
        """The sentence that was `Paused` ends like that: so much silence is waited for."""
        if self._recording is not None:
            self._recording.look(ending)

    def settle(self) -> None:
        """Nothing can be added to the order that has just ended."""
        if self._ended is not None:
            self.wait_for_wake()

    def push(self, frame: Int16, now_ns: int) -> Event | None:
        """int16 [n] that arrived at `now_ns`; what has happened, if anything."""
        if self._recording is not None:
            return self._record(self._recording, frame, now_ns)
        if self._ended is not None:
            return self._stay(self._ended, frame, now_ns)
        self._recent.append(frame)
        decision = self._wake.push(frame)
        if decision is None:
            return None
        if not decision.woke:
            return NearMiss(decision)
        self._begin_order(decision.samples_ago, now_ns)
        return WakeHeard(decision.score)

    def _begin_order(self, samples_ago: int, now_ns: int) -> None:
        before = np.concatenate(self._recent)
        at = max(0, len(before) - samples_ago)
        self._activity.reset()
        endpointer = Endpointer(self._settings, window_ms=self._settings.order_window_ms, after_wake=True)
        self._recording = recording = _Recording(
            WAKE_LISTEN_ID, ORDER_ENTRY, endpointer, self._settings.speech_threshold, wake_samples=at
        )
        recording.push(before, self._activity.push(before), now_ns)
        self._recent.clear()

    def _record(self, recording: _Recording, frame: Int16, now_ns: int) -> Event | None:
        outcome = recording.push(frame, self._activity.push(frame), now_ns)
        if outcome is None:
            return None
        if outcome is Outcome.PAUSE:
            return Paused(recording.capture())
        self.wait_for_wake()
        if outcome is Outcome.NOTHING_HEARD:
            return NothingHeard(recording.listen_id)
        if recording.may_go_on:
            self._ended = recording
        return recording.capture()

    def _stay(self, ended: _Recording, frame: Int16, now_ns: int) -> Event | None:
        if ended.goes_on(frame, self._activity.push(frame), now_ns):
            self._recording, self._ended = ended, None
            return Resumed(ended.listen_id)
        if ended.quiet_ms >= GOES_ON_MS:
            self.wait_for_wake()
        return None


class _Recording:
    """Samples since the pre-roll began, and what the endpointer says of those after the wake phrase."""

    def __init__(
        self, listen_id: int, entry: str, endpointer: Endpointer, threshold: float, wake_samples: int = 0
    ) -> None:
        self.listen_id = listen_id
        self._entry = entry
        self._endpointer = endpointer
        self._threshold = threshold
        self._from = wake_samples
        self._skipped_chunks = wake_samples // CHUNK_SAMPLES
        self._samples: list[Int16] = []
        self._probabilities: list[float] = []
        self._speech_ended_ns = 0
        self._chunks = Chunks()
        self._near_again = False  # since the end: whether it is the same voice, or one as near
        self._lately: deque[bool] = deque(maxlen=_FURTHER_OF_CHUNKS)  # since the end: speech or not

    @property
    def may_go_on(self) -> bool:
        """Whether it is an order, and did not end for its length."""
        return self._entry == ORDER_ENTRY and not self._endpointer.full

    @property
    def quiet_ms(self) -> int:
        return self._endpointer.quiet * 1_000 // SAMPLE_RATE

    def goes_on(self, samples: Int16, probabilities: list[float], now_ns: int) -> bool:
        """Whether somebody has spoken on since it ended, for longer than a click."""
        self._samples.append(samples)
        near = self._endpointer.near_end
        for probability, power in zip(probabilities, self._powers(samples), strict=True):
            spoken_until = self._endpointer.end
            self._chunk(probability, power, now_ns)
            self._lately.append(self._endpointer.end > spoken_until)
        self._near_again = self._near_again or self._endpointer.near_end > near
        if sum(self._lately) < _FURTHER_CHUNKS or not self._near_again:
            return False
        self._lately.clear()
        self._near_again = False
        return True

    def push(self, samples: Int16, probabilities: list[float], now_ns: int) -> Outcome | None:
        self._samples.append(samples)
        told: Outcome | None = None
        for probability, power in zip(probabilities, self._powers(samples), strict=True):
            spoken_until = self._endpointer.end
            outcome = self._chunk(probability, power, now_ns)
            if outcome is not None or self._endpointer.end > spoken_until:
                told = outcome
        return told

    def _powers(self, samples: Int16) -> list[float]:
        """Of the chunks that are complete with these, as the voice activity counts them."""
        return [float(power) for power in chunk_powers(to_float(self._chunks.push(samples).ravel()))]

    def _chunk(self, probability: float, power: float, now_ns: int) -> Outcome | None:
        self._probabilities.append(probability)
        if len(self._probabilities) <= self._skipped_chunks:
            return None
        spoken_until = self._endpointer.end
        outcome = self._endpointer.push(probability, power)
        if self._endpointer.end > spoken_until:
            self._speech_ended_ns = now_ns
        return outcome

    def look(self, ending: Ending) -> None:
        self._endpointer.look(ending)

    def capture(self) -> Capture:
        samples = to_float(np.concatenate(self._samples))
        offset = self._skipped_chunks * CHUNK_SAMPLES
        begin = max(self._from, offset + self._endpointer.begin - MARGIN_SAMPLES)
        end = min(len(samples), offset + self._endpointer.end + MARGIN_SAMPLES)
        speech = np.array(self._probabilities) >= self._threshold
        return Capture(self.listen_id, self._entry, samples, speech, begin, end, self._speech_ended_ns)
