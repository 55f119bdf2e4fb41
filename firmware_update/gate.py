"""The health check as a service of its own, for an updater that has neither microphone nor journal.

    python -m firmware_update.gate --settings FILE

Standard input and output are a connection (systemd.socket(5), Accept=yes): whoever connects has the release
on trial examined, whatever it sends, and reads one line of JSON, `Passed` or `Refusal`. What is examined
stands in the slots and is not the caller's choice.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, UpdateError
from agent.plumbing.settings import load_settings
from firmware_update.fetching import Refusal
from firmware_update.health import HealthReport, examine
from firmware_update.slots import slots_of

SPARE_SECONDS = 30.0
"""For starting the service and for stopping what holds the microphone."""

GATE_UNREACHABLE = "gate_unreachable"
_LONGEST_ANSWER_BYTES = 65_536
_SLICE_SECONDS = 1.0


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """What the release found of itself."""

    report: HealthReport


def ask(gate: Path, *, seconds: float, alive: Callable[[], None]) -> HealthReport:
    """The report of the release on trial, from the service behind the socket `gate`. `alive` is called
    meanwhile.

    Raises UpdateError: gate_unreachable, health_silent (nothing within `seconds` and what starting takes),
    health_crashed (no answer at all), or as `pass_gate` does there.
    """
    deadline, answer = time.monotonic() + seconds + SPARE_SECONDS, b""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SLICE_SECONDS)
            connection.connect(str(gate))
            while time.monotonic() < deadline:
                alive()
                with contextlib.suppress(TimeoutError):
                    if not (part := connection.recv(_LONGEST_ANSWER_BYTES)):
                        return _understood(answer)
                    answer = (answer + part)[:_LONGEST_ANSWER_BYTES]
    except OSError as error:
        step = "systemctl status earmark-health.socket"
        raise UpdateError(GATE_UNREACHABLE, f"{gate}: {error.strerror or error}", step) from error
    raise UpdateError("health_silent", f"no answer of {gate} in time", "journalctl -u 'earmark-health@*'")


def _understood(answer: bytes) -> HealthReport:
    try:
        said = msgspec.json.decode(answer, type=Passed | Refusal)
    except msgspec.DecodeError as error:
        step = "journalctl -u 'earmark-health@*'"
        raise UpdateError("health_crashed", "the health check ended without an answer", step) from error
    if isinstance(said, Refusal):
        raise UpdateError(said.code, said.detail, said.next_step)
    return said.report


def main(arguments: list[str] | None = None) -> int:
    """0 with Passed, 1 with a Refusal."""
    parser = argparse.ArgumentParser(prog="gate", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    audit.set_process("health")
    try:
        line: Passed | Refusal = Passed(_examine(options.settings.resolve()))
    except EarmarkError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        line = Refusal(error.code, error.detail, error.next_step)
    with contextlib.suppress(BrokenPipeError):  # the updater was restarted; it asks again
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
        sys.stdout.buffer.flush()
    return 0 if isinstance(line, Passed) else 1


def _examine(settings_file: Path) -> HealthReport:
    settings = load_settings(settings_file)
    slots = slots_of(settings)
    state = slots.state()
    if not state.pending:
        raise UpdateError("gate_no_trial", "no release is on trial", "earmark-update status")
    return examine(slots.path(state.active), slots, settings_file, seconds=settings.update.health_seconds)


if __name__ == "__main__":
    sys.exit(main())
