"""Whatever comes in by the way of sound (any bytes, lengths, rates, values), nothing breaks and nothing is
ordered."""

from __future__ import annotations

import contextlib
import io
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.bench.made_room import MadeRoom
from agent.hearing.audio import (
    FRAME_SAMPLES,
    Float32,
    Int16,
    read_audio_file,
    resample,
    to_float,
    to_int16,
)
from agent.hearing.barge_in import PHRASES, BargeIn
from agent.hearing.ear_health import EarHealth
from agent.hearing.ears import Ears
from agent.hearing.echo_canceller import BLOCK, EchoCanceller
from agent.hearing.echo_delay import echo_delay
from agent.hearing.fed_audio import FedSource
from agent.hearing.inspect import FileListener
from agent.hearing.levels import find_probe, level_of
from agent.hearing.playback import Playback
from agent.hearing.rate_conversion import ToMono16k
from agent.hearing.recognition import NO_SENTENCE_GAP, Recognition
from agent.plumbing.errors import AudioError
from agent.plumbing.messages import Silence, Utterance, Woken
from agent.plumbing.settings import Asr
from agent.plumbing.settings_file import parse_settings
from tests.hearing.conftest import corner_shop

QUICK = settings(max_examples=60)
SLOW = settings(QUICK, max_examples=12)


KINDS = ("zeros", "noise", "clipped", "square", "extreme", "steps", "tone")


