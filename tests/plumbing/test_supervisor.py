"""Supervision with real processes behind the real launcher (stand-ins with the product's wiring)."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.errors import ConfigurationError, IpcError
from agent.plumbing.supervisor import Supervisor, operator_socket
from tests.plumbing.stand_ins import MODULES, OPTIONS, PROCESSES, alive, comes_true, device, health

ROOT = Path(__file__).parents[2]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(device(tmp_path), modules=MODULES, launcher_options=OPTIONS) as supervisor:
        supervisor.wait_ready()
        yield supervisor


def test_processes_are_wired_to_their_neighbours(supervisor: Supervisor, tmp_path: Path) -> None:
    assert supervisor.pids().keys() == MODULES.keys()
    answer = health(tmp_path)
    assert answer.voice and answer.broker


@pytest.mark.parametrize("victim", sorted(MODULES))
def test_a_killed_process_is_restarted_and_wired_afresh(
    supervisor: Supervisor, tmp_path: Path, victim: str
) -> None:
    before = supervisor.pids()
    os.kill(before[victim], signal.SIGKILL)
    assert comes_true(lambda: supervisor.restarts()[victim] == 1)
    supervisor.wait_ready()
    after = supervisor.pids()
    assert after[victim] != before[victim]
    assert {name: pid for name, pid in after.items() if name != victim} == {
        name: pid for name, pid in before.items() if name != victim
    }

    def wired() -> bool:  # the survivor may still hold the old end for a moment
        answer = health(tmp_path)
        return answer.voice and answer.broker

    assert comes_true(wired)


def test_what_is_to_be_done_before_a_start_is_done_before_each(tmp_path: Path) -> None:
    starts = list[str]()
    before = {"till": lambda: starts.append("till")}
    with Supervisor(
        device(tmp_path), modules=MODULES, launcher_options=OPTIONS, before_start=before
    ) as supervisor:
        supervisor.wait_ready()
        assert starts == ["till"]
        os.kill(supervisor.pids()["till"], signal.SIGKILL)
        assert comes_true(lambda: starts == ["till"] * 2)


def test_stop_ends_the_processes_and_frees_the_directory(tmp_path: Path) -> None:
    for _ in range(2):
        with Supervisor(device(tmp_path), modules=MODULES, launcher_options=OPTIONS) as supervisor:
            supervisor.wait_ready()
            pids = supervisor.pids()
            assert all(alive(pid) for pid in pids.values())
        assert not any(alive(pid) for pid in pids.values())
        assert not operator_socket(tmp_path / "state").exists()


def test_the_processes_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    process, pids = _supervise(tmp_path)
    process.kill()
    process.wait()
    assert comes_true(lambda: not any(alive(pid) for pid in pids.values()))
    with Supervisor(device(tmp_path), modules=MODULES, launcher_options=OPTIONS) as supervisor:
        supervisor.wait_ready()  # the lock and the socket that it left behind are no obstacle


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_supervisor_and_its_processes(tmp_path: Path, number: int) -> None:
    process, pids = _supervise(tmp_path)
    process.send_signal(number)
    assert process.wait() == 0
    assert not any(alive(pid) for pid in pids.values())


def _supervise(folder: Path) -> tuple[subprocess.Popen[str], dict[str, int]]:
    process = subprocess.Popen(
        [sys.executable, str(PROCESSES / "supervise.py"), str(device(folder))],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        return process, json.loads(process.stdout.readline())


def test_one_state_directory_has_one_supervisor(supervisor: Supervisor, tmp_path: Path) -> None:
    second = Supervisor(device(tmp_path), modules=MODULES, launcher_options=OPTIONS)
    with pytest.raises(ConfigurationError) as caught:
        second.start()
    second.stop()
    assert caught.value.code == "already_running"
    assert health(tmp_path).voice  # and the first one's socket is still there


def test_a_stale_socket_is_replaced_but_a_file_is_not(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(operator_socket(state)))
    with Supervisor(device(tmp_path), modules=MODULES, launcher_options=OPTIONS) as supervisor:
        supervisor.wait_ready()
        assert health(tmp_path).voice
    operator_socket(state).write_text("somebody's notes")
    with (
        pytest.raises(ConfigurationError, match="operator_socket_unusable"),
        Supervisor(device(tmp_path), modules=MODULES, launcher_options=OPTIONS),
    ):
        pass
    assert operator_socket(state).read_text() == "somebody's notes"


def test_only_the_owner_reaches_the_operator_socket(supervisor: Supervisor, tmp_path: Path) -> None:
    path = operator_socket(tmp_path / "state")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_process_that_cannot_start_is_named(tmp_path: Path) -> None:
    modules = MODULES | {"uplink": "dies_at_once"}
    with (
        Supervisor(device(tmp_path), modules=modules, launcher_options=OPTIONS) as supervisor,
        pytest.raises(IpcError) as caught,
    ):
        supervisor.wait_ready()
    assert caught.value.code == "process_not_ready" and "uplink" in caught.value.detail


def test_voice_alone_inherits_the_audio_under_its_number(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    settings = device(tmp_path)
    number = theirs.fileno()
    settings.write_text(f'{settings.read_text()}\n[audio]\nsource = "fd:{number}"\nsink = "fd:{number}"\n')
    supervisor = Supervisor(settings, modules=MODULES, launcher_options=OPTIONS)
    with ours, theirs, supervisor:
        supervisor.wait_ready()
        audio = os.fstat(theirs.fileno()).st_ino
        holders = {name for name, pid in supervisor.pids().items() if audio in _open_inodes(pid).values()}
        assert holders == {"voice"}
        assert _open_inodes(supervisor.pids()["voice"])[theirs.fileno()] == audio


def _open_inodes(pid: int) -> dict[int, int]:
    return {int(entry.name): entry.stat().st_ino for entry in Path(f"/proc/{pid}/fd").iterdir()}
