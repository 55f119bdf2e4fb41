"""Frames and descriptors: what is sent arrives, and no bytes from a peer do harm."""

from __future__ import annotations

import array
import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.plumbing import messages
from agent.plumbing.errors import IpcError
from agent.plumbing.ipc import LONGEST_FRAME_BYTES, LONGEST_SKIPPED_BYTES, IpcConnection
from agent.plumbing.memfd import read_sealed, sealed_memfd
from agent.plumbing.messages import Publish, UseGrammar, VoiceToTill, Woken
from agent.plumbing.peercred import peer_credentials

Pair = tuple[socket.socket, IpcConnection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A raw socket for the hostile end, a connection for ours."""
    raw, ours = socket.socketpair()
    with raw, IpcConnection(ours) as connection:
        yield raw, connection


def frame(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


def encoded(message: messages.Message) -> bytes:
    return frame(msgspec.msgpack.encode(message))


def send_with_fds(sock: socket.socket, data: bytes, fds: list[int]) -> None:
    sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def open_descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


finite = st.floats(allow_nan=False)
texts = st.text(max_size=200)
any_message = st.one_of(
    st.builds(messages.VoiceReady, speaker_model=st.sampled_from(["speaker-ge2e", "speaker-ecapa:0575cb"])),
    st.builds(Woken, score=finite),
    st.builds(messages.Spoken, say_id=st.integers(0, 2**32), fault=texts),
    st.builds(
        messages.Utterance,
        listen_id=st.integers(0, 2**32),
        words=texts,
        open_words=texts,
        gap_per_token=finite,
        embedding=st.none() | st.tuples(*[finite] * 8),
        speech_ms=st.integers(0, 60_000),
        snr_db=st.none() | finite,
        speech_ended_ns=st.integers(0, 2**62),
    ),
)


@given(st.lists(any_message, max_size=5))
def test_what_is_sent_arrives_in_order(sent: list[messages.Message]) -> None:
    a, b = socket.socketpair()
    with IpcConnection(a) as ours, IpcConnection(b) as theirs:
        for message in sent:
            ours.send(message)
            assert theirs.receive(VoiceToTill) == (message, ())


def test_a_frame_arrives_byte_by_byte(pair: Pair) -> None:
    raw, connection = pair
    data = encoded(Woken(0.5)) + encoded(Woken(0.75))

    def drip() -> None:
        for byte in data:
            raw.sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    scores = [connection.receive(Woken)[0].score for _ in range(2)]
    thread.join()
    assert scores == [0.5, 0.75]


@pytest.mark.parametrize(
    "hostile",
    [
        frame(b""),
        frame(b"hello"),
        frame(b"\xc1" * 100),
        frame(b"\x91" * 60_000),
        frame(msgspec.msgpack.encode({"type": "Woken", "score": 0.5, "more": 1})),
        frame(msgspec.msgpack.encode({"type": "Woken", "score": "0.5"})),
        frame(msgspec.msgpack.encode({"type": "Publish", "ref": "1", "topic": "t", "payload": b""})),
        frame(msgspec.msgpack.encode(Woken(0.5)) + b"\0"),
        frame(bytes(LONGEST_FRAME_BYTES + 1)),
        frame(bytes(1_000_000)),
    ],
    ids=lambda data: f"{data[:12]!r} {len(data)}",
)
def test_an_unacceptable_frame_is_dropped_and_the_next_one_heard(
    pair: Pair, hostile: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    raw, connection = pair
    thread = threading.Thread(target=raw.sendall, args=(hostile + encoded(Woken(0.25)),))
    thread.start()
    assert connection.receive(VoiceToTill) == (Woken(0.25), ())
    thread.join()
    assert connection.dropped == 1
    line = capfd.readouterr().err
    assert ("ipc_frame_invalid" in line or "ipc_frame_too_long" in line) and "hello" not in line


def test_a_lost_frame_border_closes_the_connection(pair: Pair) -> None:
    raw, connection = pair
    raw.sendall(struct.pack(">I", LONGEST_SKIPPED_BYTES + 1))
    with pytest.raises(IpcError, match="ipc_frame_too_long"):
        connection.receive(VoiceToTill)
    with pytest.raises(EOFError):
        connection.receive(VoiceToTill)
    assert raw.recv(1) == b""


@given(st.lists(st.binary(max_size=300) | st.binary(max_size=60).map(frame), max_size=6))
@settings(max_examples=300)
def test_no_bytes_crash_a_receiver(parts: list[bytes]) -> None:
    raw, ours = socket.socketpair()
    with raw, IpcConnection(ours) as connection:
        raw.sendall(b"".join(parts))
        raw.shutdown(socket.SHUT_WR)
        with contextlib.suppress(EOFError, IpcError):
            while True:
                connection.receive(VoiceToTill | messages.TillToVoice | messages.SupervisorToProcess)


@given(st.binary(max_size=200), st.lists(st.integers(1, 5), max_size=3))
@settings(max_examples=100)
def test_unwanted_descriptors_are_closed(payload: bytes, counts: list[int]) -> None:
    before = open_descriptors()
    raw, ours = socket.socketpair()
    with raw, IpcConnection(ours) as connection, Path(os.devnull).open() as null:
        for count in counts:
            send_with_fds(raw, frame(payload), [null.fileno()] * count)
        send_with_fds(raw, encoded(Woken(1.0)), [null.fileno()])
        send_with_fds(raw, b"\0\0", [null.fileno()])  # a frame that never ends
        raw.shutdown(socket.SHUT_WR)
        with contextlib.suppress(EOFError, IpcError):
            while True:
                connection.receive(VoiceToTill)
        assert connection.dropped >= len(counts) + 1 or not payload
    assert open_descriptors() == before


def test_descriptors_in_the_middle_of_a_frame_are_refused(pair: Pair) -> None:
    raw, connection = pair
    data = encoded(UseGrammar("g"))
    with Path(os.devnull).open() as null:
        raw.sendall(data[:6])
        send_with_fds(raw, data[6:], [null.fileno()])
    raw.sendall(encoded(Woken(0.5)))
    assert connection.receive(Woken | UseGrammar)[0] == Woken(0.5)
    assert connection.dropped == 1


def test_a_grammar_travels_as_a_sealed_descriptor(pair: Pair) -> None:
    raw, connection = pair
    fd = sealed_memfd(b"graph" * 100_000)
    with IpcConnection(raw.dup()) as sender:
        sender.send(UseGrammar("g"), (fd,))
    os.close(fd)
    message, (received,) = connection.receive(messages.TillToVoice)
    assert message == UseGrammar("g") and not os.get_inheritable(received)
    assert read_sealed(received, 1_000_000) == b"graph" * 100_000
    with pytest.raises(OSError):
        os.pwrite(received, b"x", 0)
    with pytest.raises(IpcError, match="ipc_fd_too_long"):
        read_sealed(received, 1000)
    os.close(received)


def test_an_unsealed_descriptor_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"graph")
    memfd = os.memfd_create("open", os.MFD_ALLOW_SEALING)
    for fd in (memfd, os.open(tmp_path / "file", os.O_RDONLY)):
        with pytest.raises(IpcError, match="ipc_fd_not_sealed"):
            read_sealed(fd, 1000)
        os.close(fd)


def test_a_sender_keeps_to_the_rules_too(pair: Pair) -> None:
    _, connection = pair
    with pytest.raises(IpcError, match="ipc_frame_too_long"):
        connection.send(Publish("1", "t", bytes(LONGEST_FRAME_BYTES)))
    with pytest.raises(IpcError, match="ipc_fd_unexpected"):
        connection.send(Woken(0.5), (0,))
    with pytest.raises(IpcError, match="ipc_fd_unexpected"):
        connection.send(UseGrammar("g"))


def test_frames_of_many_threads_do_not_mix(pair: Pair) -> None:
    raw, connection = pair
    with IpcConnection(raw.dup()) as sender:
        threads = [
            threading.Thread(
                target=lambda n=n: [sender.send(Publish(str(n), "t", bytes([n]) * 3000)) for _ in range(50)]
            )
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for _ in range(400):
            message, _ = connection.receive(Publish)
            assert message.payload == bytes([int(message.ref)]) * 3000
        for thread in threads:
            thread.join()


def test_a_peer_that_does_not_read_is_given_up(capfd: pytest.CaptureFixture[str]) -> None:
    a, b = socket.socketpair()
    with b, IpcConnection(a, peer="voice", send_timeout_seconds=0.2) as connection:
        with pytest.raises(EOFError):
            while True:
                connection.send(Publish("1", "t", bytes(60_000)))
        assert connection.fileno() == -1
    assert "ipc_peer_stuck peer=voice" in capfd.readouterr().err


def test_closing_wakes_a_blocked_receiver(pair: Pair) -> None:
    _, connection = pair
    outcome: list[type[BaseException]] = []

    def receive() -> None:
        try:
            connection.receive(VoiceToTill)
        except EOFError as error:
            outcome.append(type(error))

    thread = threading.Thread(target=receive)
    thread.start()
    connection.close()
    thread.join()
    assert outcome == [EOFError]


def test_the_credentials_of_a_peer_are_the_kernels(pair: Pair) -> None:
    raw, _ = pair
    credentials = peer_credentials(raw)
    assert (credentials.pid, credentials.uid, credentials.gid) == (os.getpid(), os.getuid(), os.getgid())
