"""A PostgreSQL server of a benchmark's or a test's own: in a folder of its own, on a Unix socket, gone
afterwards."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from agent.plumbing.errors import ConfigurationError

START_TIMEOUT_S = 60.0


def postgresql_programs() -> Path:
    """Where Debian keeps initdb and postgres, the newest of several. Raises ConfigurationError
    postgresql_missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise ConfigurationError(
            "postgresql_missing", "PostgreSQL is not installed", "apt-get install postgresql"
        )
    return found[-1].parent


class PostgresServer:
    """Runs as an unprivileged user: PostgreSQL refuses to run as root. Each shop gets a schema of its own.

    `with PostgresServer() as server:` or start() and close(). Raises ConfigurationError postgresql_missing,
    postgresql_start.
    """

    def __init__(self, *, outlives_power_cuts: bool = True) -> None:
        """Without `outlives_power_cuts` it may be killed, and no commit waits for the disk."""
        self._outlives_power_cuts = outlives_power_cuts
        self._programs = postgresql_programs()
        # Not in a folder of the caller's, which only root may enter where the caller is root.
        self._folder = Path(tempfile.mkdtemp(prefix="earmark-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        if os.geteuid() == 0:
            shutil.chown(self._folder, "nobody", "nogroup")
        try:
            self._run(
                *("initdb", "-D", "data", "-A", "trust", "-U", "shop"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            )
        except ConfigurationError:
            shutil.rmtree(self._folder)
            raise

    def start(self) -> None:
        """Returns once it answers."""
        options = ["-c", "listen_addresses=", "-c", "max_connections=50", "-k", str(self._folder)]
        options += [] if self._outlives_power_cuts else ["-c", "fsync=off"]
        command = self._as_nobody(str(self._programs / "postgres"), "-D", "data", *options)
        deadline = time.monotonic() + START_TIMEOUT_S
        self._process = None
        while self._process is None or not self.answers():
            if time.monotonic() > deadline:
                raise ConfigurationError("postgresql_start", self._last_words())
            if self._process is None or self._process.poll() is not None:
                # A killed one's children may still be ending; then a new one gives up at once.
                with (self._folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
            time.sleep(0.05)

    def answers(self) -> bool:
        ready = self._as_nobody(str(self._programs / "pg_isready"), "-q", "-h", str(self._folder))
        return subprocess.run(ready, check=False).returncode == 0

    def kill(self) -> None:
        """kill -9 of the server and of everything that it has started."""
        if self._process is None:
            return
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in [self._process.pid, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def new_shop(self) -> str:
        """The URL of an empty database."""
        name = f"shop_{next(self._numbers)}"
        self._run(
            "psql", "-q", "-h", str(self._folder), "-U", "shop", "postgres", "-c", f"CREATE SCHEMA {name}"
        )
        return f"postgresql://shop@/postgres?host={quote(str(self._folder))}&options=-csearch_path%3D{name}"

    def close(self) -> None:
        """Ends it, waiting for no client and writing nothing that is in memory, and removes its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_TIMEOUT_S)
        shutil.rmtree(self._folder)

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _last_words(self) -> str:
        return " / ".join((self._folder / "log").read_text(errors="replace").splitlines()[-3:])

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_nobody(str(self._programs / program), *arguments)
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ConfigurationError("postgresql_start", f"{program}: {(done.stdout + done.stderr)[-500:]}")

    def _as_nobody(self, *command: str) -> list[str]:
        ends = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            ends += ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
        return [*ends, "--", *command]
