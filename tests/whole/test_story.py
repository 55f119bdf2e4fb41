"""The demo itself, as a person starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.story.corner_shop import ROOT


@pytest.mark.timeout(400)
def test_every_scene_of_the_demo_goes_as_it_must(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.story", "--keep", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "demo: passed 6 of 6 scenes"
    assert (ROOT / "var" / "demo.wav").stat().st_size > 1_000_000
