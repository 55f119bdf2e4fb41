"""The unit files as systemd reads them (systemd.syntax(7), without what they do not use)."""

from __future__ import annotations

import functools
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd" / "system"
SERVICES = ("voice", "till", "uplink", "sensors", "touch")

NEEDS_SYSTEMD_ANALYZE = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here (Debian package systemd)"
)


class Unit:
    """One unit file; `get` gives the last value of a key, `all` every one."""

    def __init__(self, name: str) -> None:
        self.path = UNITS / name
        self._lines = self.path.read_text("utf-8").replace("\\\n", " ").splitlines()

    def all(self, key: str) -> list[str]:
        return [line.partition("=")[2].strip() for line in self._lines if line.startswith(f"{key}=")]

    def get(self, key: str, default: str = "") -> str:
        return (self.all(key) or [default])[-1]

    def yes(self, key: str) -> bool:
        return self.get(key) == "yes"

    def command(self) -> list[str]:
        return shlex.split(self.get("ExecStart"))

    def allowed_calls(self) -> set[str]:
        """The system calls that the lines SystemCallFilter= leave, as systemd adds and takes away."""
        allowed: set[str] = set()
        for line in self.all("SystemCallFilter"):
            names = {call for word in line.removeprefix("~").split() for call in _expanded(word)}
            allowed = allowed - names if line.startswith("~") else allowed | names
        return allowed


@functools.cache
def _expanded(word: str) -> frozenset[str]:
    if not word.startswith("@"):
        return frozenset({word})
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", word], check=True, capture_output=True, text=True
    ).stdout
    words = [line.strip() for line in listed.splitlines()[1:] if line.startswith("    ")]
    names = [name for name in words if name and not name.startswith("#")]
    return frozenset().union(*(_expanded(name) for name in names))
