"""The heartbeat is work done: nobody beats for a loop that stands still."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.service_manager import ServiceManager
from agent.till.events import EventLoop


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def heard(listener: socket.socket) -> list[bytes]:
    messages = []
    try:
        while True:
            messages.append(listener.recv(100))
    except BlockingIOError:
        return messages


def test_at_most_four_heartbeats_are_sent_in_a_limit(systemd: socket.socket) -> None:
    now = [0.0]
    manager = ServiceManager(systemd.getsockname(), 20.0, lambda: now[0])
    manager.ready()
    for tenth in range(200):
        now[0] = tenth / 10
        manager.alive()
    assert heard(systemd) == [b"READY=1", *[b"WATCHDOG=1"] * 4]


def test_without_a_watchdog_nothing_but_ready_is_told(systemd: socket.socket) -> None:
    manager = ServiceManager(systemd.getsockname())
    manager.ready()
    manager.alive()
    assert heard(systemd) == [b"READY=1"]


def test_ready_is_said_again_until_systemd_has_taken_it(systemd: socket.socket, tmp_path: Path) -> None:
    now, own = [0.0], str(tmp_path / "notify")
    Path(own).rename(tmp_path / "replaced")
    manager = ServiceManager(own, 20.0, lambda: now[0])
    manager.ready()
    (tmp_path / "replaced").rename(own)
    for _ in range(5):
        manager.alive()
    assert heard(systemd) == [b"WATCHDOG=1"], "a send that fails may take a second: not at each step"
    now[0] = 1.0
    for _ in range(5):
        manager.alive()
    assert heard(systemd) == [b"READY=1"]


def test_where_nobody_listens_nothing_happens(tmp_path: Path, systemd: socket.socket) -> None:
    for manager in (ServiceManager(), ServiceManager(str(tmp_path / "gone"), 1.0)):
        manager.ready()
        manager.alive()
    assert heard(systemd) == []


def test_the_environment_is_taken_and_kept_from_children(
    monkeypatch: pytest.MonkeyPatch, systemd: socket.socket
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    manager = ServiceManager.from_environment()
    manager.alive()
    assert heard(systemd) == [b"WATCHDOG=1"]
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)


def test_a_watchdog_that_means_another_process_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, systemd: socket.socket
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    ServiceManager.from_environment().alive()
    assert heard(systemd) == []


def test_the_tills_loop_beats_once_a_turn_and_not_while_an_action_runs() -> None:
    beats = []
    loop = EventLoop(lambda: beats.append(None))
    seen = []

    def hang() -> None:
        seen.append(len(beats))
        seen.append(len(beats))
        loop.stop()

    loop.post(hang)
    loop.run()
    assert seen == [1, 1]
