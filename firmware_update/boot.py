"""Become a command of the release that is the device now.

    python -P -m firmware_update.boot --slots DIR -- MODULE ARGUMENT...

`{python}` in an argument stands for that release's interpreter. The link is read once and the slot named by
its own path, so that a switch under way never mixes two releases. On an installed device this file is what
no update replaces: it knows the link `current` and nothing else that a release could give another form, and
imports the standard library only.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn


def main(arguments: list[str] | None = None) -> NoReturn:
    """Exits with 1 where there is no release to become."""
    parser = argparse.ArgumentParser(prog="boot", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--slots", type=Path, required=True, metavar="DIR", help="as paths.slots_dir")
    parser.add_argument("module", nargs="+", help="-- MODULE ARGUMENT...")
    options = parser.parse_args(arguments)
    link: Path = options.slots / "current"
    try:
        slot = options.slots.resolve() / link.readlink().name
        python = slot / "environment" / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(f"no {python}")
    except OSError as error:
        print(f"boot: no release to start: {error}\n  code: slots_missing", file=sys.stderr)
        print("  next: scripts/install, or earmark-update install --help", file=sys.stderr)
        sys.exit(1)
    words = [word.replace("{python}", str(python)) for word in options.module]
    environment = os.environ | {"PYTHONPATH": str(slot), "PYTHONDONTWRITEBYTECODE": "1"}
    os.execve(python, [str(python), "-P", "-m", *words], environment)  # noqa: S606


if __name__ == "__main__":
    main()
