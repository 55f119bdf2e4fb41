"""What `earmark doctor` says of updates: the release that is the device, and how the last check ended.

The device runs without its updater, so this asks the updater's own command.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Literal

import msgspec

from agent.commands.findings import Finding
from agent.plumbing import sandbox
from agent.plumbing.settings import Settings

_LONGEST_SECONDS = 30.0
_MISSED_CHECKS = 3
_WELL = ("current", "updated")


class _Release(msgspec.Struct):
    version: str
    epoch: int


class _LastCheck(msgspec.Struct):
    at_s: int
    outcome: str
    detail: str
    next_step: str


class _Status(msgspec.Struct):
    releases: dict[Literal["running", "on trial", "idle"], _Release]
    last_check: _LastCheck | None


def updates(settings: Settings) -> Iterator[Finding]:
    """Nothing where there are neither slots nor a repository."""
    off = not settings.update.url
    found = _status(settings)
    if isinstance(found, str):
        if not off:
            yield Finding("updates", "bad", found, "earmark-update install --help")
        return
    for role, release in found.releases.items():
        if role != "idle":
            state: Literal["ok", "note"] = "ok" if role == "running" else "note"
            yield Finding("updates", state, f"{release.version} (epoch {release.epoch}) is {role}")
    if off:
        yield Finding(
            "updates", "note", "no repository is set: nothing new is looked for", "set [update] url"
        )
    elif found.last_check is None:
        yield Finding("updates", "note", "never checked yet", "earmark-update check, or wait for the night")
    else:
        yield _checked(found.last_check, settings.update.check_hours, time.time())


def _checked(last: _LastCheck, check_hours: float, now_s: float) -> Finding:
    hours = max(0.0, now_s - last.at_s) / 3_600
    when = f"{hours:.0f} hours ago" if hours >= 1 else "within the last hour"
    if last.outcome not in _WELL:
        return Finding("updates", "note", f"checked {when}: {last.outcome} {last.detail}", last.next_step)
    if hours > _MISSED_CHECKS * max(check_hours, 24.0):
        step = "systemctl status earmark-updater; or earmark-update run"
        return Finding("updates", "note", f"last checked {when}: does the updater run?", step)
    return Finding("updates", "ok", f"checked {when}: {last.outcome}")


def _status(settings: Settings) -> _Status | str:
    """Or why there is none."""
    command = [sys.executable, "-P", "-m", "firmware_update.cli", "status", "--json"]
    command += ["--slots", settings.paths.slots_dir, "--models", settings.paths.models_dir]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sandbox.import_paths())}
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=_LONGEST_SECONDS, check=False
        )
        return msgspec.json.decode(done.stdout, type=_Status)
    except subprocess.TimeoutExpired:
        return "earmark-update status does not answer"
    except msgspec.DecodeError:
        lines = done.stderr.decode(errors="replace").splitlines()
        return lines[0].removeprefix("earmark-update: ") if lines else "earmark-update status says nothing"