def _piece(kind: str, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    match kind:
        case "zeros":
            return np.zeros(count)
        case "noise":
            return 2_000 * random.standard_normal(count)
        case "clipped":
            return 60_000 * random.standard_normal(count)
        case "square":
            return 65_535.0 * (np.arange(count) // 40 % 2) - 32_768.0
        case "extreme":
            return np.full(count, -32_768.0)
        case "steps":
            return 32_767.0 * random.integers(-1, 2, count)
        case _:
            return 20_000 * np.sin(np.arange(count) * random.uniform(0.01, 3))


@st.composite
def sounds(draw: st.DrawFn, longest: int = 24_000) -> Int16:
    """What a broken or hostile microphone may give: pieces of every kind, one after another."""
    pieces = st.tuples(st.sampled_from(KINDS), st.integers(1, longest // 6), st.integers(0, 99))
    parts = [
        _piece(kind, count, np.random.default_rng(seed))
        for kind, count, seed in draw(st.lists(pieces, max_size=6))
    ]
    whole = np.concatenate([np.zeros(0), *parts])
    sound: Int16 = np.clip(whole, -32_768, 32_767).astype(np.int16)
    return sound


@pytest.fixture(scope="module")
def ears() -> Ears:
    ears = Ears(parse_settings("", base=Path.cwd()))
    ears.use_grammar(corner_shop(), "corner shop")
    return ears


@pytest.fixture(scope="module")
def listener() -> FileListener:
    return FileListener(corner_shop(), parse_settings("", base=Path.cwd()))


def accepted(heard: Utterance) -> bool:
    return bool(heard.words) and heard.gap_per_token >= Asr().reject_gap_per_token


@QUICK
@given(chunks=st.lists(st.binary(max_size=600), max_size=20), framed=st.booleans())
def test_any_bytes_on_the_feed_are_frames_or_an_error(chunks: list[bytes], framed: bool) -> None:
    ours, theirs = socket.socketpair()
    source = FedSource(theirs.detach())
    with ours:
        for chunk in chunks:
            ours.sendall((struct.pack("<I", len(chunk)) if framed else b"") + chunk)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(AudioError) as caught:
            while (frame := source.read(1.0)) is not None:
                assert frame.dtype == np.int16
                assert len(frame) == FRAME_SAMPLES
    assert caught.value.code in ("audio_no_frames", "audio_feed_malformed")
    source.close()


@QUICK
@given(data=st.binary(max_size=400), header=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3\x03"]))
def test_any_file_is_sound_or_an_error(tmp_path: Path, data: bytes, header: bytes) -> None:
    path = tmp_path / "any.wav"
    path.write_bytes(header + data)
    with contextlib.suppress(AudioError):
        read_audio_file(path)


@QUICK
@given(
    cut=st.integers(0, 2_000),
    flips=st.lists(st.tuples(st.integers(0, 1_999), st.integers(0, 255)), max_size=12),
    rate=st.sampled_from([1, 8_000, 16_000, 44_100, 192_000, 655_350]),
    channels=st.integers(1, 8),
)
@example(cut=0, flips=[(107, 125)], rate=1, channels=1)  # a sample of 1e35
def test_a_damaged_recording_is_sound_or_an_error(
    tmp_path: Path, cut: int, flips: list[tuple[int, int]], rate: int, channels: int
) -> None:
    buffer = io.BytesIO()
    sound = np.random.default_rng(0).normal(0, 0.1, (200, channels))
    soundfile.write(buffer, sound, rate, format="WAV", subtype="FLOAT")
    data = bytearray(buffer.getvalue())
    for at, value in flips:
        data[at % len(data)] = value
    path = tmp_path / "damaged.wav"
    path.write_bytes(bytes(data[: len(data) - cut]) if cut else bytes(data))
    try:
        samples = read_audio_file(path)
    except AudioError as error:
        assert error.next_step
    else:
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()


@SLOW
@given(sound=sounds(), rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]))
def test_no_recording_without_words_is_an_order(
    listener: FileListener, tmp_path: Path, sound: Int16, rate: int
) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, sound, rate)
    try:
        heard = listener.hear(path)
    except AudioError as error:
        assert error.code == "audio_file_empty"
    else:
        assert not heard["accepted"]


@SLOW
@given(sound=sounds(), asked=st.booleans())
def test_no_stream_without_words_is_an_order_or_a_consent(ears: Ears, sound: Int16, asked: bool) -> None:
    ears.wait_for_wake()
    if asked:
        ears.listen(1, "consent", 1_000)
    whole = np.pad(sound, (0, 24_000 + -len(sound) % FRAME_SAMPLES))
    for start in range(0, len(whole), FRAME_SAMPLES):
        told = ears.push(whole[start : start + FRAME_SAMPLES], 1)
        assert told is None or isinstance(told, Woken | Silence | Utterance)
        assert not (isinstance(told, Utterance) and accepted(told))


@QUICK
@given(sound=sounds(), length=st.integers(1, 3_000))
def test_frames_of_any_length_are_taken(ears: Ears, sound: Int16, length: int) -> None:
    ears.wait_for_wake()
    for start in range(0, min(len(sound), 8_000), length):
        ears.push(sound[start : start + length], 1)


ANY_FLOAT = st.floats(width=32)


@QUICK
@given(values=st.lists(ANY_FLOAT, max_size=64), repeats=st.integers(1, 200))
def test_samples_that_are_no_numbers_are_nothing(ears: Ears, values: list[float], repeats: int) -> None:
    samples = np.tile(np.array(values, np.float32), repeats)
    samples[: len(samples) // 2] = np.nan
    heard = ears._recogniser.recognise(samples, "order")
    assert heard.words == ""
    assert heard.gap_per_token == NO_SENTENCE_GAP or not len(samples)
    with np.errstate(all="ignore"):
        assert to_int16(samples).dtype == np.int16


@QUICK
@given(heard=sounds(12_000), played=sounds(12_000))
def test_the_canceller_stays_finite(heard: Int16, played: Int16) -> None:
    canceller = EchoCanceller()
    count = max(len(heard), len(played)) // BLOCK * BLOCK
    one, other = (to_float(np.resize(sound, count)) if len(sound) else np.zeros(count, np.float32)
                  for sound in (heard, played))  # fmt: skip
    for at in range(0, count, BLOCK):
        left = canceller.push(one[at : at + BLOCK], other[at : at + BLOCK])
        assert np.isfinite(left).all()
    delay = echo_delay(one, other)
    assert delay is None or 0 <= delay < 16_000


@QUICK
@given(sound=sounds(12_000))
def test_meter_and_watch_take_anything(sound: Int16) -> None:
    health = EarHealth()
    for start in range(0, len(sound), FRAME_SAMPLES):
        health.push(sound[start : start + FRAME_SAMPLES])
    level = level_of(sound)
    assert -120 <= level.rms_dbfs <= level.peak_dbfs <= 0
    assert 0 <= find_probe(sound).similarity <= 1


@QUICK
@given(block=st.binary(max_size=4_096), rate=st.integers(4_000, 192_000), channels=st.integers(1, 8))
def test_any_block_of_a_card_is_converted(block: bytes, rate: int, channels: int) -> None:
    whole = block[: len(block) // (2 * channels) * 2 * channels]
    mono = ToMono16k(rate, channels).push(whole)
    assert mono.dtype == np.int16
    assert len(mono) <= len(whole) // (2 * channels) * 16_000 // rate + 16_000


@QUICK
@given(rate=st.integers(1, 655_350), count=st.integers(0, 500))
def test_any_rate_is_resampled(rate: int, count: int) -> None:
    samples: Float32 = np.zeros(min(count, rate), np.float32)
    result: NDArray[np.float32] = resample(samples, rate)
    assert np.isfinite(result).all()


@SLOW
@given(sentence=sounds(), seed=st.integers(0, 9))
def test_while_it_speaks_only_a_phrase_can_end_it(sentence: Int16, seed: int) -> None:
    def recognise(left: Float32) -> Recognition:
        assert np.isfinite(left).all()
        return Recognition("yes place my order", "yes", 0.0, (), 0.0)

    room = MadeRoom(seed, delay_ms=50, reverberation_s=0.2)
    room.begin(1.0)
    barge_in = BargeIn(recognise, PHRASES["en"])
    assert Playback(room, room, lambda: False, lambda: None).play([sentence], barge_in) is None
