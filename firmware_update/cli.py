"""`earmark-update`, the process `updater`: looks for releases, and shows and changes what is in the slots."""

from __future__ import annotations

import argparse
import random
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, UpdateError
from agent.plumbing.settings import load_settings
from firmware_update.updater import MEGABYTE, Updater, alone, slots_of


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
    largest = settings.update.largest_release_mb * MEGABYTE
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
