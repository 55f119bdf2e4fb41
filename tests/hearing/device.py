"""The real `voice` process under its launcher, with a room made of sockets and this test as its till."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from agent.hearing.audio import FRAME_SAMPLES, to_int16
from agent.hearing.fed_audio import encode_chunk
from agent.plumbing.child import Program, start_child
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.messages import (
    GrammarTaken,
    ListenPolicy,
    Message,
    Peer,
    Stop,
    UseGrammar,
    VoiceFault,
    VoiceMended,
    VoiceReady,
    VoiceToTill,
)
from agent.plumbing.sentence_graph import SentenceGraph, graph_id
from agent.plumbing.speaker_models import GE2E
from tests.hearing.conftest import room

_SILENT = (VoiceFault("audio_all_zero", "for 3000 ms"), VoiceMended("audio_all_zero"))
_SMALL_BUFFER = 4_096


class VoiceDevice:
    """Start it with `with`; everything that `voice` says to the till comes out of `told`."""

    def __init__(self, folder: Path, audio: str = "", more: str = "") -> None:
        """`audio`: other lines for [audio] than those of the sockets; `hear` and `playback` then do
        nothing. `more`: further sections."""
        self.source, source_end = socket.socketpair()
        sink_end, self.sink = socket.socketpair()
        # Little room on the way to the loudspeaker: a playback stands still until the test takes it.
        sink_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SMALL_BUFFER)
        settings = folder / "settings.toml"
        settings.write_text(
            "[audio]\n"
            + (audio or f'source = "fd:{source_end.fileno()}"\nsink = "fd:{sink_end.fileno()}"\n')
            + more,
            encoding="utf-8",
        )
        fds = (source_end.fileno(), sink_end.fileno())
        self.child = start_child(
            "voice", Program("voice", "agent.hearing.voice", fds), settings, time.monotonic()
        )
        source_end.close()
        sink_end.close()
        self.till = self.new_till()

    def __enter__(self) -> VoiceDevice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.process.kill()
        self.child.end(10.0)
        for sock in (self.source, self.sink, self.till):
            sock.close()

    def new_till(self) -> IpcConnection:
        """Another connection for the till, which replaces the one before."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.child.control.send(Peer("till"), (theirs.fileno(),))
        self.till = IpcConnection(ours, peer="voice")
        return self.till

    def ready(self, graph: SentenceGraph, *, embed: bool = False) -> None:
        """Takes `VoiceReady` and answers as a till does."""
        assert self.told() == VoiceReady(GE2E)
        data = graph.to_bytes()
        self.use(data)
        self.till.send(ListenPolicy(embed))
        assert self.told_but_silence() == GrammarTaken(graph_id(data))

    def told_but_silence(self) -> Message:
        """The next message of the process but those of a microphone that gives zeros, as one does to which
        nobody plays: after three seconds, which a busy machine lets pass anywhere."""
        while (message := self.told()) in _SILENT:
            pass
        return message

    def use(self, data: bytes, name: str | None = None) -> None:
        """Hands over a sealed grammar."""
        self.use_fd(sealed_memfd(data), graph_id(data) if name is None else name)

    def use_fd(self, fd: int, name: str) -> None:
        """Hands over whatever `fd` is as a grammar, and closes it here."""
        with open(fd, "rb") as file:
            self.till.send(UseGrammar(name), (file.fileno(),))

    def told(self) -> Message:
        """The next message of the process."""
        message: Message = self.till.receive(VoiceToTill)[0]
        return message

    def hear(self, *parts: NDArray[np.float32]) -> None:
        """Something sounds in the room, between half a second and two seconds of quiet."""
        pcm = to_int16(np.concatenate([room(0.5), *parts, room(2.0)]))
        whole = np.pad(pcm, (0, -len(pcm) % FRAME_SAMPLES))
        for start in range(0, len(whole), FRAME_SAMPLES):
            self.source.sendall(encode_chunk(whole[start : start + FRAME_SAMPLES]))

    def playback(self) -> NDArray[np.int16]:
        """What one `Say` plays, to its end."""
        parts = []
        while length := struct.unpack("<I", self._exactly(4))[0]:
            parts.append(np.frombuffer(self._exactly(length), "<i2"))
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def stop(self) -> int:
        """Sends Stop; the exit code."""
        self.child.control.send(Stop())
        return self.child.process.wait()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.sink.recv(count - len(data))
            if not part:
                raise EOFError("the loudspeaker is gone")
            data += part
        return data
