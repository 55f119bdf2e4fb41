"""The health check as a service of its own, for an updater that has neither microphone nor journal.

    python -m firmware_update.gate --settings FILE

Standard input and output are a connection (systemd.socket(5), Accept=yes): whoever connects has the release
on trial examined, whatever it sends, and reads one line of JSON, `Passed` or `Refusal`. What is examined
stands in the slots and is not the caller's choice.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, UpdateError
from agent.plumbing.settings_file import load_settings
from firmware_update.health import HealthReport, examine_trial
from firmware_update.service import NoAnswerError, Refusal, ask
from firmware_update.slots import slots_of

SPARE_SECONDS = 30.0
"""For starting the service and for stopping what holds the microphone."""

_CHECKS = 2  # of the release on trial, and of the device where that one is not well


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """What the release found of itself."""

    report: HealthReport


def ask_gate(gate: Path, *, seconds: float, alive: Callable[[], None]) -> HealthReport:
    """The report of the release on trial, from the service behind the socket `gate`. `alive` is called
    meanwhile.

    Raises UpdateError: update_service_unreachable, health_silent (nothing within the time of two checks and
    what starting takes), health_crashed (no answer at all), or as `examine_trial` does there.
    """
    step = "journalctl -u 'earmark-health@*'"
    try:
        answer = ask(gate, b"", seconds=_CHECKS * seconds + SPARE_SECONDS, alive=alive)
        said = msgspec.json.decode(answer, type=Passed | Refusal)
    except NoAnswerError as error:
        code = "health_crashed" if error.in_time else "health_silent"
        raise UpdateError(code, f"the health check behind {gate} gave no answer", step) from error
    except msgspec.DecodeError as error:
        raise UpdateError("health_crashed", "the health check answered nonsense", step) from error
    if isinstance(said, Refusal):
        raise said.error()
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
    return examine_trial(slots_of(settings), settings_file, seconds=settings.update.health_seconds)


if __name__ == "__main__":
    sys.exit(main())
