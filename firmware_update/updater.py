"""`earmark-update`: check, fetch, install, switch, prove, and go back by itself where the proof fails.

This process reads nothing from the network: a confined one does (`firmware_update.fetching`), and all that it
brings is verified here once more.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from agent.plumbing import audit, sandbox
from agent.plumbing.errors import EarmarkError, UpdateError
from agent.plumbing.settings import Settings, load_settings
from firmware_update import durable
from firmware_update.client import Fetched, Wanted, fetch_release
from firmware_update.fetchers import FolderFetcher
from firmware_update.fetching import ARCHIVE, INCOMING, METADATA, REQUEST, Answer, Refusal, pinned_root
from firmware_update.health import HealthReport, health_command, health_environment, pass_gate
from firmware_update.slots import Slots

Outcome = Literal["current", "updated", "rolled_back"]
_SPARE_SECONDS = 30.0
_MEGABYTE = 1_000_000


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
        largest = self._settings.update.largest_release_mb * _MEGABYTE
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
            settings.update.largest_release_mb * _MEGABYTE,
        )
        incoming = folder / INCOMING
        incoming.mkdir(mode=0o700, exist_ok=True)
        durable.write(incoming / REQUEST, msgspec.json.encode(wanted))
        answer = _run_confined(self._settings_file, settings)
        if not answer.fetched.is_new:
            (incoming / ARCHIVE).unlink(missing_ok=True)
        fetched = fetch_release(
            wanted,
            FolderFetcher(incoming / METADATA, incoming / ARCHIVE),
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


def main(arguments: list[str] | None = None) -> int:
    """0; 1 where a release was refused or given up, after saying why."""
    options = build_parser().parse_args(arguments)
    audit.set_process("updater")
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except EarmarkError as error:
        print(f"earmark-update: {error.explained()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="earmark-update", description="Signed releases in two slots; a bad one goes back by itself."
    )
    parser.add_argument("-s", "--settings", type=Path, default=Path("earmark.toml"), help="settings file")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: object, text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        one.set_defaults(command=function)
        return one

    found = command("found", _found, "put the first release of this device into slot a")
    found.add_argument("archive", type=Path, metavar="ARCHIVE", help="as earmark-release build writes it")
    found.add_argument(
        "--environment", type=Path, required=True, metavar="DIR", help="its virtual environment"
    )
    environment = command("environment", _environment, "name the virtual environment for a lock file")
    environment.add_argument("lock", type=Path, metavar="LOCK", help="a requirements.lock")
    environment.add_argument(
        "folder", type=Path, metavar="DIR", help="a virtual environment that holds all of it"
    )
    run = command("run", _run, "check every [update] check_hours, until it is stopped")
    for one in (run, command("check", _check, "check once")):
        one.add_argument("--then", type=shlex.split, default=[], metavar="COMMAND", help="run after a switch")
    command("status", _status, "say what is in the slots")
    command("back", _back, "go back to the other slot; the release that is left is not taken again")
    return parser


def _found(options: argparse.Namespace) -> int:
    settings = load_settings(options.settings)
    largest = settings.update.largest_release_mb * _MEGABYTE
    with alone(Path(settings.paths.slots_dir)):
        slots_of(settings).found(options.archive, options.environment, largest_bytes=largest)
    return _status(options)


def _environment(options: argparse.Namespace) -> int:
    slots = slots_of(load_settings(options.settings))
    with alone(slots.folder):
        slots.add_environment(options.lock, options.folder)
    return 0


def _check(options: argparse.Namespace) -> int:
    updater = Updater(options.settings)
    with alone(updater.slots.folder):
        outcome = updater.check(now_s=int(time.time()))
    audit.log("update_checked", state=outcome)
    print(
        {"current": "nothing new", "updated": "updated", "rolled_back": "not healthy: rolled back"}[outcome]
    )
    if outcome == "updated" and options.then:
        subprocess.run(options.then, check=False)
    return 1 if outcome == "rolled_back" else 0


def _run(options: argparse.Namespace) -> int:
    """Ends after an update: whoever restarts it then starts the new release's updater."""
    settings = load_settings(options.settings)
    while True:
        try:
            before = Updater(options.settings).slots.device()
            _check(options)
            if Updater(options.settings).slots.device() != before:
                return 0
        except UpdateError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
        # spread, so that a fleet that was switched on together does not ask together
        time.sleep(settings.update.check_hours * 3_600 * random.uniform(0.9, 1.1))  # noqa: S311


def _status(options: argparse.Namespace) -> int:
    slots = slots_of(load_settings(options.settings))
    state = slots.state()
    for name, installed in sorted(state.slots.items()):
        role = "idle" if name != state.active else "on trial" if state.pending else "running"
        print(f"{name}  {role:8}  {installed.release.name}")
    floor = slots.floor()
    print(f"nothing below {floor.version} (epoch {floor.epoch}) is taken; {len(state.rejected)} given up")
    return 0


def _back(options: argparse.Namespace) -> int:
    slots = slots_of(load_settings(options.settings))
    with alone(slots.folder):
        release = slots.roll_back()
    print(f"{release.name} runs from the next start on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
