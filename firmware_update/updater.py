"""Check, fetch, install, switch, prove, and go back by itself where the proof fails.

This process reads nothing from the network: a confined one does (`firmware_update.fetching`), and all that it
brings is verified here once more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from agent.plumbing import audit, sandbox
from agent.plumbing.errors import UpdateError
from agent.plumbing.settings import Settings, load_settings
from firmware_update import durable
from firmware_update.client import Fetched, Wanted, fetch_release
from firmware_update.fetchers import FolderFetcher
from firmware_update.fetching import ARCHIVE, INCOMING, METADATA, REQUEST, Answer, Refusal, pinned_root
from firmware_update.health import HealthReport, health_command, health_environment, pass_gate
from firmware_update.slots import Slots

Outcome = Literal["current", "updated", "rolled_back"]
_SPARE_SECONDS = 30.0
MEGABYTE = 1_000_000


class Updater:
    """One device's updates. Use under `alone`."""

    def __init__(self, settings_file: Path) -> None:
        """Raises ConfigurationError as `load_settings` does."""
        self._settings_file = settings_file.resolve()
        self._settings = load_settings(self._settings_file)
        self.slots = slots_of(self._settings)

    def check(self, *, now_s: int) -> Outcome:
        """One whole round. Raises UpdateError where a release is refused; what runs then goes on running.

        A switch that a power cut left open is brought to its end first, and is then the outcome.
        """
        if self.slots.recover().pending:
            return self._prove()
        fetched = self._fetch(now_s)
        if not fetched.is_new:
            return "current"
        largest = self._settings.update.largest_release_mb * MEGABYTE
        archive = self.slots.folder / ARCHIVE
        slot = self.slots.install(archive, fetched.sha256, fetched.release, largest_bytes=largest)
        archive.unlink()
        self.slots.switch(slot, tries=self._settings.update.tries)
        audit.log("update_switched", version=fetched.release.version)
        return self._prove()

    def _fetch(self, now_s: int) -> Fetched:
        """The release, verified by the confined process and once more here; its archive is then ours."""
        settings, folder = self._settings, self.slots.folder
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
        durable.write(incoming / REQUEST, msgspec.json.encode(wanted))
        answer = _run_confined(self._settings_file, settings)
        if not answer.fetched.is_new:
            (incoming / ARCHIVE).unlink(missing_ok=True)
        fetched = fetch_release(
            wanted,
            FolderFetcher(incoming / METADATA, incoming / ARCHIVE, scratch=folder),
            url="folder:",
            pinned_root=pinned_root(settings),
            metadata_dir=folder / METADATA,
            archive=folder / ARCHIVE,
            now_s=now_s,
        )
        (incoming / ARCHIVE).unlink(missing_ok=True)
        self.slots.keep_floor(self.slots.floor().after_check(fetched.metadata, now_s))
        return fetched

    def _prove(self) -> Outcome:
        """Health checks of the pending slot until one passes or none is left."""
        while self.slots.begin_try():
            try:
                self.examine(self.slots.path(self.slots.state().active))
            except UpdateError as error:
                audit.log("update_unhealthy", reason=error.code, detail=error.detail)
            else:
                self.slots.confirm()
                return "updated"
        self.slots.roll_back()
        return "rolled_back"

    def examine(self, slot: Path) -> HealthReport:
        """The release in `slot` checks itself. Raises UpdateError as `pass_gate` does."""
        scratch = self.slots.folder / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            return pass_gate(
                health_command(slot, self._settings_file, scratch),
                environment=health_environment(slot),
                folder=slot,
                seconds=self._settings.update.health_seconds,
            )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def slots_of(settings: Settings) -> Slots:
    """Where the releases of this device stand."""
    return Slots(Path(settings.paths.slots_dir), Path(settings.paths.models_dir))


@contextmanager
def alone(slots_dir: Path) -> Iterator[None]:
    """One updater at a time, however it ends. Raises UpdateError update_running."""
    slots_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (slots_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UpdateError(
                "update_running", f"another updater works on {slots_dir}", "wait for it"
            ) from error
        yield


def _run_confined(settings_file: Path, settings: Settings) -> Answer:
    """`firmware_update.fetching` under the rights of `updater`."""
    command = [sys.executable, "-P", "-m", "agent.plumbing.launcher", "--profile", "updater"]
    command += ["--settings", str(settings_file), "--die-with", str(os.getpid()), "--"]
    command += [sys.executable, "-m", "firmware_update.fetching", "--settings", str(settings_file)]
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sandbox.import_paths())},
            timeout=settings.update.longest_fetch_seconds + _SPARE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UpdateError(
            "update_stalled", "the fetching process did not end", "it is tried again"
        ) from error
    try:
        answer = msgspec.json.decode(done.stdout, type=Answer | Refusal)
    except msgspec.DecodeError as error:
        detail = f"the fetching process ended with {done.returncode} and no answer"
        raise UpdateError("update_fetch_crashed", detail, "read the log above; earmark doctor") from error
    if isinstance(answer, Refusal):
        raise UpdateError(answer.code, answer.detail, answer.next_step)
    return answer
