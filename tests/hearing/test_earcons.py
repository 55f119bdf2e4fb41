"""Earcons are short, soft, the same each time, and told apart by where they go and how often."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from agent.hearing.audio import Int16, to_float
from agent.hearing.earcons import EARCONS, earcon
from agent.hearing.levels import level_of
from agent.hearing.wakeword import WakeWord


def outline(sound: Int16) -> list[int]:
    """The loudest pitch of each 40 ms in steps of 50 Hz, 0 where it is quiet."""
    pieces = to_float(sound)[: len(sound) // 640 * 640].reshape(-1, 640)
    return [
        int(np.abs(np.fft.rfft(piece, 4_096)).argmax() * 16_000 / 4_096 / 50) if piece.std() > 0.003 else 0
        for piece in pieces
    ]


@pytest.mark.parametrize("name", EARCONS)
def test_it_is_short_soft_and_always_the_same(name: str) -> None:
    sound = earcon(name)
    assert 0.05 <= len(sound) / 16_000 <= 0.4
    assert -30 < level_of(sound).rms_dbfs < -15
    assert level_of(sound).clipped_share == 0
    assert abs(int(sound[0])) < 50 and abs(int(sound[-1])) < 400, "no click"
    assert np.array_equal(sound, earcon(name))


def test_no_two_have_the_same_outline() -> None:
    for one, other in itertools.combinations(EARCONS, 2):
        assert outline(earcon(one)) != outline(earcon(other))
    voiced = {name: [pitch for pitch in outline(earcon(name)) if pitch] for name in EARCONS}
    assert voiced["ordered"][0] < voiced["ordered"][-1], "up"
    assert voiced["refused"][0] > voiced["refused"][-1], "down"
    assert 0 in outline(earcon("queued")), "twice"


def test_none_wakes_the_device() -> None:
    wake = WakeWord("okay_nabu", 0.3)
    for name in EARCONS:
        assert wake.push(np.pad(earcon(name), (8_000, 16_000))) is None
