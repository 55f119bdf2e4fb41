"""Jobs in processes of their own: results, errors, and deaths of anybody in the line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.plumbing import landlock
from tests.plumbing.sandboxes import ROOT
from tests.plumbing.stand_ins import alive, comes_true

_PROGRAM = """
import json, os, socket, stat, sys, threading, time
from pathlib import Path
from agent.plumbing.errors import CatalogueError, EarmarkError
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.workshop import Workshop

def work(order, about):
    match order:
        case b"twice":
            return about * 2
        case b"wrong":
            raise CatalogueError("catalogue_invalid", "x" * 5_000, "mend it")
        case b"greedy":
            try:
                return bytes(300 << 20)
            except MemoryError:
                raise EarmarkError("too_large", "no memory")
        case b"endless":
            while True:
                time.sleep(0.01)
        case b"broken":
            raise ValueError("ours")
        case b"pid":
            return str(os.getpid()).encode()
        case b"attack":
            return json.dumps(attack(about.decode())).encode()

def attack(path):
    attempts = {
        "a file": lambda: Path(path).read_text(),
        "a folder": lambda: list(Path(path).parent.iterdir()),
        "a socket": lambda: socket.socket(socket.AF_UNIX),
        "the network": lambda: socket.socket(socket.AF_INET),
        "a program": lambda: os.execv(sys.executable, [sys.executable]),
        "a process": lambda: os.fork() or os._exit(0),
        "a thread": lambda: threading.Thread(target=lambda: None).start(),
        "its code": lambda: Path(json.__file__).read_text(),
    }
    through = []
    for name, attempt in attempts.items():
        try:
            attempt()
            through.append(name)
        except OSError:
            pass
    modes = []
    for fd in range(3, 1_000):
        try:
            modes.append(stat.S_IFMT(os.fstat(fd).st_mode))
        except OSError:
            pass
    kinds = {stat.S_IFREG: "file", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    return {"through": through, "descriptors": sorted(kinds.get(mode, "other") for mode in modes)}

secret = open(sys.argv[1])
shop = Workshop(work, "till", 200 << 20)
shop.watch(lambda: os._exit(7))
job = None
for line in sys.stdin:
    order, _, about = line.strip().partition(" ")
    if order == "abandon":
        job.abandon()
        continue
    if order == "begin":
        job = shop.begin(about.encode(), sealed_memfd(b""))
        print("begun", flush=True)
        continue
    try:
        if order == "wait":
            print(job.result().decode(), flush=True)
        else:
            print(shop.begin(order.encode(), sealed_memfd(about.encode())).result().decode(), flush=True)
    except EarmarkError as error:
        print(error.code, len(error.detail), error.next_step, flush=True)
"""


class _Master:
    """A process with a workshop, as a till is; lines in, lines out."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "secret.txt"
        self.secret.write_text("private")
        command = [sys.executable, "-c", textwrap.dedent(_PROGRAM), str(self.secret)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line: str) -> str:
        self.tell(line)
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def below(self) -> tuple[list[int], list[int]]:
        """The process ids of the workshop, and of its jobs."""
        workshop = _children(self.process.pid)
        return workshop, [job for pid in workshop for job in _children(pid)]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def master(tmp_path: Path) -> Iterator[_Master]:
    master = _Master(tmp_path)
    yield master
    master.process.kill()
    master.process.wait()


def test_a_result_of_any_length_comes_back(master: _Master) -> None:
    assert master.ask("twice ab") == "abab"
    about = "x" * 1_000_000
    assert master.ask(f"twice {about}") == about * 2


def test_an_error_comes_back_with_its_code_and_next_step_and_is_cut_to_length(master: _Master) -> None:
    assert master.ask("wrong") == "catalogue_invalid 2000 mend it"


def test_each_job_has_its_own_process_which_is_gone_afterwards(master: _Master) -> None:
    first, second = master.ask("pid"), master.ask("pid")
    assert first != second
    assert comes_true(lambda: not alive(int(first)) and not alive(int(second)))


def test_a_job_that_takes_too_much_memory_fails_alone(master: _Master) -> None:
    assert master.ask("greedy").startswith("too_large")
    assert master.ask("twice ab") == "abab"


def test_a_fault_in_the_work_is_the_jobs_end_and_nobody_elses(master: _Master) -> None:
    assert master.ask("broken").startswith("work_died")
    assert master.ask("twice ab") == "abab"


@pytest.mark.skipif(landlock.abi_version() < 1, reason="no Landlock here: see `earmark doctor`")
def test_a_job_has_no_rights_and_inherits_nothing(master: _Master) -> None:
    found = json.loads(master.ask(f"attack {master.secret}"))
    assert found["through"] == ["a thread", "its code"]
    assert found["descriptors"] == ["file", "file", "pipe", "pipe"], "two memfds, its report, its life"


def test_a_job_that_is_given_up_ends_and_the_next_one_begins(master: _Master) -> None:
    assert master.ask("begin endless") == "begun"
    assert comes_true(lambda: len(master.below()[1]) == 1)
    [running] = master.below()[1]
    master.tell("abandon")
    assert master.ask("wait").startswith("work_died")
    assert comes_true(lambda: not alive(running))
    assert master.ask("twice ab") == "abab"


def test_a_job_that_is_killed_is_an_error(master: _Master) -> None:
    assert master.ask("begin endless") == "begun"
    assert comes_true(lambda: len(master.below()[1]) == 1)
    os.kill(master.below()[1][0], signal.SIGKILL)
    assert master.ask("wait").startswith("work_died")
    assert master.ask("twice ab") == "abab"


@pytest.mark.parametrize("victim", ["master", "workshop"])
def test_whoever_dies_takes_along_all_that_he_started(master: _Master, victim: str) -> None:
    assert master.ask("begin endless") == "begun"
    assert comes_true(lambda: len(master.below()[1]) == 1)
    [workshop], [job] = master.below()
    killed: Callable[[], int] = {"master": lambda: master.process.pid, "workshop": lambda: workshop}[victim]
    os.kill(killed(), signal.SIGKILL)
    assert comes_true(lambda: not alive(workshop) and not alive(job))
    assert master.process.wait() == {"master": -signal.SIGKILL, "workshop": 7}[victim]


def test_a_signal_that_is_meant_for_the_master_leaves_the_workshop_to_him(master: _Master) -> None:
    assert master.ask("twice ab") == "abab"
    [workshop], _ = master.below()
    os.kill(workshop, signal.SIGTERM)
    assert master.ask("twice ab") == "abab"
    assert master.process.stdin is not None
    master.process.stdin.close()
    assert master.process.wait() == 0
    assert comes_true(lambda: not alive(workshop))
