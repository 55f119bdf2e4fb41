"""A device one process of which runs somebody else's code: with the rights of that process, in its sandbox.

python -m scripts.story.taken_over -s SETTINGS --process voice
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agent.plumbing.errors import EarmarkError
from agent.plumbing.supervisor import MODULES, Supervisor

HOSTILE = Path(__file__).parent / "hostile"
TARGETS = "targets.json"
"""Beside the settings: what the attempts are made against."""


def main() -> int:
    """Runs it until SIGTERM."""
    parser = argparse.ArgumentParser(prog="taken_over", description=__doc__)
    parser.add_argument("-s", "--settings", type=Path, required=True)
    parser.add_argument("--process", choices=["voice", "sensors"], required=True)
    options = parser.parse_args()
    modules = {**MODULES, options.process: f"hostile_{options.process}"}
    rights = ["--also-import", str(HOSTILE), "--also-read", str(options.settings.parent / TARGETS)]
    try:
        with Supervisor(
            options.settings, modules=modules, launcher_options={options.process: rights}
        ) as device:
            device.wait_ready()
            device.run_until_signal()
    except EarmarkError as error:
        print(error.explained(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
