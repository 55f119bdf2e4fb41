"""scripts/install and scripts/uninstall, as the tests of this folder call them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.systemd.units import ROOT

SYSTEM_PYTHON = "/usr/bin/python3"
NETWORKS = ("192.0.2.0/24", "2001:db8::53")


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Its output, both streams in one."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
