"""The demo itself, as a person starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.story.corner_shop import ROOT
from scripts.story.scenes import SCENES


@pytest.mark.slow
@pytest.mark.timeout(3_600)  # against a hang
def test_every_scene_of_the_demo_goes_as_it_must(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.story", "--keep", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"demo: passed {len(SCENES)} of {len(SCENES)} scenes"
    assert (ROOT / "var" / "demo.wav").stat().st_size > 1_000_000


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGKILL,
        *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_a_demo_that_is_stopped_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "scripts.story", "--keep", str(folder)]
    # A shell has what it starts in the background ignore SIGINT, and that is inherited.
    command = ["env", "--default-signal=INT", *command]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as story:
        assert story.stdout is not None
        while "ready after" not in (line := story.stdout.readline()):
            assert line, "the story ended before it was ready"
        assert len(_processes_of(folder)) >= 6, "story, broker, order service, voice, till, uplink"
        story.send_signal(number)
        assert story.wait() == (-9 if number is signal.SIGKILL else 128 + number)
    deadline = time.monotonic() + 240
    while (left := _processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def test_output_that_nobody_reads_any_more_ends_the_demo_quietly(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "scripts.story", "--keep", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as story:
        assert story.stdout is not None
        assert story.stderr is not None
        story.stdout.readline()
        story.stdout.close()
        assert "Traceback" not in story.stderr.read()
        assert story.wait() == 128 + signal.SIGPIPE
    assert not _processes_of(folder)


def _processes_of(folder: Path) -> list[str]:
    """Command lines that name the folder, of the processes that run now."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words.replace("\0", " "))
    return found
