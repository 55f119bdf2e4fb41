"""A PostgreSQL server of the tests' own: in its own folder, on a Unix socket, gone afterwards."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest

START_TIMEOUT_S = 60.0


def programs() -> Path:
    """Where initdb and postgres are; skips the test where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


class PostgresServer:
    """Runs as an unprivileged user: PostgreSQL refuses to run as root. Each shop gets a schema of its own."""

    def __init__(self) -> None:
        self._programs = programs()
        # Not in pytest's own folder, which only root may enter where the tests are root's.
        self._folder = Path(tempfile.mkdtemp(prefix="earmark-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        if os.geteuid() == 0:
            shutil.chown(self._folder, "nobody", "nogroup")
        self._run(
            "initdb", "-D", "data", "-A", "trust", "-U", "shop", "-E", "UTF8", "--locale=C", "--no-sync"
        )

    def start(self) -> None:
        """Returns once it answers."""
        log = (self._folder / "log").open("ab")
        options = ["-c", "listen_addresses=", "-c", "max_connections=50", "-k", str(self._folder)]
        command = self._as_nobody(str(self._programs / "postgres"), "-D", "data", *options)
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.answers():
            if self._process.poll() is not None and time.monotonic() < deadline:
                time.sleep(0.1)  # a killed one's children are still ending
                return self.start()
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)
        return None

    def answers(self) -> bool:
        ready = self._as_nobody(str(self._programs / "pg_isready"), "-q", "-h", str(self._folder))
        return subprocess.run(ready, check=False).returncode == 0

    def kill(self) -> None:
        """kill -9 of the server and of everything that it has started."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in [self._process.pid, *map(int, children)]:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def new_shop(self) -> str:
        """The URL of an empty database."""
        name = f"shop_{next(self._numbers)}"
        self._run(
            "psql", "-q", "-h", str(self._folder), "-U", "shop", "postgres", "-c", f"CREATE SCHEMA {name}"
        )
        return f"postgresql://shop@/postgres?host={quote(str(self._folder))}&options=-csearch_path%3D{name}"

    def close(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # ends without waiting for clients
            self._process.wait(START_TIMEOUT_S)
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_nobody(str(self._programs / program), *arguments)
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _as_nobody(self, *command: str) -> list[str]:
        ends = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            ends += ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
        return [*ends, "--", *command]
