"""`voice`'s end of the loudspeaker, with the test in the place of the loudspeaker's process."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest

from agent.hearing import sound_link
from agent.hearing.audio import FRAME_SAMPLES
from agent.hearing.sound_link import LARGEST_PACKET, OPENED, PLAYED, TROUBLE, LinkedLoudspeaker
from agent.plumbing.errors import AudioError

GONE = TROUBLE + b"audio_no_device\tit was unplugged\tearmark audio test"
SENTENCE = np.ones(6 * FRAME_SAMPLES, np.int16)  # one frame more than may be on its way


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LinkedLoudspeaker, socket.socket]]:
    """It, and the other end of its socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    none = cast("subprocess.Popen[bytes]", None)
    monkeypatch.setattr(sound_link, "_start", lambda *_: (ours, none))
    with ours, theirs:
        yield LinkedLoudspeaker(""), theirs


def taken(process: socket.socket) -> int:
    """Packets that wait for the process."""
    process.setblocking(False)
    count = 0
    try:
        while process.recv(LARGEST_PACKET):
            count += 1
    except BlockingIOError:
        return count
    return count


def test_answers_to_a_playback_that_failed_do_not_fail_the_next(
    loudspeaker: tuple[LinkedLoudspeaker, socket.socket],
) -> None:
    ours, process = loudspeaker
    process.send(GONE)
    with pytest.raises(AudioError) as caught:
        ours.write(SENTENCE)
    assert caught.value.code == "audio_sink_gone"
    late = taken(process) - 1
    assert late == 5
    for _ in range(late):
        process.send(GONE)
    process.send(OPENED + b"loudspeaker: kitchen, 48000 Hz")
    for _ in range(7):
        process.send(PLAYED)
    ours.write(SENTENCE)
    ours.finish()


def test_a_loudspeaker_that_plays_is_waited_for(loudspeaker: tuple[LinkedLoudspeaker, socket.socket]) -> None:
    ours, process = loudspeaker
    process.send(PLAYED)
    ours.write(SENTENCE)
    assert taken(process) == 6
    for _ in range(6):
        process.send(PLAYED)
    ours.finish()
    assert taken(process) == 1
