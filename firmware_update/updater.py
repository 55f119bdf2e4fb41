"""Check, fetch, install, switch, prove, and go back by itself where the proof fails.

This process reads nothing from the network: a confined one does (`firmware_update.fetching`), and all that it
brings is verified here once more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from agent.plumbing import audit, sandbox
from agent.plumbing.errors import UpdateError
from agent.plumbing.settings_file import load_settings
from firmware_update.client import Fetched, Wanted, fetch_release
from firmware_update.fetchers import FolderFetcher
from firmware_update.fetching import ARCHIVE, INCOMING, METADATA, Answer, pinned_root
from firmware_update.gate import ask_gate
from firmware_update.health import DEVICE_UNWELL, HealthReport, examine, examine_trial
from firmware_update.service import SERVICE_UNREACHABLE, NoAnswerError, Refusal, ask
from firmware_update.slots import slots_of

Outcome = Literal["current", "updated", "rolled_back"]
_SPARE_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_LONGEST_ANSWER_BYTES = 65_536
MEGABYTE = 1_000_000


class Services(NamedTuple):
    """Sockets of `firmware_update.fetching` and `firmware_update.gate`, where they are services of their
    own."""

    fetch: Path | None = None
    gate: Path | None = None


_HERE = Services()


class Updater:
    """One device's updates. Use under `alone`.

    `services` do what this process may not do itself. `alive` is called about once a second, whatever is
    waited for (a watchdog's heartbeat).
    """

    def __init__(
        self,
        settings_file: Path,
        *,
        services: Services = _HERE,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises ConfigurationError as `load_settings` does."""
        self._services, self._alive = services, alive
        self._settings_file = settings_file.resolve()
        self.settings = load_settings(self._settings_file)
        self.slots = slots_of(self.settings)

    def check(self, *, now_s: int) -> Outcome:
        """One whole round. Raises UpdateError update_off without an address, and where a release is refused;
        what runs then goes on running.

        A switch that a power cut left open is brought to its end first, and is then the outcome.
        """
        if self.slots.recover().pending:
            return self._prove()
        fetched = self._fetch(now_s)
        if not fetched.is_new:
            return "current"
        largest = self.settings.update.largest_release_mb * MEGABYTE
        archive = self.slots.folder / ARCHIVE
        try:
            slot = self.slots.install(archive, fetched.sha256, fetched.release, largest_bytes=largest)
        finally:
            archive.unlink()  # a full disk needs the room; it is fetched again
        self.slots.switch(slot, tries=self.settings.update.tries)
        audit.log("update_switched", version=fetched.release.version)
        return self._prove()

    def _fetch(self, now_s: int) -> Fetched:
        """The release, verified by the confined process and once more here; its archive is then ours."""
        settings, folder = self.settings, self.slots.folder
        if not settings.update.url:
            raise UpdateError("update_off", "no repository is set", "set [update] url")
        running = self.slots.running()
        wanted = Wanted(
            settings.update.hardware,
            self.slots.floor(),
            running.release,
            tuple(self.slots.state().rejected),
            settings.update.largest_release_mb * MEGABYTE,
        )
        incoming = folder / INCOMING
        incoming.mkdir(mode=0o700, exist_ok=True)
        answer = self._ask_for(wanted)
        if not answer.fetched.is_new:
            _clear(incoming / ARCHIVE)
        fetched = fetch_release(
            wanted,
            FolderFetcher(incoming / METADATA, incoming / ARCHIVE, scratch=folder),
            url="folder:",
            pinned_root=pinned_root(settings),
            metadata_dir=folder / METADATA,
            archive=folder / ARCHIVE,
            now_s=now_s,
        )
        _clear(incoming / ARCHIVE)
        self.slots.keep_floor(self.slots.floor().after_check(fetched.metadata, now_s))
        return fetched

    def _ask_for(self, wanted: Wanted) -> Answer:
        """From the process that has the network. Raises UpdateError as `fetch_release` does,
        update_fetch_crashed."""
        request, settings = msgspec.json.encode(wanted), self.settings
        seconds = settings.update.longest_fetch_seconds + _SPARE_SECONDS
        try:
            if self._services.fetch is not None:
                said = ask(self._services.fetch, request, seconds=seconds, alive=self._alive)
            else:
                said = _run_confined(self._settings_file, request, seconds, self._alive)
            answer = msgspec.json.decode(said, type=Answer | Refusal)
        except NoAnswerError as error:
            code = "update_fetch_crashed" if error.in_time else "update_stalled"
            raise UpdateError(code, "the fetching process gave no answer", "it is tried again") from error
        except msgspec.DecodeError as error:
            detail = "the fetching process ended without an answer"
            raise UpdateError("update_fetch_crashed", detail, "read the log; earmark doctor") from error
        if isinstance(answer, Refusal):
            raise answer.error()
        return answer

    def _prove(self) -> Outcome:
        """Health checks of the pending slot until one passes or none is left.

        Raises UpdateError device_unwell, update_service_unreachable: the release stays on trial until the
        next check.
        """
        while self.slots.begin_try():
            try:
                self._examine_trial()
            except UpdateError as error:
                if error.code in (SERVICE_UNREACHABLE, DEVICE_UNWELL):
                    self.slots.take_back_try()
                    raise
                audit.log("update_unhealthy", reason=error.code, detail=error.detail)
            else:
                self.slots.confirm()
                return "updated"
        self.slots.roll_back()
        return "rolled_back"

    def _examine_trial(self) -> None:
        seconds = self.settings.update.health_seconds
        if self._services.gate is not None:
            ask_gate(self._services.gate, seconds=seconds, alive=self._alive)
        else:
            examine_trial(self.slots, self._settings_file, seconds=seconds)

    def examine(self, slot: Path) -> HealthReport:
        """The release in `slot` checks itself. Raises UpdateError as `pass_gate` does."""
        return examine(slot, self.slots, self._settings_file, seconds=self.settings.update.health_seconds)


@contextmanager
def alone(slots_dir: Path) -> Iterator[None]:
    """One updater at a time, however it ends. Raises UpdateError update_running, update_folder_unusable."""
    try:
        slots_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        file = (slots_dir / "lock").open("w")
    except OSError as error:
        step = "run it as the updater's user, or with sudo"
        raise UpdateError("update_folder_unusable", f"{slots_dir}: {error.strerror}", step) from error
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UpdateError(
                "update_running", f"another updater works on {slots_dir}", "wait for it"
            ) from error
        yield


def _clear(archive: Path) -> None:
    """Where the folder is another user's, that user clears it before the next download."""
    with contextlib.suppress(PermissionError):
        archive.unlink(missing_ok=True)


def _run_confined(settings_file: Path, request: bytes, seconds: float, alive: Callable[[], None]) -> bytes:
    """What `firmware_update.fetching` answers under the rights of `updater`. Raises NoAnswerError."""
    command = [sys.executable, "-P", "-m", "agent.plumbing.launcher", "--profile", "updater", "--keep-stdin"]
    command += ["--settings", str(settings_file), "--die-with", str(os.getpid()), "--"]
    command += [sys.executable, "-m", "firmware_update.fetching", "--settings", str(settings_file)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sandbox.import_paths())}
    deadline = time.monotonic() + seconds
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as output,
    ):
        asked.write(request)
        asked.seek(0)
        with subprocess.Popen(command, stdin=asked, stdout=output, env=environment) as process:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    process.kill()
                    raise NoAnswerError(in_time=False)
                alive()
                time.sleep(_LOOK_SECONDS)
        output.seek(0)
        return output.read(_LONGEST_ANSWER_BYTES)
