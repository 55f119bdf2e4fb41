"""Become a command of the release that is the device now.

    python -m firmware_update.boot --settings FILE -- MODULE ARGUMENT...

The slot is looked up once and named by its own path, so that a switch under way never mixes two releases.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from agent.plumbing.errors import EarmarkError
from agent.plumbing.settings import load_settings
from firmware_update.slots import Slots, interpreter


def main(arguments: list[str] | None = None) -> NoReturn:
    """Exits with 1 where there is no release to become."""
    parser = argparse.ArgumentParser(prog="boot", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("module", nargs="+", help="-- MODULE ARGUMENT...")
    options = parser.parse_args(arguments)
    try:
        paths = load_settings(options.settings).paths
        slot = Slots(Path(paths.slots_dir), Path(paths.models_dir)).device()
    except EarmarkError as error:
        print(f"boot: {error.explained()}", file=sys.stderr)
        sys.exit(1)
    python = str(interpreter(slot))
    environment = os.environ | {"PYTHONPATH": str(slot), "PYTHONDONTWRITEBYTECODE": "1"}
    os.execve(python, [python, "-P", "-m", *options.module], environment)  # noqa: S606


if __name__ == "__main__":
    main()
