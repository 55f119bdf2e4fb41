"""What the process `voice` takes while it listens and nobody speaks: processor time and memory."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from agent.deciding.catalogue import Catalogue
from agent.deciding.products import Product, Wording
from agent.deciding.replies import Hears, fixed_sentences
from agent.deciding.sentences import compile_sentences
from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Int16, read_audio_file, to_int16
from agent.hearing.fed_audio import encode_chunk
from agent.hearing.speech import Speech
from agent.plumbing.child import Program, start_child
from agent.plumbing.errors import AudioError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.messages import (
    ListenPolicy,
    Peer,
    Prepare,
    UseGrammar,
    Utterance,
    VoiceReady,
    VoiceToTill,
)
from agent.plumbing.sentence_graph import graph_id
from agent.plumbing.settings import Asr

_ORDER = "okay nabu, order paper towels"
_LANGUAGE = "en"
_HEARS = Hears("okay nabu", _LANGUAGE, {_LANGUAGE: _ORDER})
_AHEAD_SECONDS = 15
_SETTLE_SECONDS = 5
_ROOM_RMS = 1e-3  # -60 dBFS
_ROOM_SEED = 7
_ROOM_SECONDS = 30
_ANSWER_SECONDS = 60.0


def run_idle_bench(
    seconds: int, models_dir: Path, noise: Path | None = None, rest_after: int = Asr().rest_after_seconds
) -> dict[str, Any]:
    """Starts the real process in its sandbox, has it speak ahead what always sounds the same and recognise
    one order, and lets it listen to a quiet room (or to `noise`) in real time: first until what it needs for
    an order only has left the memory, then for `seconds`.

    {"seconds": n, "cpu_percent": of one core, "resident_mb": the most while it listens,
    "resident_after_order_mb": with everything in memory, "resident_peak_mb": the most since it started}.
    Frames are fed in over a socket: what a sound card's driver takes is not in it. Raises AudioError:
    bench_voice (the process ended, or heard nothing), audio_….
    """
    room = _frames(_room() if noise is None else to_int16(read_audio_file(noise)))
    folder = tempfile.TemporaryDirectory()
    with folder as path, _voice(Path(path), models_dir, rest_after) as (pid, till, feed):
        spoken = Speech().speak(_ORDER, _LANGUAGE)
        till.send(Prepare(fixed_sentences(_HEARS), _LANGUAGE))
        _listen(feed, room, _AHEAD_SECONDS, pid)
        for frame in _frames(np.concatenate([_room(1), spoken, _room(2)])):
            feed.sendall(frame)
        while not isinstance(_told(till), Utterance):
            pass
        after_order = _resident_mb(pid)
        _listen(feed, room, rest_after + _SETTLE_SECONDS, pid)
        begun, spent = time.monotonic(), _cpu_seconds(pid)
        resident = _listen(feed, room, seconds, pid)
        cpu = (_cpu_seconds(pid) - spent) / (time.monotonic() - begun)
        return {
            "seconds": seconds,
            "cpu_percent": round(100 * cpu, 2),
            "resident_mb": resident,
            "resident_after_order_mb": after_order,
            "resident_peak_mb": _resident_mb(pid, "VmHWM"),
        }


@contextlib.contextmanager
def _voice(
    folder: Path, models_dir: Path, rest_after: int
) -> Iterator[tuple[int, IpcConnection, socket.socket]]:
    """The process with a grammar: its id, the till's connection, and where its frames go."""
    feed, source = socket.socketpair()
    speaker, sink = socket.socketpair()
    ours, theirs = socket.socketpair()
    settings = folder / "earmark.toml"
    settings.write_text(
        f'[audio]\nsource = "fd:{source.fileno()}"\nsink = "fd:{sink.fileno()}"\n'
        f"[asr]\nrest_after_seconds = {rest_after}\n"
        f"[paths]\nmodels_dir = {msgspec.json.encode(str(models_dir)).decode()}\n",
        encoding="utf-8",
    )
    with feed, speaker, ours:
        with source, sink:
            program = Program("voice", "agent.hearing.voice", (source.fileno(), sink.fileno()))
            child = start_child("voice", program, settings, time.monotonic())
        try:
            with theirs:
                child.control.send(Peer("till"), (theirs.fileno(),))
            ours.settimeout(_ANSWER_SECONDS)
            till = IpcConnection(ours, peer="voice")
            if not isinstance(_told(till), VoiceReady):
                raise _failed("it did not begin")
            grammar = _grammar()
            fd = sealed_memfd(grammar)
            till.send(UseGrammar(graph_id(grammar)), (fd,))
            os.close(fd)
            till.send(ListenPolicy(embed=True))
            yield child.process.pid, till, feed
        finally:
            child.process.kill()
            child.end(_ANSWER_SECONDS)


def _grammar() -> bytes:
    product = Product("paper-towels", "piece", 3_00, {_LANGUAGE: Wording("paper towels")})
    return compile_sentences(Catalogue(1, "bench", 1, "USD", (product,)), _LANGUAGE).to_bytes()


def _told(till: IpcConnection) -> object:
    try:
        return till.receive(VoiceToTill)[0]
    except (EOFError, OSError) as error:
        raise _failed(f"{type(error).__name__} while it was waited for") from error


def _failed(detail: str) -> AudioError:
    return AudioError("bench_voice", f"the process voice: {detail}", "earmark doctor")


def _room(seconds: int = _ROOM_SECONDS) -> Int16:
    noise = np.random.default_rng(_ROOM_SEED).normal(0, _ROOM_RMS, seconds * SAMPLE_RATE)
    return to_int16(noise.astype(np.float32))


def _frames(samples: Int16) -> list[bytes]:
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]
    return [encode_chunk(frame) for frame in whole.reshape(-1, FRAME_SAMPLES)]


def _listen(feed: socket.socket, frames: list[bytes], seconds: float, pid: int) -> float:
    """Feeds `frames`, over and over, as fast as they sound; the most memory seen at the end of a second."""
    begun, most = time.monotonic(), 0.0
    for count in range(int(seconds * 1_000 / FRAME_MS)):
        time.sleep(max(0.0, begun + count * FRAME_MS / 1_000 - time.monotonic()))
        try:
            feed.sendall(frames[count % len(frames)])
        except OSError as error:
            raise _failed("it ended while it listened") from error
        if count % (1_000 // FRAME_MS) == 0:
            most = max(most, _resident_mb(pid))
    return most


def _resident_mb(pid: int, field: str = "VmRSS") -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return round(int(line.split()[1]) / 1_024, 1)
    raise _failed("it has ended")


def _cpu_seconds(pid: int) -> float:
    """Of all its threads: fields 14 and 15 of proc(5) stat."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
