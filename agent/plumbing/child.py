"""One process of the device as its supervisor sees it: started through the launcher, with a control
connection.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.plumbing import sandbox
from agent.plumbing.ipc import IpcConnection


@dataclass(frozen=True)
class Program:
    """What to start: `module` under the rights of `profile`.

    `inherited_fds` keep their numbers. `launcher_options` are further words for the launcher (tests).
    """

    profile: str
    module: str
    inherited_fds: tuple[int, ...] = ()
    launcher_options: tuple[str, ...] = ()


@dataclass
class Child:
    """A started process. `control` is at end of file when the process has ended (or has given it up)."""

    name: str
    process: subprocess.Popen[bytes]
    control: IpcConnection
    ready: socket.socket  # one byte comes when it is ready
    started: float  # CLOCK_MONOTONIC, seconds
    is_ready: bool = False

    def end(self, grace_seconds: float) -> int:
        """Waits that long for it to exit, then kills it; its exit code, or minus the signal that ended it."""
        try:
            code = self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.control.close()
        self.ready.close()
        return code


def start_child(name: str, program: Program, settings_file: Path, now: float) -> Child:
    """Starts `program` (raises OSError). It dies with the thread that calls this (PR_SET_PDEATHSIG)."""
    control, control_end = socket.socketpair()
    ready, ready_end = socket.socketpair()
    with control_end, ready_end:
        passed = (control_end.fileno(), *program.inherited_fds)
        command = _command(program, settings_file, passed, control_end.fileno(), ready_end.fileno())
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            pass_fds=(*passed, ready_end.fileno()),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sandbox.import_paths())},
            start_new_session=True,  # Ctrl-C is for the supervisor; and no terminal to write into
        )
    return Child(name, process, IpcConnection(control, peer=name), ready, now)


def _command(
    program: Program, settings_file: Path, passed: Sequence[int], control_fd: int, ready_fd: int
) -> list[str]:
    launcher = [sys.executable, "-P", "-m", "agent.plumbing.launcher", "--profile", program.profile]
    launcher += [
        "--settings",
        str(settings_file),
        "--die-with",
        str(os.getpid()),
        "--ready-fd",
        str(ready_fd),
    ]
    for fd in passed:
        launcher += ["--pass-fd", str(fd)]
    process = [sys.executable, "-m", program.module]
    process += ["--settings", str(settings_file), "--control-fd", str(control_fd)]
    return [*launcher, *program.launcher_options, "--", *process]
