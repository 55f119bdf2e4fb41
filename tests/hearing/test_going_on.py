"""Whoever was taken to have ended an order and speaks on is heard on, and the order is the whole of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agent.bench.made_room import MadeRoom
from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Float32, to_int16
from agent.hearing.earcons import EARCONS, earcon
from agent.hearing.going_on import goes_on
from agent.hearing.listener import GOES_ON_MS, Capture, Event, Listener, Resumed
from agent.hearing.recogniser import Recogniser
from agent.hearing.voice_activity import CHUNK_SAMPLES, VoiceActivity
from agent.hearing.waking import Waking
from agent.plumbing.settings import Endpoint, Wake
from tests.hearing.conftest import room, spoken

SETTINGS = Endpoint()
FIRST, FURTHER = "order two bottles of olive oil", "and a box of green tea"


def _frames(*parts: Float32) -> list[np.ndarray]:
    whole = to_int16(np.concatenate(parts))
    return list(np.pad(whole, (0, -len(whole) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES))


def _trimmed(samples: Float32) -> Float32:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def _listener(entry: str = "order") -> Listener:
    listener = Listener(SETTINGS, Waking(Wake(), None), VoiceActivity())
    listener.listen(1, entry, 5_000)
    return listener


def _events(listener: Listener, frames: list[np.ndarray]) -> list[Event]:
    """All but the pauses."""
    events = [listener.push(frame, 0) for frame in frames]
    return [event for event in events if isinstance(event, Capture | Resumed)]


def _ended(entry: str = "order") -> Listener:
    """Somebody has just ordered, and was taken to have ended."""
    listener = _listener(entry)
    for frame in _frames(room(0.5), _trimmed(spoken("slt", FIRST)), room(2.0)):
        if isinstance(listener.push(frame, 0), Capture):
            return listener
    raise AssertionError("it never ended")


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize("pause_s", [0.85, 1.5])
def test_an_order_that_goes_on_is_heard_whole(recogniser: Recogniser, voice: str, pause_s: float) -> None:
    parts = [_trimmed(spoken(voice, text)) for text in (FIRST, FURTHER)]
    sound = [room(0.5), parts[0], room(pause_s), parts[1], room(1.5)]
    first, resumed, whole = _events(_listener(), _frames(*sound))
    assert isinstance(first, Capture)
    assert recogniser.recognise(first.sentence, "order").words == FIRST
    assert resumed == Resumed(1)
    assert isinstance(whole, Capture)
    assert recogniser.recognise(whole.sentence, "order").words == f"{FIRST} {FURTHER}"
    assert len(whole.speech) == len(whole.samples) // CHUNK_SAMPLES, "speech and samples belong together"
    spoken_s = sum(map(len, parts)) / SAMPLE_RATE
    assert whole.speech_ms == pytest.approx(1_000 * spoken_s, abs=400)


def test_after_an_order_it_stays_until_it_is_told_to_wait_or_a_while_has_passed() -> None:
    listener = _ended()
    ago_ms = listener.ended_ago_ms
    assert ago_ms == pytest.approx(SETTINGS.silence_ms, abs=FRAME_MS)
    assert not listener.idle
    frames = 0
    while listener.ended_ago_ms is not None:
        assert listener.push(to_int16(room(1.0))[:FRAME_SAMPLES], 0) is None
        frames += 1
    assert frames * FRAME_MS == pytest.approx(GOES_ON_MS - ago_ms, abs=2 * FRAME_MS)
    assert listener.idle
    for leave in (Listener.wait_for_wake, Listener.settle):
        listener = _ended()
        leave(listener)
        assert (listener.ended_ago_ms, listener.idle) == (None, True)


def test_an_answer_is_over_when_it_is_over() -> None:
    listener = _ended("consent")
    assert (listener.ended_ago_ms, listener.idle) == (None, True)


def test_speech_that_was_cut_off_for_its_length_does_not_go_on() -> None:
    listener = Listener(Endpoint(longest_utterance_ms=1_000), Waking(Wake(), None), VoiceActivity())
    listener.listen(1, "order", 5_000)
    for frame in _frames(room(0.5), spoken("slt", FIRST)):
        if isinstance(listener.push(frame, 0), Capture):
            break
    assert listener.ended_ago_ms is None


def test_a_click_is_no_going_on() -> None:
    click = np.zeros(FRAME_SAMPLES * 8, np.float32)
    click[FRAME_SAMPLES : FRAME_SAMPLES + 400] = 0.5
    assert _events(_ended(), _frames(click, room(2.0))) == []


@pytest.mark.parametrize("name", EARCONS)
@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0])
def test_its_own_chime_is_no_going_on(name: str, gain: float) -> None:
    echo = gain * MadeRoom(1, delay_ms=120.0, reverberation_s=0.5).echo(earcon(name))
    quiet = room(2.0)
    quiet[: len(echo)] += echo[: len(quiet)]
    assert _events(_ended(), _frames(quiet)) == []


class _Room:
    """A microphone with `pending` frames, and more as time passes while it is `live`."""

    def __init__(self, pending: int, *, live: bool = True) -> None:
        self.live, self._pending, self.frames = live, pending, 0

    def read(self, timeout_s: float) -> np.ndarray | None:
        if not self._pending and not (timeout_s and self.live):
            return None
        self._pending = max(0, self._pending - 1)
        self.frames += 1
        return np.zeros(FRAME_SAMPLES, np.int16)


class _Ears:
    """An order has just ended, and utterance 1 is that of one that went on before."""

    def __init__(self, left_ms: int | None, *, clicks: bool = False) -> None:
        self.may_go_on_ms, self._clicks = left_ms, clicks

    def hear(self, frame: np.ndarray) -> None:
        if self.may_go_on_ms and not self._clicks:
            self.may_go_on_ms = max(0, self.may_go_on_ms - FRAME_MS)

    def is_void(self, number: int) -> bool:
        return number == 1


@pytest.mark.parametrize(
    ("room_", "ears", "heard"),
    [
        (_Room(0), _Ears(320), 4),  # as long as it may go on
        (_Room(9), _Ears(320), 9),  # and whatever waits to be heard
        (_Room(9), _Ears(None), 0),  # nothing may go on
        (_Room(2, live=False), _Ears(320), 2),  # whoever feeds it has paused
        (_Room(0), _Ears(320, clicks=True), 25),  # but never for ever
    ],
)
def test_an_answer_waits_as_long_as_the_order_may_go_on(room_: _Room, ears: _Ears, heard: int) -> None:
    parts: list[Any] = [ears, room_, ears.hear]
    assert goes_on(1, *parts, lambda: False)
    assert not goes_on(2, *parts, lambda: False)
    assert room_.frames == heard + (25 if ears._clicks else 0)


def test_an_answer_that_is_broken_off_does_not_wait() -> None:
    room_, ears = _Room(9), _Ears(320)
    parts: list[Any] = [ears, room_, ears.hear]
    assert not goes_on(2, *parts, lambda: True)
    assert room_.frames == 0
