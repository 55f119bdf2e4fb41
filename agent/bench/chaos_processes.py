"""The processes of a chaos run: they are killed, and come back when their time is over."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from order_backend.broker import PrivateBroker, ends_with_parent


class Broker(PrivateBroker):
    """One that can be killed."""

    @property
    def pid(self) -> int:
        """While it runs."""
        assert self._process is not None  # noqa: S101
        return self._process.pid

    def kill(self) -> None:
        """kill -9: what it has not saved is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Children:
    """Processes by name, that may be killed and come back when their time is over."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._back_at: dict[str, float] = {}
        self._starts: Counter[str] = Counter()

    def add(self, name: str, module: str, *arguments: str) -> None:
        """Starts it; which start it is comes as its last argument."""
        self._commands[name] = [sys.executable, "-P", "-m", module, *arguments]
        self.start(name)

    def start(self, name: str) -> None:
        self._starts[name] += 1
        command = [*self._commands[name], str(self._starts[name])]
        with (self._root / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                ends_with_parent(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, name: str, seconds: float) -> None:
        """kill -9; it is back after so long."""
        self._running[name].kill()
        self._running[name].wait()
        self._back_at[name] = time.monotonic() + seconds

    def step(self, *, at_once: bool = False) -> None:
        """Starts who is due, and who has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None and (at_once or time.monotonic() >= self._back_at.get(name, 0.0)):
                self.start(name)

    def close(self) -> None:
        """Ends them all."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
