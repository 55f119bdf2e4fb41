"""`earmark audio test` on a machine with a sound server, and on one without any device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.hearing.conftest import ROOT
from tests.hearing.sound_server import sound_server


def audio_test(environment: dict[str, str], *options: str) -> tuple[int, dict[str, Any]]:
    """Exit status and report."""
    command = [sys.executable, "-m", "agent.cli", "audio", "test", "--json", *options]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_microphone_that_hears_its_loudspeaker_is_well(tmp_path: Path) -> None:
    noise = np.random.default_rng(4).normal(0, 300, 60 * 16_000).round().astype(np.int16)
    with sound_server(tmp_path) as server:
        with server.playing(noise):
            status, report = audio_test(server.environment, "--seconds", "1")
        silent_status, silent = audio_test(server.environment, "--seconds", "0.5", "--no-tone")
    assert report["findings"] == []
    assert status == 0
    assert "kitchen_microphone" in {device["name"] for device in report["inputs"]}
    assert -45 < report["microphone"]["noise_floor_dbfs"] < -35
    assert report["tone"]["heard"]
    assert silent_status == 1
    [muted] = silent["findings"]
    assert (muted["what"], muted["state"]) == ("audio_all_zero", "bad")
    assert "alsamixer" in muted["next_step"]


def test_without_any_device_it_says_what_is_missing(tmp_path: Path) -> None:
    environment = os.environ | {"PULSE_SERVER": "unix:/nonexistent", "HOME": str(tmp_path)}
    status, report = audio_test(environment)
    assert status == 1
    assert {finding["what"] for finding in report["findings"]} == {"audio_no_device"}
    assert all(finding["next_step"] for finding in report["findings"])
