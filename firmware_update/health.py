"""The health check: a release says within a time that it is well, or it is not.

The release checks itself, in a process of its own. The gate knows no part of it, only the last line of its
output, `{"healthy": true, "checks": [{"what": "...", "ok": true, "detail": "..."}]}`, and exit code 0.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from agent.plumbing.errors import UpdateError
from firmware_update.environments import interpreter
from firmware_update.slots import Slots

DEVICE_UNWELL = "device_unwell"
_LONGEST_OUTPUT_BYTES = 65_536
_NEXT = "earmark-update status; the log above says what the release found"


class Check(msgspec.Struct, frozen=True):
    """One thing that the release tried on itself."""

    what: str
    ok: bool
    detail: str = ""


class HealthReport(msgspec.Struct, frozen=True):
    """The line that a release writes."""

    healthy: bool
    checks: tuple[Check, ...]


def examine_trial(slots: Slots, settings_file: Path, *, seconds: float) -> HealthReport:
    """The release on trial examines itself. Where it is not well, the one that is the device has to be: a
    microphone that is switched off for the night is no fault of a release.

    Raises UpdateError: no_trial, device_unwell, and as `pass_gate` does.
    """
    state = slots.state()
    if not state.pending:
        raise UpdateError("no_trial", "no release is on trial", "earmark-update status")
    try:
        return examine(slots.path(state.active), slots, settings_file, seconds=seconds)
    except UpdateError as error:
        try:
            examine(slots.device(), slots, settings_file, seconds=seconds)
        except UpdateError as own:
            detail = f"on trial: {error.detail}; the release that runs: {own.detail}"
            raise UpdateError(DEVICE_UNWELL, detail, "earmark doctor") from error
        raise


def examine(slot: Path, slots: Slots, settings_file: Path, *, seconds: float) -> HealthReport:
    """The release in `slot` checks itself, one check after another: an updater that was restarted asks
    again while the check for its predecessor is still at work. Raises UpdateError as `pass_gate` does.
    """
    slots.scratch.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(slot, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with tempfile.TemporaryDirectory(dir=slots.scratch) as scratch:
            return pass_gate(
                health_command(slot, settings_file, Path(scratch)),
                environment=health_environment(slot),
                folder=slot,
                seconds=seconds,
            )
    finally:
        os.close(lock)


def pass_gate(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, seconds: float
) -> HealthReport:
    """Runs `command` and gives its report, which is a healthy one.

    It and all that it started are killed when the time is over. Raises UpdateError: health_silent (no report
    in time), health_crashed (no report at all), health_failed (a report that says no, or a bad exit code).
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise UpdateError("health_crashed", f"it does not start: {error}", _NEXT) from error
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise UpdateError("health_silent", f"no report within {seconds:g} s", _NEXT) from None
    finally:
        _kill_all_of(process)
    last = output[-_LONGEST_OUTPUT_BYTES:].rstrip().rpartition(b"\n")[2]
    try:
        report = msgspec.json.decode(last, type=HealthReport)
    except msgspec.DecodeError:
        detail = f"it ended without a report, exit code {process.returncode}"
        raise UpdateError("health_crashed", detail, _NEXT) from None
    bad = [f"{check.what}: {check.detail}" for check in report.checks if not check.ok]
    if not report.healthy or bad or not report.checks or process.returncode != 0:
        detail = "; ".join(bad) or f"exit code {process.returncode}"
        raise UpdateError("health_failed", detail, _NEXT)
    return report


def _kill_all_of(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def health_command(slot: Path, settings_file: Path, scratch: Path) -> list[str]:
    """The check of the release in `slot`, by its own launcher and under its own rights for `health`.

    `scratch` is an empty folder that it may write to.
    """
    python, settings = str(interpreter(slot)), ["--settings", str(settings_file)]
    launcher = [python, "-P", "-m", "agent.plumbing.launcher", "--profile", "health", *settings]
    launcher += ["--die-with", str(os.getpid())]
    return [*launcher, "--", python, "-m", "agent.health_check", *settings, "--scratch", str(scratch)]


def health_environment(slot: Path) -> dict[str, str]:
    """This environment, with the code of `slot` and no other."""
    return os.environ | {"PYTHONPATH": str(slot), "PYTHONDONTWRITEBYTECODE": "1"}
