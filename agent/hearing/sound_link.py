"""`voice`'s end of its sound card: microphone and loudspeaker each live in a process of their own
(`agent.hearing.sound_end`), which may open the device again when `voice` itself may open nothing any more.

On the wire, a SOCK_SEQPACKET socket for each: one byte that says what it is, then its content
(docs/adr/0029).
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import numpy as np

from agent.hearing.audio import FRAME_SAMPLES, Int16
from agent.plumbing import audit
from agent.plumbing.errors import AudioError

FRAME, OPENED, TROUBLE, REOPEN, PLAYED, FINISH = b"F", b"O", b"T", b"R", b"P", b"E"
"""FRAME: int16 samples, either way. OPENED: the device's name. TROUBLE: 'code<TAB>detail<TAB>next step'.
REOPEN: asked of the microphone. PLAYED: the loudspeaker has taken one FRAME, or played all after FINISH."""

LARGEST_PACKET = 1 + 2 * FRAME_SAMPLES + 1_024
_OPEN_SECONDS = 20.0
_SINK_SECONDS = 5.0
_FRAMES_AHEAD = 5  # 400 ms: so little is on its way that a playback can be broken off
_MOST_DROPPED = 256


class LinkedMicrophone:
    """Starts the process and waits until the device is open.

    Raises AudioError as `Microphone` does, and audio_no_frames when the process has ended.
    """

    live = True

    def __init__(self, device: str, channel: int = 0) -> None:
        self._socket, self._process = _start("microphone", device, str(channel))
        self.fault = ""
        """Why no frames come, where that is known."""

    def read(self, timeout_s: float) -> Int16 | None:
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0 or timeout_s == 0.0:
            kind, content = _receive(self._socket, max(left, 0.0))
            if kind == FRAME:
                return np.frombuffer(content, np.int16)
            if not kind:
                return None
            self.fault = _told(kind, content)
        return None

    def drop_pending(self) -> None:
        for _ in range(_MOST_DROPPED):
            kind, content = _receive(self._socket, 0.0)
            if not kind:
                return
            if kind != FRAME:
                self.fault = _told(kind, content)

    def reopen(self) -> None:
        """Asks for the device to be opened again."""
        try:
            self._socket.send(REOPEN, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            raise _ended("microphone") from error

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


class LinkedLoudspeaker:
    """Likewise. Raises AudioError audio_sink_gone where nothing is played (the next playback tries anew)."""

    def __init__(self, device: str) -> None:
        self._socket, self._process = _start("loudspeaker", device)
        self._ahead = 0
        self._given_up = 0
        """Packets of a playback that failed, whose answers may still come."""

    def write(self, samples: Int16) -> None:
        for start in range(0, len(samples), FRAME_SAMPLES):
            self._send(FRAME + samples[start : start + FRAME_SAMPLES].tobytes())
            self._wait_until(_FRAMES_AHEAD)

    def finish(self) -> None:
        self._send(FINISH)
        self._wait_until(0)

    def chime(self, samples: Int16) -> None:
        for start in range(0, len(samples), FRAME_SAMPLES):
            self._send(FRAME + samples[start : start + FRAME_SAMPLES].tobytes())
        self._send(FINISH)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def _send(self, packet: bytes) -> None:
        self._socket.settimeout(_SINK_SECONDS)
        try:
            self._socket.send(packet)
        except OSError as error:
            raise AudioError(
                "audio_sink_gone", "the loudspeaker takes nothing", "earmark audio test"
            ) from error
        self._ahead += 1

    def _wait_until(self, ahead: int) -> None:
        while self._ahead > ahead:
            kind, content = _receive(self._socket, _SINK_SECONDS)
            if kind == OPENED:
                _told(kind, content)
            elif kind and self._given_up:
                self._given_up -= 1
            elif kind == PLAYED:
                self._ahead -= 1
            else:
                self._given_up += self._ahead - bool(kind)
                self._ahead = 0
                detail = _told(kind, content) if kind else "the loudspeaker stands still"
                raise AudioError("audio_sink_gone", detail, "earmark audio test")


def _start(end: str, *arguments: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", "agent.hearing.sound_end", end, str(theirs.fileno()), *arguments]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    try:
        kind, content = _receive(ours, _OPEN_SECONDS)
    except AudioError:
        kind, content = b"", b""
    if kind == OPENED:
        _told(kind, content)
        return ours, process
    ours.close()
    process.wait()
    if kind == TROUBLE:
        code, detail, next_step = content.decode("utf-8", "replace").split("\t")
        raise AudioError(code, detail, next_step)
    raise AudioError("audio_no_device", f"the {end} did not open", "earmark audio test")


def _receive(sock: socket.socket, timeout_s: float) -> tuple[bytes, bytes]:
    """What came and its content; b'' where nothing came in time."""
    sock.settimeout(timeout_s)
    try:
        packet = sock.recv(LARGEST_PACKET)
    except (BlockingIOError, TimeoutError):
        return b"", b""
    except OSError:
        packet = b""
    if not packet:
        raise _ended("sound")
    return packet[:1], packet[1:]


def _told(kind: bytes, content: bytes) -> str:
    """Writes news of the device to the log; the trouble, '' for none."""
    text = content.decode("utf-8", "replace")
    if kind == OPENED:
        audit.log("audio_device_opened", detail=text)
        return ""
    code, detail, next_step = text.split("\t")
    audit.log(code, detail=detail, next_step=next_step)
    return detail


def _ended(what: str) -> AudioError:
    return AudioError("audio_no_frames", f"the process of the {what} has ended", "read the log above")
