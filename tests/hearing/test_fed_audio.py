"""Audio over a socket: frames come out whole whatever the chunks, and its end is an error, not a silence."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from agent.hearing.audio import FRAME_SAMPLES
from agent.hearing.fed_audio import FedSink, FedSource, encode_chunk
from agent.plumbing.errors import AudioError


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, int]]:
    ours, theirs = socket.socketpair()
    with ours:
        yield ours, theirs.detach()


@pytest.mark.parametrize("chunk", [1, 100, FRAME_SAMPLES, 5_000])
def test_frames_are_whole_whatever_the_chunks(pair: tuple[socket.socket, int], chunk: int) -> None:
    feeder, fd = pair
    source = FedSource(fd)
    sound = np.arange(2 * FRAME_SAMPLES, dtype=np.int16)
    starts = range(0, len(sound), chunk)
    feeder.sendall(b"".join(encode_chunk(sound[start : start + chunk]) for start in starts))
    frames = [source.read(5.0), source.read(5.0)]
    assert all(frame is not None and len(frame) == FRAME_SAMPLES for frame in frames)
    assert np.array_equal(np.concatenate([f for f in frames if f is not None]), sound)
    assert source.read(0.0) is None
    source.close()


def test_dropping_keeps_the_chunk_borders(pair: tuple[socket.socket, int]) -> None:
    feeder, fd = pair
    source = FedSource(fd)
    late = encode_chunk(np.full(FRAME_SAMPLES, 5, np.int16))
    feeder.sendall(encode_chunk(np.full(3_000, 7, np.int16)) + late[:2])
    source.drop_pending()
    feeder.sendall(late[2:])
    frame = source.read(5.0)
    assert frame is not None
    assert set(frame.tolist()) == {5}
    source.close()


def test_the_end_of_the_feed_is_an_error(pair: tuple[socket.socket, int]) -> None:
    feeder, fd = pair
    source = FedSource(fd)
    feeder.sendall(encode_chunk(np.zeros(FRAME_SAMPLES, np.int16)))
    feeder.close()
    assert source.read(5.0) is not None
    with pytest.raises(AudioError) as caught:
        source.read(5.0)
    assert caught.value.code == "audio_no_frames"
    source.close()


@pytest.mark.parametrize("length", [3, 1 << 31])
def test_a_malformed_chunk_is_refused(pair: tuple[socket.socket, int], length: int) -> None:
    feeder, fd = pair
    source = FedSource(fd)
    feeder.sendall(struct.pack("<I", length) + b"xyz")
    with pytest.raises(AudioError) as caught:
        source.read(5.0)
    assert caught.value.code == "audio_feed_malformed"
    source.close()


def test_a_playback_ends_with_an_empty_chunk(pair: tuple[socket.socket, int]) -> None:
    listener, fd = pair
    sink = FedSink(fd)
    sink.write(np.array([1, 2, 3], np.int16))
    sink.write(np.zeros(0, np.int16))
    sink.finish()
    sink.close()
    received = b"".join(iter(lambda: listener.recv(4_096), b""))
    assert received == struct.pack("<Ihhh", 6, 1, 2, 3) + struct.pack("<I", 0)


def test_nobody_who_listens_is_an_error(pair: tuple[socket.socket, int]) -> None:
    listener, fd = pair
    sink = FedSink(fd)
    listener.close()
    with pytest.raises(AudioError) as caught:
        sink.write(np.ones(10, np.int16))
    assert caught.value.code == "audio_sink_gone"
    sink.close()
