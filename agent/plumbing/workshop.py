"""Work that takes seconds and much memory, each piece in a process of its own that has no rights and is gone
when it is done.

A process that has tightened its sandbox can start no other. So before that, while it has one thread and no
secret yet, it forks a workshop, which opens no file but its code and does nothing but fork once for each job.
The forked process loads the tight filter, works under limits of its own, leaves the result in a memfd and
ends: its memory goes back to the system whole. It ends as well when the job is given up, and when anybody
before it in this line dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import msgspec

from agent.plumbing import audit, landlock, sandbox
from agent.plumbing.errors import EarmarkError, IpcError
from agent.plumbing.memfd import SEALS, read_sealed
from agent.plumbing.seccomp import load_filter

Work = Callable[[bytes, bytes], bytes]
"""From an order and the bytes that it is about to the result. Raises EarmarkError."""

LARGEST_RESULT_BYTES = 128 << 20
LONGEST_DETAIL = 2_000  # characters of an error that cross the border

_NICENESS = 10
_LONGEST_ORDER_BYTES = 4_096
_PARTS = 4  # descriptors of a job: what it is about, its result, its report, and what keeps it going
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_WATCHER_STACK_BYTES = 256 << 10
_PAST_EVERY_FD = 1 << 30


class _Report(msgspec.Struct, frozen=True):
    """How a job ended; `code` is '' where the result is there."""

    code: str = ""
    detail: str = ""
    next_step: str = ""


class Workshop:
    """Used by the process that made it."""

    def __init__(self, work: Work, profile: str, most_memory_bytes: int) -> None:
        """Forks: to be called before this process has a second thread, or anything to hide. `profile` is its
        own; `most_memory_bytes` is what one job may have (RLIMIT_DATA)."""
        tight = sandbox.handed_over_filter() or sandbox.tight_filter(sandbox.profile_named(profile))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        if os.fork() == 0:
            _end_with(partial(_serve, theirs, parent, _Bench(work, most_memory_bytes, tight)))
        theirs.close()
        self._socket = ours

    def begin(self, order: bytes, about: int) -> Job:
        """Starts a job about the bytes in the sealed memfd `about`, which stays the caller's. Raises IpcError
        workshop_gone."""
        report, report_end = os.pipe()
        kept_going, going = os.pipe()
        result = os.memfd_create("result", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            socket.send_fds(self._socket, [order], [about, result, report_end, kept_going])
        except OSError as error:
            for fd in (report, going, result):
                os.close(fd)
            raise _gone() from error
        finally:
            for fd in (report_end, kept_going):
                os.close(fd)
        return Job(report, going, result)

    def watch(self, gone: Callable[[], None]) -> None:
        """Calls `gone`, from a thread of its own, when the workshop has died."""

        def wait() -> None:
            with contextlib.suppress(OSError):
                self._socket.recv(1)
            gone()

        threading.Thread(target=wait, name="workshop", daemon=True).start()

    def close(self) -> None:
        """Ends it, and whatever it is doing."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Job:
    """One piece of work under way."""

    def __init__(self, report: int, going: int, result: int) -> None:
        self._report, self._going, self._result = report, going, result
        self._lock = threading.Lock()

    def abandon(self) -> None:
        """The result is not wanted any more: `result` raises soon. From any thread."""
        with self._lock:
            if self._going >= 0:
                os.close(self._going)
                self._going = -1

    def result(self) -> bytes:
        """Waits for the end of it; once, from one thread.

        Raises EarmarkError: what the work raised, or work_died (killed, or given up).
        """
        try:
            with os.fdopen(self._report, "rb") as file:
                told = file.read()
            report = msgspec.msgpack.decode(told, type=_Report) if told else _DIED
            if report.code:
                raise EarmarkError(report.code, report.detail, report.next_step)
            fcntl.fcntl(self._result, fcntl.F_ADD_SEALS, SEALS)
            return read_sealed(self._result, LARGEST_RESULT_BYTES)
        finally:
            os.close(self._result)
            self.abandon()


_DIED = _Report("work_died", "the process that did it has died", "try again; the log may say why")


def _gone() -> IpcError:
    return IpcError("workshop_gone", "the process that starts others has died")


# From here on: the forked processes.


@dataclass(frozen=True)
class _Bench:
    work: Work
    most_memory_bytes: int
    tight: bytes


def _end_with(do: Callable[[], None]) -> NoReturn:
    """Never goes back into the code of the process that was copied."""
    try:
        do()
    except BaseException as error:
        audit.log("work_failed", detail=type(error).__name__)
    finally:
        os._exit(0)


def _serve(orders: socket.socket, parent: int, bench: _Bench) -> None:
    """The workshop: until whoever started it is gone."""
    _die_with(parent)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT):  # meant for the parent, whose end is ours
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forked ones
    os.closerange(3, orders.fileno())
    os.closerange(orders.fileno() + 1, _PAST_EVERY_FD)
    landlock.restrict(sandbox.code_only(), landlock.abi_version())
    here = os.getpid()
    while True:
        order, parts, _, _ = socket.recv_fds(orders, _LONGEST_ORDER_BYTES, _PARTS)
        if not order:
            return
        if len(parts) == _PARTS and os.fork() == 0:
            orders.close()
            _end_with(partial(_do, bench, here, order, *parts))
        for fd in parts:
            os.close(fd)


def _do(bench: _Bench, parent: int, order: bytes, about: int, result: int, report: int, going: int) -> None:
    """One job."""
    _die_with(parent)
    with contextlib.suppress(OSError):  # a unit's call filter may refuse it
        os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (bench.most_memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_RESULT_BYTES,) * 2)
    threading.stack_size(_WATCHER_STACK_BYTES)
    threading.Thread(target=_end_when_given_up, args=(going,), daemon=True).start()
    load_filter(bench.tight, all_threads=True)
    told = _Report()
    try:
        done = memoryview(bench.work(order, read_sealed(about, LARGEST_RESULT_BYTES)))
        while done:
            done = done[os.write(result, done) :]
    except EarmarkError as error:
        told = _Report(error.code, _cut(error.detail), error.next_step)
    os.write(report, msgspec.msgpack.encode(told))


def _end_when_given_up(going: int) -> None:
    os.read(going, 1)  # nobody writes: it returns when the other end is closed
    os._exit(0)


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call
        os._exit(0)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"
