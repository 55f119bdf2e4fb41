"""One end of the sound card in a process of its own: opens it, and opens it again when it went away.

    python -m agent.hearing.sound_end (microphone|loudspeaker) FD DEVICE [CHANNEL]

Started by `voice` before its sandbox closes, under the same rights; then it may start no program. It holds
no model and parses nothing but samples. It ends with its socket (`agent.hearing.sound_link`).
"""

from __future__ import annotations

import ctypes
import signal
import socket
import sys
import time

import numpy as np

from agent.hearing.sound_card import Loudspeaker, Microphone
from agent.hearing.sound_devices import look_again
from agent.hearing.sound_link import FINISH, FRAME, LARGEST_PACKET, OPENED, PLAYED, REOPEN, TROUBLE
from agent.plumbing import refusals
from agent.plumbing.errors import AudioError
from agent.plumbing.seccomp import compile_filter, load_filter

SHORTEST_REST_S, LONGEST_REST_S = 0.5, 8.0
STALL_S = 3.0
"""No frame for so long, without an error: the stream is opened again."""

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """0 when `voice` has gone."""
    end, fd, device, *channel = arguments
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # even while the driver hangs
    sock = socket.socket(fileno=int(fd))
    try:
        if end == "microphone":
            hear(sock, device, int(channel[0]))
        else:
            play(sock, device)
    except (BrokenPipeError, ConnectionResetError, EOFError):
        return 0
    return 0


def hear(sock: socket.socket, device: str, channel: int) -> None:
    """Sends frames for as long as anybody takes them. Raises EOFError, OSError when nobody does."""
    rest_s, opened_once = SHORTEST_REST_S, False
    while True:
        try:
            microphone = Microphone(device, channel)
        except AudioError as error:
            _send(sock, TROUBLE, _as_text(error))
            if not opened_once:
                return
            _rest(sock, rest_s)
            rest_s = min(2 * rest_s, LONGEST_REST_S)
            look_again()
            continue
        if not opened_once:
            _start_no_more_programs()
        opened_once = True
        _send(sock, OPENED, f"microphone: {microphone.name}, {microphone.rate_hz} Hz".encode())
        try:
            if _pump(sock, microphone):
                rest_s = SHORTEST_REST_S
        except AudioError as error:
            _send(sock, TROUBLE, _as_text(error))
        finally:
            microphone.close()
        look_again()


def _pump(sock: socket.socket, microphone: Microphone) -> bool:
    """Until the stream stands still or another is asked for; whether any frame came."""
    came, last = False, time.monotonic()
    while not _asked_to_reopen(sock, 0.0):
        frame = microphone.read(0.5)
        if frame is not None:
            came, last = True, time.monotonic()
            _send(sock, FRAME, frame.tobytes())
        elif time.monotonic() - last >= STALL_S:
            raise AudioError("audio_no_frames", f"no frame for {STALL_S:g} s", "earmark audio test")
    return came


def play(sock: socket.socket, device: str) -> None:
    """Plays what comes. A device that has gone is looked for once, when something is to be played."""
    try:
        found = Loudspeaker(device)
    except AudioError as error:
        _send(sock, TROUBLE, _as_text(error))
        return
    _start_no_more_programs()
    _send(sock, OPENED, f"loudspeaker: {found.name}, {found.rate_hz} Hz".encode())
    loudspeaker: Loudspeaker | None = found
    sock.setblocking(True)
    while packet := sock.recv(LARGEST_PACKET):
        for attempt in range(2):
            try:
                loudspeaker = loudspeaker or Loudspeaker(device)
                if packet[:1] == FINISH:
                    loudspeaker.finish()
                else:
                    loudspeaker.write(np.frombuffer(packet[1:], np.int16))
                sock.send(PLAYED)
                break
            except AudioError as error:
                if loudspeaker is not None:
                    loudspeaker.close()
                loudspeaker = None
                look_again()
                if attempt:
                    sock.send(TROUBLE + _as_text(error))


def _start_no_more_programs() -> None:
    """sounddevice asked ldconfig for its library; nothing else here starts a program."""
    load_filter(compile_filter(refusals.NO_CHILDREN), all_threads=True)


def _send(sock: socket.socket, kind: bytes, content: bytes) -> None:
    """Frames that nobody takes in time are lost, as with any sound card; the rest is news and waits."""
    try:
        sock.send(kind + content, socket.MSG_DONTWAIT if kind == FRAME else 0)
    except BlockingIOError:
        return


def _rest(sock: socket.socket, seconds: float) -> None:
    _asked_to_reopen(sock, seconds)


def _asked_to_reopen(sock: socket.socket, timeout_s: float) -> bool:
    """Raises EOFError when `voice` has gone."""
    sock.settimeout(timeout_s)
    try:
        packet = sock.recv(LARGEST_PACKET)
    except (BlockingIOError, TimeoutError):
        return False
    finally:
        sock.setblocking(True)
    if not packet:
        raise EOFError
    return packet[:1] == REOPEN


def _as_text(error: AudioError) -> bytes:
    parts = (error.code, error.detail, error.next_step)
    return "\t".join(" ".join(part.split()) for part in parts).encode()[: LARGEST_PACKET - 1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
