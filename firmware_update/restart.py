"""Starts the device as the release that it is now, and sees that it starts; else goes back to the one before.

    python -P -m firmware_update.restart --slots DIR

For root, under systemd, with the code that scripts/install brought: a release that does not start cannot be
relied on to say so. What ran before has to run again; what did not is no fault of the release.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from agent.plumbing import audit
from agent.plumbing.errors import UpdateError
from firmware_update.slots import Slots
from firmware_update.updater import alone

TARGET = "earmark.target"
UNITS = tuple(
    f"earmark-{name}.service" for name in ("till", "voice", "uplink", "sensors", "touch", "updater")
)
PATIENCE_SECONDS = 330.0
"""Longer than any unit may take to start; the till has five minutes."""

_LOOK_SECONDS = 2.0
_STEADY_LOOKS = 5
_HOPELESS_RESTARTS = 5  # by systemd, of one unit, since it was told to restart

Systemctl = Callable[..., str]


def main(arguments: list[str] | None = None) -> int:
    """0 where the device runs; 1 where it does not, or only as the release before."""
    parser = argparse.ArgumentParser(prog="restart", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--slots", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    audit.set_process("restart")
    return 0 if restart(Slots(options.slots, options.slots), systemctl) else 1


def restart(
    slots: Slots,
    tell: Systemctl,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now_s: Callable[[], float] = time.monotonic,
) -> bool:
    """Whether the device runs as the release that it is now."""
    if tell("is-active", TARGET) != "active":
        return True  # nobody wants it to run
    before = [unit for unit in UNITS if tell("is-active", unit) == "active"]
    version = slots.running().release.version
    if _runs_again(before, tell, sleep, now_s):
        audit.log("update_started", version=version)
        return True
    try:
        with alone(slots.folder):
            release = slots.unfit()
        audit.log("update_does_not_start", version=version, detail=f"back to {release.name}")
    except UpdateError as error:
        audit.log("update_does_not_start", version=version, detail=f"{error.code}: {error.detail}")
        return False
    _runs_again(before, tell, sleep, now_s)
    return False


def _runs_again(
    units: list[str], tell: Systemctl, sleep: Callable[[float], None], now_s: Callable[[], float]
) -> bool:
    """After a restart all of them are active, and stay so for some looks."""
    tell("--no-block", "try-restart", TARGET)
    steady, until_s = 0, now_s() + PATIENCE_SECONDS
    while now_s() < until_s:  # not so many looks: each may take long, and earmark-restart has a limit too
        sleep(_LOOK_SECONDS)
        steady = steady + 1 if all(tell("is-active", unit) == "active" for unit in units) else 0
        if steady == _STEADY_LOOKS:
            return True
        if any(_restarts(unit, tell) >= _HOPELESS_RESTARTS for unit in units):
            return False
    return False


def _restarts(unit: str, tell: Systemctl) -> int:
    """How often systemd has started it again by itself."""
    said = tell("show", "--value", "--property=NRestarts", unit)
    return int(said) if said.isdecimal() else 0


def systemctl(*words: str) -> str:
    """What it says."""
    done = subprocess.run(["/usr/bin/systemctl", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
