"""A simulated room: what customers say goes into the real `voice` process as frames, what it plays comes
back.

Everything is one time line, so the whole conversation can be written as one WAV.
"""

from __future__ import annotations

import array
import fcntl
import queue
import socket
import struct
import termios
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from scripts.story.customers import SAMPLE_RATE_HZ, Pcm

FRAME_SAMPLES = 1_280
LEAD_SECONDS = 0.4
TAIL_SECONDS = 1.5
_LENGTH = struct.Struct("<I")


class RoomError(Exception):
    """The device did not do in the room what the story waited for."""


class Room:
    """Two sockets into the voice process: `microphone_fd` and `loudspeaker_fd` are for the process, the
    rest is ours."""

    def __init__(self) -> None:
        self._microphone, self._microphone_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._loudspeaker, self._loudspeaker_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._played: queue.Queue[Pcm] = queue.Queue()
        self._timeline: list[tuple[str, Pcm]] = []
        self._noise = np.random.default_rng(7)
        threading.Thread(target=self._hear_loudspeaker, daemon=True).start()

    @property
    def microphone_fd(self) -> int:
        return self._microphone_end.fileno()

    @property
    def loudspeaker_fd(self) -> int:
        return self._loudspeaker_end.fileno()

    def say(self, speech: Pcm) -> None:
        """Somebody speaks, with a short silence before and enough after to end the utterance."""
        self.feed(np.concatenate([self.silence(LEAD_SECONDS), speech, self.silence(TAIL_SECONDS)]))

    def silence(self, seconds: float) -> Pcm:
        """A quiet room is not digital silence: noise at about -75 dBFS."""
        return np.round(self._noise.normal(0, 6, int(seconds * SAMPLE_RATE_HZ))).astype(np.int16)

    def feed(self, sound: Pcm) -> None:
        """Frames into the microphone, as fast as the device takes them."""
        self._timeline.append(("room", sound))
        whole = -(-len(sound) // FRAME_SAMPLES) * FRAME_SAMPLES
        padded = np.pad(sound, (0, whole - len(sound)))
        for start in range(0, whole, FRAME_SAMPLES):
            frame = padded[start : start + FRAME_SAMPLES].astype("<i2").tobytes()
            self._microphone.sendall(_LENGTH.pack(len(frame)) + frame)

    def wait_until_heard(self, timeout_seconds: float = 240.0) -> None:
        """Until the device has taken every frame out of the socket."""
        deadline = time.monotonic() + timeout_seconds
        unread = array.array("i", [1])
        while unread[0] > 0:
            fcntl.ioctl(self._microphone, termios.TIOCOUTQ, unread)
            if time.monotonic() > deadline:
                raise RoomError("the device has stopped listening")
            time.sleep(0.02)

    def answer(self, timeout_seconds: float = 240.0) -> Pcm:
        """The next sentence of the device, whole. Raises RoomError where none comes."""
        try:
            sound = self._played.get(timeout=timeout_seconds)
        except queue.Empty:
            raise RoomError(f"the device said nothing for {timeout_seconds:g} seconds") from None
        self._timeline.append(("device", sound))
        return sound

    def is_silent(self) -> bool:
        """Whether the device has said nothing that was not collected."""
        return self._played.empty()

    def plays_elsewhere(self, sound: Pcm) -> None:
        """Something else than the device is heard in the room; it goes into the recording only."""
        self._timeline.append(("device", sound))

    def drop_answers(self) -> None:
        """Forgets what the device has said and nobody asked for."""
        while not self._played.empty():
            self._timeline.append(("device", self._played.get()))

    def write_wav(self, path: Path) -> float:
        """The conversation so far, customers left and device right; returns its length in seconds."""
        length = sum(len(sound) for _, sound in self._timeline)
        stereo = np.zeros((length, 2), np.int16)
        at = 0
        for who, sound in self._timeline:
            stereo[at : at + len(sound), 0 if who == "room" else 1] = sound
            at += len(sound)
        soundfile.write(path, stereo, SAMPLE_RATE_HZ)
        return length / SAMPLE_RATE_HZ

    def close(self) -> None:
        for sock in (self._microphone, self._microphone_end, self._loudspeaker_end, self._loudspeaker):
            sock.close()

    def _hear_loudspeaker(self) -> None:
        chunks: list[bytes] = []
        with self._loudspeaker.makefile("rb") as stream:
            while header := stream.read(_LENGTH.size):
                (size,) = _LENGTH.unpack(header)
                if size:
                    chunks.append(stream.read(size))
                else:
                    self._played.put(np.frombuffer(b"".join(chunks), "<i2").astype(np.int16))
                    chunks = []
