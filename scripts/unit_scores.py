"""Asks systemd-analyze about the units: whether they load, and how exposed each service is (0 to 10).

python scripts/unit_scores.py    one line for each service; fails where a score is above its limit
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNITS = ROOT / "systemd" / "system"
INSTALLED_PYTHON = "/opt/earmark/venv/bin/python"

LIMITS = {
    "voice": 0.5,
    "till": 0.5,
    "uplink": 1.2,
    "sensors": 1.2,
    "touch": 0.5,
    "updater": 1.0,
    "fetch@": 1.2,
    "health@": 0.5,
    "restart": 1.0,
    "keys": 1.2,
}
"""For scale: systemd-resolved has 2.2, a service without any setting of this kind 9.6."""


def score(unit: Path) -> float:
    """The overall exposure of one service file. Raises ValueError with what systemd-analyze said instead."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"Overall exposure level.*: ([0-9.]+) ", done.stdout)
    if found is None:
        raise ValueError(f"{unit.name}: {done.stdout}{done.stderr}")
    return float(found[1])


def complaints(units: Path) -> str:
    """What `systemd-analyze verify` has against the units of a folder; '' where it takes them all."""
    with tempfile.TemporaryDirectory() as name:
        copies = []
        for unit in sorted(units.iterdir()):
            copy = Path(name) / unit.name
            copy.write_text(unit.read_text("utf-8").replace(INSTALLED_PYTHON, sys.executable), "utf-8")
            copies.append(str(copy))
        command = ["systemd-analyze", "verify", "--man=no", *copies]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    said = done.stdout + done.stderr
    return said or ("" if done.returncode == 0 else f"systemd-analyze verify ends with {done.returncode}")


def main() -> int:
    """0 where all is within its limit, or where there is no systemd-analyze to ask."""
    if shutil.which("systemd-analyze") is None:
        print(
            "note: no systemd-analyze here (Debian package systemd): units and their scores are NOT checked"
        )
        return 0
    failed = False
    if problems := complaints(UNITS):
        print(problems)
        failed = True
    lines = []
    for name, limit in LIMITS.items():
        value = score(UNITS / f"earmark-{name}.service")
        failed |= value > limit
        lines.append(f"{name} {value:g} (limit {limit:g}{', TOO EXPOSED' if value > limit else ''})")
    print(f"note: exposure of the units: {', '.join(lines)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
