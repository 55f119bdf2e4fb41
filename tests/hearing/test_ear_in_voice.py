"""What `voice` does about an ear that is not well: tells the till, opens the microphone again, and gives its
watchdog nothing that it did not hear."""

from __future__ import annotations

import itertools
import socket
import time
from typing import Any

import numpy as np
import pytest

from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, Int16
from agent.hearing.ear_health import PATIENCE_MS
from agent.hearing.earcons import earcon
from agent.hearing.voice import Voice
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message, Stop, Utterance, VoiceFault, VoiceMended

SOUND = np.random.default_rng(1).normal(0, 6, FRAME_SAMPLES).round().astype(np.int16)
UNWELL: dict[str, Int16 | None] = {
    "audio_no_frames": None,
    "audio_all_zero": np.zeros(FRAME_SAMPLES, np.int16),
    "audio_too_quiet": np.ones(FRAME_SAMPLES, np.int16),
    "audio_clipped": np.where(np.arange(FRAME_SAMPLES) % 80 < 40, 32_767, -32_768).astype(np.int16),
}


class Room:
    """A live microphone that gives these frames and then asks `voice` to stop; and a loudspeaker."""

    live = True
    fault = "the cable is out"

    def __init__(self, frames: list[Int16 | None], supervisor: IpcConnection) -> None:
        self._frames, self._supervisor = frames, supervisor
        self._asked = False
        self.reopened = 0
        self.chimes: list[Int16] = []

    def read(self, timeout_s: float) -> Int16 | None:
        if self._frames:
            return self._frames.pop(0)
        if not self._asked:
            self._asked = True
            self._supervisor.send(Stop())
        time.sleep(0.005)
        return None

    def reopen(self) -> None:
        self.reopened += 1

    def chime(self, samples: Int16) -> None:
        self.chimes.append(samples)


class Ears:
    """Hears a sentence in the first frame, and nothing after that."""

    def __init__(self) -> None:
        self._heard = False

    def push(self, frame: Int16, now_ns: int) -> Utterance | None:
        first, self._heard = not self._heard, True
        return Utterance(0, "", "", -9.0, None, 800, None, now_ns, "") if first else None


class Till:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Message] = []

    def send(self, message: Message) -> None:
        self.told.append(message)


def run(frames: list[Int16 | None], *, earcons: bool = True) -> tuple[Room, list[Message], int]:
    """The room afterwards, what the till was told, and how often the watchdog was fed."""
    ours, theirs = socket.socketpair()
    with IpcConnection(ours, peer="voice") as supervisor, IpcConnection(theirs, peer="supervisor") as control:
        room, beats, till = Room([*frames], supervisor), itertools.count(), Till()
        parts: list[Any] = [Ears(), None, room, room]
        voice = Voice(*parts, control, lambda: next(beats), earcons=earcons)
        voice._till = till  # type: ignore[assignment]
        voice.run()
        return room, till.told, next(beats)


@pytest.mark.parametrize("code", UNWELL)
def test_it_is_told_the_stream_is_opened_again_and_the_end_is_told(code: str) -> None:
    bad = PATIENCE_MS[code] // FRAME_MS + 2
    room, told, _ = run([*[UNWELL[code]] * bad, *[SOUND] * (bad + 2)])
    told = [message for message in told if not isinstance(message, Utterance)]
    assert told == [VoiceFault(code, "the cable is out"), VoiceMended(code)]
    assert room.reopened == 1


def test_what_did_not_come_does_not_feed_the_watchdog() -> None:
    assert run([None] * 20)[2] == 0
    assert run([SOUND] * 20)[2] == 20


@pytest.mark.parametrize("earcons", [True, False])
def test_what_was_heard_is_acknowledged_at_once(earcons: bool) -> None:
    room, told, _ = run([SOUND] * 3, earcons=earcons)
    assert [type(message) for message in told] == [Utterance]
    assert len(room.chimes) == earcons
    assert all(np.array_equal(chime, earcon("heard")) for chime in room.chimes)
