"""A card that does neither 16 kHz nor mono is heard and spoken through all the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agent.hearing import sound_card, sound_devices
from agent.hearing.audio import FRAME_SAMPLES
from agent.hearing.rate_conversion import FromMono16k, ToMono16k


def tone(rate: int, hertz: float, seconds: float = 1.0) -> np.ndarray:
    return 8_000 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def loudest_hertz(sound: np.ndarray, rate: int) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax()) * rate / len(sound)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_and_level_both_ways(rate: int) -> None:
    stereo = np.repeat(tone(rate, 440), 2).astype(np.int16)
    blocks = np.array_split(stereo.reshape(-1, 2), 13)
    intake = ToMono16k(rate, 2)
    heard = np.concatenate([intake.push(block.tobytes()) for block in blocks])
    assert heard.dtype == np.int16
    assert abs(len(heard) - 16_000) < 1_600  # what the filter still holds back
    assert loudest_hertz(heard, 16_000) == pytest.approx(440, abs=2)
    assert np.abs(heard[2_000:-2_000]).max() == pytest.approx(8_000, rel=0.02)

    outlet = FromMono16k(rate, 2)
    played = np.frombuffer(outlet.push(tone(16_000, 440).astype(np.int16)) + outlet.finish(), np.int16)
    assert np.array_equal(played[::2], played[1::2])
    assert abs(len(played) // 2 - rate) < rate // 20
    assert loudest_hertz(played[::2], rate) == pytest.approx(440, abs=2)


def test_one_channel_or_the_mean_of_all() -> None:
    frames = np.array([[100, 300], [200, 400]], np.int16)
    assert ToMono16k(16_000, 2, 2).push(frames.tobytes()).tolist() == [300, 400]
    assert ToMono16k(16_000, 2, 7).push(frames.tobytes()).tolist() == [300, 400]
    assert ToMono16k(16_000, 2).push(frames.tobytes()).tolist() == [200, 300]


class _PortAudioError(Exception):
    pass


class _Stream:
    """A card of 48 kHz stereo, whose left channel has a tone and whose right is silent."""

    def __init__(self, *, samplerate: int, channels: int, **_: Any) -> None:
        assert (samplerate, channels) == (48_000, 2)
        left = tone(48_000, 440, 10.0)
        self._frames = np.stack([left, np.zeros_like(left)], axis=1).astype(np.int16)
        self._at = 0

    def start(self) -> None: ...

    @property
    def read_available(self) -> int:
        return len(self._frames) - self._at

    def read(self, count: int) -> tuple[bytes, bool]:
        self._at += count
        return self._frames[self._at - count : self._at].tobytes(), False


@pytest.mark.parametrize(("channel", "peak"), [(0, 4_000), (1, 8_000), (2, 0)])
def test_a_card_without_16_khz_is_opened_as_it_is(
    monkeypatch: pytest.MonkeyPatch, channel: int, peak: int
) -> None:
    def refuse(**_: object) -> None:
        raise _PortAudioError("Invalid sample rate")

    card = {"name": "USB", "max_input_channels": 2, "max_output_channels": 0, "default_samplerate": 48e3}
    library = SimpleNamespace(
        PortAudioError=_PortAudioError,
        RawInputStream=_Stream,
        check_input_settings=refuse,
        query_devices=lambda: [card],
        default=SimpleNamespace(device=(0, -1)),
    )
    for module in (sound_card, sound_devices):
        monkeypatch.setattr(module, "portaudio", lambda: library)
    microphone = sound_card.Microphone("usb", channel)
    frames = [microphone.read(1.0) for _ in range(20)]
    assert all(frame is not None and len(frame) == FRAME_SAMPLES for frame in frames)
    sound = np.concatenate([frame for frame in frames if frame is not None])[2_000:]
    assert np.abs(sound).max() == pytest.approx(peak, rel=0.02, abs=3)
    if peak:
        assert loudest_hertz(sound, 16_000) == pytest.approx(440, abs=2)
