"""Every kind of file that people point the device at either becomes sound or says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.hearing.audio import SAMPLE_RATE, read_audio_file
from agent.plumbing.errors import AudioError


def test_44100_hz_stereo_becomes_16_khz_mono(tmp_path: Path) -> None:
    time = np.arange(44_100) / 44_100
    left = 0.5 * np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "a.wav", np.stack([left, np.zeros_like(left)], axis=1), 44_100)
    samples = read_audio_file(tmp_path / "a.wav")
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(SAMPLE_RATE, abs=2)
    spectrum = np.abs(np.fft.rfft(samples))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=2)
    assert float(np.abs(samples[1_000:-1_000]).max()) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(8_000),
        np.random.default_rng(1).uniform(-1, 1, 8_000),
        np.clip(4 * np.sin(np.arange(8_000) / 9), -1, 1),
        np.array([0.1]),
    ],
    ids=["silence", "noise", "clipped", "one sample"],
)
def test_odd_sound_is_still_sound(tmp_path: Path, samples: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE)
    assert np.allclose(read_audio_file(tmp_path / "a.wav"), samples, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "audio_file_missing"),
        (b"", "audio_file_empty"),
        (b"okay nabu, order two bags of coffee\n" * 50, "audio_file_format"),
        (b"RIFF\x24\x00\x00\x00WAVE", "audio_file_format"),
    ],
    ids=["missing", "0 bytes", "text", "a header and no more"],
)
def test_what_is_no_sound_is_named_with_a_next_step(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        read_audio_file(path)
    assert caught.value.code == code
    assert caught.value.next_step


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    samples = np.zeros(1_000, np.float32)
    samples[500] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(AudioError) as caught:
        read_audio_file(tmp_path / "a.wav")
    assert caught.value.code == "audio_file_nan"


def test_a_file_without_samples_is_empty(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), SAMPLE_RATE)
    with pytest.raises(AudioError) as caught:
        read_audio_file(tmp_path / "a.wav")
    assert caught.value.code == "audio_file_empty"
