"""Audio over an inherited stream socket, in place of a sound card: the demo's and the tests' way in and
out.

On the wire, both ways: little-endian u32 number of bytes, then that many bytes of int16 PCM at 16 kHz, mono.
Coming out, a chunk of length 0 marks the end of one playback.
"""

from __future__ import annotations

import socket
import struct

import numpy as np

from agent.hearing.audio import FRAME_SAMPLES, Int16
from agent.plumbing.errors import AudioError

LONGEST_CHUNK_BYTES = 1 << 20
_HEADER = struct.Struct("<I")
_FRAME_BYTES = 2 * FRAME_SAMPLES
_READ_BYTES = 4_096  # the feeder's view of what has been heard is never far off
_MOST_DROPPED_READS = 1_024


def encode_chunk(samples: Int16) -> bytes:
    """One chunk of the wire form; of no samples, the mark that ends a playback."""
    return _HEADER.pack(2 * len(samples)) + samples.astype("<i2").tobytes()


class FedSource:
    """Frames from the socket `fd`, which it takes over. Chunks may have any length.

    Raises AudioError: audio_no_device (`fd` is no socket); from `read` and `drop_pending` audio_no_frames
    (the feed has ended) and audio_feed_malformed.
    """

    live = False
    fault = ""

    def __init__(self, fd: int) -> None:
        self._socket = _stream_socket(fd)
        self._wire = bytearray()
        self._pcm = bytearray()
        self._ended = False

    def read(self, timeout_s: float) -> Int16 | None:
        while len(self._pcm) < _FRAME_BYTES:
            if not self._receive(timeout_s):
                return None
        frame = np.frombuffer(bytes(self._pcm[:_FRAME_BYTES]), "<i2").astype(np.int16)
        del self._pcm[:_FRAME_BYTES]
        return frame

    def drop_pending(self) -> None:
        for _ in range(_MOST_DROPPED_READS):  # a feeder that never pauses must not hold the device up
            self._pcm.clear()
            if self._ended or not self._receive(0.0):
                break

    def reopen(self) -> None:
        """There is no device."""

    def close(self) -> None:
        self._socket.close()

    def _receive(self, timeout_s: float) -> bool:
        """Takes in what arrives within `timeout_s`; False when nothing came."""
        if self._ended:
            raise AudioError("audio_no_frames", "the audio feed has ended", "start the feeder again")
        self._socket.settimeout(timeout_s)
        try:
            received = self._socket.recv(_READ_BYTES)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            received = b""
        if not received:
            self._ended = True
            return True
        self._wire += received
        self._unpack()
        return True

    def _unpack(self) -> None:
        while len(self._wire) >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._wire)
            if length > LONGEST_CHUNK_BYTES or length % 2:
                raise AudioError(
                    "audio_feed_malformed", f"a chunk of {length} bytes", "send u32 length and int16 PCM"
                )
            end = _HEADER.size + length
            if len(self._wire) < end:
                return
            self._pcm += self._wire[_HEADER.size : end]
            del self._wire[:end]


class FedSink:
    """Plays into the socket `fd`, which it takes over; the reader sets the pace.

    Raises AudioError: audio_no_device (`fd` is no socket); from `write` and `finish` audio_sink_gone.
    """

    def __init__(self, fd: int) -> None:
        self._socket = _stream_socket(fd)

    def write(self, samples: Int16) -> None:
        if len(samples):
            self._send(encode_chunk(samples))

    def finish(self) -> None:
        self._send(encode_chunk(np.zeros(0, np.int16)))

    def chime(self, samples: Int16) -> None:
        """A fed room hears sentences only."""

    def close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise AudioError(
                "audio_sink_gone", "nobody takes the audio", "start the listener again"
            ) from error


def _stream_socket(fd: int) -> socket.socket:
    try:
        return socket.socket(fileno=fd)
    except OSError as error:
        raise AudioError(
            "audio_no_device", f"descriptor {fd} is no socket", "pass a connected stream socket"
        ) from error
