"""A real process of the device with an attacker inside, who was there before the process tightened itself."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import attacks


def main(module: str) -> None:
    """Runs `module` as `python -m` does. The targets stand beside the settings file."""
    settings = Path(sys.argv[sys.argv.index("--settings") + 1])
    attacks.attack_when_tight(json.loads((settings.parent / "targets.json").read_text()))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
