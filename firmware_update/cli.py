"""`earmark-update`, the process `updater`: looks for releases, and shows and changes what is in the slots."""

from __future__ import annotations

import argparse
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, UpdateError
from agent.plumbing.service_manager import ServiceManager
from agent.plumbing.settings_file import load_settings
from agent.plumbing.update_settings import Update
from firmware_update.slot_state import State
from firmware_update.slots import Slots, slots_of
from firmware_update.updater import MEGABYTE, Services, Updater, alone
from firmware_update.watch import check_once, last_check, watch


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

    install = command(
        "install",
        _install,
        "make a release of your own the device, without a repository's signature or a trial",
    )
    install.add_argument("--older", action="store_true", help="even if it is older than what runs")
    install.add_argument("archive", type=Path, metavar="ARCHIVE", help="as earmark-release build writes it")
    install.add_argument(
        "--environment",
        type=Path,
        metavar="DIR",
        help="its virtual environment, where no release has that lock yet",
    )
    environment = command("environment", _environment, "name the virtual environment for a lock file")
    environment.add_argument("lock", type=Path, metavar="LOCK", help="a requirements.lock")
    environment.add_argument(
        "folder", type=Path, metavar="DIR", help="a virtual environment that holds all of it"
    )
    run = command("run", _run, "check every [update] check_hours, until it is stopped or an update was taken")
    for one in (run, command("check", _check, "check once, now")):
        one.add_argument("--then", type=shlex.split, default=[], metavar="COMMAND", help="run after a switch")
        for service, work in (("fetch", "downloads"), ("gate", "health checks")):
            one.add_argument(
                f"--{service}",
                type=Path,
                default=os.environ.get(f"EARMARK_UPDATE_{service.upper()}"),
                metavar="SOCKET",
                help=f"the service for {work} (default: $EARMARK_UPDATE_{service.upper()}, or this process)",
            )
    back = command("back", _back, "go back to the other slot; the release that is left is not taken again")
    status = command("status", _status, "say what is in the slots, and how the last check ended")
    status.add_argument("--json", action="store_true", help="for machines")
    for one in (install, back, status):
        one.add_argument(
            "--slots",
            type=Path,
            metavar="DIR",
            help="in place of the settings, for a device that has none yet",
        )
        one.add_argument("--models", type=Path, metavar="DIR", help="with --slots: the models of the device")
    return parser


def _named_slots(options: argparse.Namespace) -> tuple[Slots, int]:
    """And the largest release that they take, in bytes. Raises UpdateError slots_models."""
    if not options.slots:
        settings = load_settings(options.settings)
        return slots_of(settings), settings.update.largest_release_mb * MEGABYTE
    if not options.models:
        raise UpdateError("slots_models", "--slots needs --models as well", "earmark-update install --help")
    return Slots(options.slots.resolve(), options.models), Update().largest_release_mb * MEGABYTE


def _install(options: argparse.Namespace) -> int:
    slots, largest = _named_slots(options)
    with alone(slots.folder):
        if slots.is_founded():
            slots.recover()
        release = slots.bring(
            options.archive, options.environment, largest_bytes=largest, older=options.older
        )
    print(f"{release.name} is the device from its next start on")
    return 0


def _environment(options: argparse.Namespace) -> int:
    slots = slots_of(load_settings(options.settings))
    with alone(slots.folder):
        slots.add_environment(options.lock, options.folder)
    return 0


def _check(options: argparse.Namespace) -> int:
    outcome = check_once(Updater(options.settings, services=Services(options.fetch, options.gate)))
    print(
        {"current": "nothing new", "updated": "updated", "rolled_back": "not healthy: rolled back"}[outcome]
    )
    if outcome == "updated" and options.then:
        subprocess.run(options.then, check=False)
    return 1 if outcome == "rolled_back" else 0


def _run(options: argparse.Namespace) -> int:
    """Ends after an update: whoever restarts it then starts the new release's updater."""
    manager = ServiceManager.from_environment()
    manager.ready()
    services = Services(options.fetch, options.gate)
    updater = Updater(options.settings, services=services, alive=manager.alive)
    watch(updater, alive=manager.alive, spread=random.random())  # noqa: S311
    if options.then:
        subprocess.run(options.then, check=False)
    return 0


def _status(options: argparse.Namespace) -> int:
    slots, _ = _named_slots(options)
    state, floor, last = slots.state(), slots.floor(), last_check(slots)
    if options.json:
        roles = {_role(state, name): installed.release for name, installed in state.slots.items()}
        print(msgspec.json.encode({"releases": roles, "floor": floor, "last_check": last}).decode())
        return 0
    for name, installed in sorted(state.slots.items()):
        print(f"{name}  {_role(state, name):8}  {installed.release.name}")
    print(f"nothing below {floor.version} (epoch {floor.epoch}) is taken; {len(state.rejected)} given up")
    if last:
        when = datetime.fromtimestamp(last.at_s).astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"last check {when}: {last.outcome}{': ' if last.detail else ''}{last.detail}")
    return 0


def _role(state: State, slot: str) -> str:
    if not state.pending:
        return "running" if slot == state.active else "idle"
    return "on trial" if slot == state.active else "running"


def _back(options: argparse.Namespace) -> int:
    slots, _ = _named_slots(options)
    with alone(slots.folder):
        slots.recover()
        release = slots.roll_back()
    print(f"{release.name} runs from the next start on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
