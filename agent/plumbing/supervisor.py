"""One-user mode: `voice`, `till`, `uplink` and, where configured, `sensors` and `touch` under one parent,
which wires them together and restarts what dies.

Each process has a control connection to the supervisor and gets its neighbours' ends over it: no process can
be reached by a path, except the till on the operator socket.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from agent.plumbing import audit
from agent.plumbing.child import Child, Program, start_child
from agent.plumbing.configured import is_configured
from agent.plumbing.errors import IpcError
from agent.plumbing.messages import Message, OperatorListener, Peer, Stop
from agent.plumbing.settings_file import load_settings
from agent.plumbing.state_dir import bind_operator_socket, claim_state_dir, operator_socket

__all__ = ["MODULES", "Supervisor", "operator_socket"]

MODULES = {
    "till": "agent.till",
    "voice": "agent.hearing.voice",
    "uplink": "agent.committing.uplink",
    "sensors": "agent.sensing.sensors",
    "touch": "agent.touching.touch",
}
"""What runs under the profile of that name, in the order of starting."""

SHORTEST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 10.0
SETTLED_SECONDS = 30.0
"""After this long alive, the next death counts as the first."""
START_SECONDS = 300.0
"""As long as the units give the till; a busy machine of two processors has taken forty seconds."""

_WIRES = (
    (Peer("voice"), Peer("till")),
    (Peer("uplink"), Peer("till")),
    (Peer("sensors"), Peer("till")),
    (Peer("touch"), Peer("till")),
)
_STOP_SECONDS = 5.0  # for what is in hand, after Stop
_EXIT_SECONDS = 1.0  # from closing the control connection to the end
_HOPELESS_STARTS = 3


@dataclass
class _Plan:
    """When a process is started next, and how long the wait after its next death is."""

    due: float = 0.0
    backoff: float = SHORTEST_BACKOFF_SECONDS
    restarts: int = 0
    unready_deaths: int = 0  # in a row


class Supervisor:
    """Starts the processes on `start` (or as a context manager) and keeps them running until `stop`.

    Sockets that the settings name as audio are inherited by `voice` under the same numbers; the caller
    keeps them open. `modules` and `launcher_options` (each by process name) are for tests that run other
    programs with these rights.
    """

    def __init__(
        self,
        settings_file: Path,
        *,
        modules: Mapping[str, str] = MODULES,
        launcher_options: Mapping[str, Sequence[str]] | None = None,
        before_start: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        """`before_start` is called before each start of the process of that name, and raises nothing. Raises
        ConfigurationError as `load_settings` does."""
        self._settings_file = Path(settings_file).resolve()
        settings = load_settings(self._settings_file)
        self._state_dir = Path(settings.paths.state_dir)
        options, self._before_start = launcher_options or {}, before_start or {}
        self._programs = {
            name: Program(
                name,
                module,
                settings.audio.descriptors if name == "voice" else (),
                tuple(options.get(name, ())),
            )
            for name, module in modules.items()
            if is_configured(name, settings)
        }
        self._plans = {name: _Plan() for name in self._programs}
        self._children: dict[str, Child] = {}
        self._changed = threading.Condition()  # guards the two above
        self._ended = threading.Event()
        self._failure = ""
        self._lock_fd = -1
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._wake_read, self._wake_write = socket.socketpair()

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Claims the state directory and starts all processes; does not wait for them.

        Raises ConfigurationError already_running, state_dir_unusable, operator_socket_unusable.
        """
        self._lock_fd = claim_state_dir(self._state_dir)
        try:
            self._listener = bind_operator_socket(self._state_dir)
        except BaseException:
            os.close(self._lock_fd)
            self._lock_fd = -1
            raise
        # A child dies with the thread that started it: so one thread, which outlives them, starts them all.
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def pids(self) -> dict[str, int]:
        """Process ids by name, of those that run now."""
        with self._changed:
            return {name: child.process.pid for name, child in self._children.items()}

    def restarts(self) -> dict[str, int]:
        """How often each process has been started again."""
        with self._changed:
            return {name: plan.restarts for name, plan in self._plans.items()}

    def wait_ready(self, timeout_seconds: float = START_SECONDS) -> None:
        """Returns when every process runs and has called `sandbox.tighten`.

        Raises IpcError process_not_ready (also at once when one has died three times on its way there).
        """

        def settled() -> bool:
            hopeless = any(plan.unready_deaths >= _HOPELESS_STARTS for plan in self._plans.values())
            return not self._unready() or hopeless or self._ended.is_set()

        with self._changed:
            self._changed.wait_for(settled, timeout_seconds)
            if unready := self._unready():
                detail = self._failure or f"{', '.join(unready)} did not start"
                raise IpcError("process_not_ready", detail, "read the log above; earmark doctor")

    def run_until_signal(self) -> None:
        """Blocks the main thread until SIGTERM or SIGINT (Ctrl-C) has come and the processes have ended.

        Raises IpcError supervisor_failed.
        """
        signals = (signal.SIGTERM, signal.SIGINT)
        previous = [signal.signal(number, lambda *_: self._wake()) for number in signals]
        try:
            self._ended.wait()
        finally:
            for number, handler in zip(signals, previous, strict=True):
                signal.signal(number, handler)
        if self._failure:
            raise IpcError("supervisor_failed", self._failure, "read the log above; earmark doctor")

    def stop(self) -> None:
        """Sends Stop, waits, kills what is left, and lets go of the state directory. May be called twice."""
        if self._thread is not None:
            self._wake()
            self._thread.join()
            self._thread = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            operator_socket(self._state_dir).unlink(missing_ok=True)
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1
        self._wake_read.close()
        self._wake_write.close()

    def _wake(self) -> None:
        """Asks the supervising thread to end; takes no lock, as a signal handler must not."""
        self._wake_write.send(b"x")

    def _unready(self) -> list[str]:
        children = self._children
        return [name for name in self._programs if name not in children or not children[name].is_ready]

    # From here on: the supervising thread.

    def _run(self) -> None:
        try:
            asked_to_stop = False
            while not asked_to_stop:
                self._start_due()
                asked_to_stop = self._wait_for_news()
            for name in self._children:
                self._send(name, Stop())
        except Exception as error:
            self._failure = f"{type(error).__name__}: {error}"
            audit.log("supervisor_failed", detail=self._failure)
        deadline = time.monotonic() + _STOP_SECONDS
        with self._changed:
            for child in self._children.values():
                child.end(max(0.0, deadline - time.monotonic()))
            self._children.clear()
            self._ended.set()
            self._changed.notify_all()

    def _start_due(self) -> None:
        now = time.monotonic()
        started = []
        for name, program in self._programs.items():
            if name not in self._children and self._plans[name].due <= now:
                if name in self._before_start:
                    self._before_start[name]()
                child = start_child(name, program, self._settings_file, now)
                audit.log("process_started", peer=name, pid=child.process.pid)
                with self._changed:
                    self._children[name] = child
                started.append(name)
        for one, other in _WIRES:
            if one.name in started or other.name in started:
                self._connect(one, other)
        if "till" in started and self._listener is not None:
            self._send("till", OperatorListener(), self._listener)

    def _connect(self, one: Peer, other: Peer) -> None:
        """A fresh connection between two processes, if both run; whatever was half said on the old one is
        gone.
        """
        if one.name in self._children and other.name in self._children:
            end, other_end = socket.socketpair()
            with end, other_end:
                self._send(one.name, other, end)
                self._send(other.name, one, other_end)

    def _send(self, name: str, message: Message, descriptor: socket.socket | None = None) -> None:
        try:
            self._children[name].control.send(message, () if descriptor is None else (descriptor.fileno(),))
        except EOFError:
            return  # it is dying: `_wait_for_news` sees that, and what is started then is wired afresh

    def _wait_for_news(self) -> bool:
        """Sleeps until a process dies or gets ready, a restart is due, or `_wake` is called (then True)."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            for child in self._children.values():
                selector.register(child.control.fileno(), selectors.EVENT_READ, child)
                if not child.is_ready:
                    selector.register(child.ready, selectors.EVENT_READ, child)
            waiting = [plan.due for name, plan in self._plans.items() if name not in self._children]
            timeout = max(0.0, min(waiting) - time.monotonic()) if waiting else None
            events = selector.select(timeout)
        for key, _ in events:
            child = key.data
            if child is not None and self._children.get(child.name) is child:
                if key.fileobj is child.ready:
                    self._note_ready(child)
                else:
                    self._bury(child)
        return any(key.fileobj is self._wake_read for key, _ in events)

    def _note_ready(self, child: Child) -> None:
        if not child.ready.recv(1):
            self._bury(child)
            return
        with self._changed:
            child.is_ready = True
            self._plans[child.name].unready_deaths = 0
            self._changed.notify_all()
        audit.log("process_ready", peer=child.name, pid=child.process.pid)

    def _bury(self, child: Child) -> None:
        """It has ended, or has closed its control connection, which it must not survive."""
        code = child.end(_EXIT_SECONDS)
        now = time.monotonic()
        with self._changed:
            del self._children[child.name]
            plan = self._plans[child.name]
            if now - child.started >= SETTLED_SECONDS:
                plan.backoff = SHORTEST_BACKOFF_SECONDS
            plan.due, wait = now + plan.backoff, plan.backoff
            plan.backoff = min(2 * plan.backoff, LONGEST_BACKOFF_SECONDS)
            plan.restarts += 1
            plan.unready_deaths += not child.is_ready
            self._changed.notify_all()
        audit.log(
            "process_ended", peer=child.name, pid=child.process.pid, exit_code=code, backoff_seconds=wait
        )
