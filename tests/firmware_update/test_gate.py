"""The health check behind a socket, as systemd starts it for each connection."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import build_archive
from firmware_update.gate import ask_gate
from firmware_update.health import HealthReport
from firmware_update.updater import Services, Updater
from tests.firmware_update import kit
from tests.firmware_update.kit import ROOT, Publisher, offer_deaf, release


@contextlib.contextmanager
def gate(path: Path, *command: str) -> Iterator[Path]:
    """Starts `command` for each connection, with the connection as its standard input and output."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    subprocess.Popen(
                        command,
                        stdin=connection,
                        stdout=connection,
                        env=os.environ | {"PYTHONPATH": str(ROOT)},
                    )

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield path
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def real(settings: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "firmware_update.gate", "--settings", str(settings)]


def asked(path: Path, *, seconds: float = 60.0) -> HealthReport:
    return ask_gate(path, seconds=seconds, alive=lambda: None)


def test_a_good_release_passes_and_a_deaf_one_goes_back_behind_a_gate_too(
    publisher: Publisher, settings: Path, tmp_path: Path
) -> None:
    beats: list[None] = []
    with gate(tmp_path / "gate", *real(settings)) as path:
        updater = Updater(settings, services=Services(gate=path), alive=lambda: beats.append(None))
        publisher.offer(release("0.2.0"), ROOT)
        assert updater.check(now_s=kit.NOW_S) == "updated"
        offer_deaf(publisher, "0.3.0")
        assert updater.check(now_s=kit.NOW_S) == "rolled_back"
        assert updater.slots.running().release == release("0.2.0")
        assert not list(updater.slots.scratch.iterdir())
    assert len(beats) > 3


def test_whoever_connects_chooses_nothing(settings: Path, tmp_path: Path) -> None:
    with gate(tmp_path / "gate", *real(settings)) as path:
        with pytest.raises(UpdateError, match="no_trial"):
            asked(path)
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(path))
            rude.sendall(b'{"slot": "/etc"}' * 1_000)
            rude.shutdown(socket.SHUT_WR)
            assert b"no_trial" in rude.recv(65_536)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("true", "health_crashed"),
        ("echo nonsense", "health_crashed"),
        ("head -c 1000000 /dev/zero", "health_crashed"),
        ("kill -9 $$", "health_crashed"),
    ],
)
def test_a_gate_that_gives_no_answer_lets_nothing_pass(tmp_path: Path, script: str, code: str) -> None:
    with gate(tmp_path / "gate", "sh", "-c", script) as path, pytest.raises(UpdateError, match=code):
        asked(path)


def test_a_gate_that_hangs_is_not_waited_for_longer_than_the_check_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firmware_update.gate.SPARE_SECONDS", 0.5)
    with gate(tmp_path / "gate", "sleep", "5") as path, pytest.raises(UpdateError, match="health_silent"):
        asked(path, seconds=0.5)


def test_a_gate_that_is_not_there_costs_the_release_nothing(
    publisher: Publisher, settings: Path, tmp_path: Path
) -> None:
    publisher.offer(release("0.2.0"), ROOT)
    updater = Updater(settings, services=Services(gate=tmp_path / "none"))
    for _ in range(2):  # more often than there are tries
        with pytest.raises(UpdateError, match="update_service_unreachable"):
            updater.check(now_s=kit.NOW_S)
        assert updater.slots.state().pending and updater.slots.device() == updater.slots.path("a")
    with gate(tmp_path / "gate", *real(settings)) as path:
        assert Updater(settings, services=Services(gate=path)).check(now_s=kit.NOW_S) == "updated"


def test_the_fetching_process_may_be_a_service_too(
    publisher: Publisher, settings: Path, tmp_path: Path
) -> None:
    launcher = [sys.executable, "-P", "-m", "agent.plumbing.launcher", "--profile", "updater", "--keep-stdin"]
    fetch = [sys.executable, "-m", "firmware_update.fetching", "--settings", str(settings)]
    with gate(tmp_path / "fetch", *launcher, "--settings", str(settings), "--", *fetch) as path:
        updater = Updater(settings, services=Services(fetch=path))
        with pytest.raises(UpdateError, match="update_none"):
            updater.check(now_s=kit.NOW_S)
        publisher.offer(release("0.2.0"), ROOT)
        assert updater.check(now_s=kit.NOW_S) == "updated"
        assert updater.check(now_s=kit.NOW_S) == "current"
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(path))
            rude.sendall(b"{}" * 1_000)
            rude.shutdown(socket.SHUT_WR)
            assert b"update_request" in rude.recv(65_536)


@pytest.mark.parametrize(
    ("command", "code"), [("true", "update_fetch_crashed"), ("cat", "update_fetch_crashed")]
)
def test_a_fetching_service_that_answers_nothing_or_nonsense_changes_nothing(
    settings: Path, tmp_path: Path, command: str, code: str
) -> None:
    with gate(tmp_path / "fetch", command) as path:
        updater = Updater(settings, services=Services(fetch=path))
        with pytest.raises(UpdateError, match=code):
            updater.check(now_s=kit.NOW_S)
        assert updater.slots.running().release == release("0.1.0")


def test_checks_of_one_release_wait_for_each_other(
    publisher: Publisher, settings: Path, tmp_path: Path
) -> None:
    """An updater that was restarted asks while the check for its predecessor is at work."""
    updater = Updater(settings)
    slots = updater.slots
    file = tmp_path / "next.tar.gz"
    file.write_bytes(build_archive(ROOT, release("0.2.0")))
    slots.switch(slots.install(file, "0" * 64, release("0.2.0"), largest_bytes=kit.LARGEST), tries=2)
    reports: list[HealthReport] = []
    with gate(tmp_path / "gate", *real(settings)) as path:
        threads = [threading.Thread(target=lambda: reports.append(asked(path))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [report.healthy for report in reports] == [True, True]
