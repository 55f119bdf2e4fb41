"""The device of the story: `earmark run` in a process of its own, started from the slot that is the device,
as an installed one is. Its log goes to a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from agent.plumbing.supervisor import MODULES
from order_backend.broker import end_process, ends_with_parent
from scripts.story.corner_shop import ROOT

STOP_SECONDS = 20.0
_NAMES = {module: name for name, module in MODULES.items()}


class Device:
    """`sockets` are what its settings name as audio; they stay open for as long as the story lasts."""

    def __init__(self, settings_file: Path, slots_dir: Path, log: Path, sockets: Sequence[int]) -> None:
        self._settings_file, self._slots, self._log = settings_file, slots_dir, log
        self._sockets = tuple(sockets)
        self._process: subprocess.Popen[bytes] | None = None
        self.log_begins = 0

    def start(self, *, taken_over: str = "") -> None:
        """Starts it; it may not be ready yet. `taken_over`: that process runs somebody else's code."""
        settings = ["-s", str(self._settings_file)]
        boot = [sys.executable, "-P", "-m", "firmware_update.boot", "--slots", str(self._slots), "--"]
        command = [*boot, "agent.cli", *settings, "run"]
        if taken_over:
            command = [sys.executable, "-m", "scripts.story.taken_over", *settings, "--process", taken_over]
        with self._log.open("ab") as log:
            self.log_begins = log.tell()
            self._process = subprocess.Popen(
                ends_with_parent(command),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self._sockets,
            )

    def stop(self) -> None:
        """As a service manager would."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, STOP_SECONDS)

    def has_ended(self) -> bool:
        """By itself."""
        return self._process is not None and self._process.poll() is not None

    def log(self) -> str:
        """Since the last start."""
        return self._log.read_bytes()[self.log_begins :].decode(errors="replace")

    def pids(self) -> dict[str, int]:
        """Of the processes that run now, by name."""
        found = {}
        for pid in _children(self._process.pid if self._process else 0):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            # The launcher names itself behind the first -m, and then becomes the process.
            module = words[words.index("-m") + 1] if "-m" in words else ""
            if name := _NAMES.get(module):
                found[name] = pid
        return found

    def kill(self, name: str) -> int:
        """kill -9 of one process; the pid it had."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.02)
        return pid


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return found
