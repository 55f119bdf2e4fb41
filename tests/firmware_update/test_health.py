"""The health gate, and what a release finds out about itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from agent import health_check
from agent.committing.journal import FILE_NAME
from agent.plumbing.errors import AudioError, JournalError, ModelError, UpdateError
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings
from firmware_update.health import HealthReport, pass_gate
from tests.firmware_update.kit import ROOT, Publisher, device
from tests.hearing import test_sound_card

pulse = test_sound_card.pulse
GOOD = '{"healthy": true, "checks": [{"what": "ears", "ok": true}]}'


def gate(code: str, seconds: float = 60.0) -> HealthReport:
    command = [sys.executable, "-c", code]
    return pass_gate(command, environment=os.environ, folder=Path.cwd(), seconds=seconds)


def test_a_healthy_report_passes() -> None:
    report = gate(f"print('loading'); print('{GOOD}')")
    assert report.healthy and report.checks[0].what == "ears"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise SystemExit(1)", "health_crashed"),
        ("print('all is well')", "health_crashed"),
        ("print('{}')", "health_crashed"),
        (f"print('{GOOD}'); raise SystemExit(1)", "health_failed"),
        (f"print('{GOOD.replace('true', 'false', 1)}')", "health_failed"),
        (f"print('{GOOD.replace('true}', 'false}')}')", "health_failed"),
        ('print(\'{"healthy": true, "checks": []}\')', "health_failed"),
        (f"import os; print('{GOOD}', flush=True); os.kill(os.getpid(), 9)", "health_failed"),
    ],
)
def test_anything_else_does_not(code: str, error: str) -> None:
    with pytest.raises(UpdateError) as caught:
        gate(code)
    assert caught.value.code == error


def test_a_program_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match="health_crashed"):
        pass_gate([str(tmp_path / "python")], environment={}, folder=tmp_path, seconds=5)


def test_silence_ends_with_everything_that_was_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = "import subprocess, pathlib, time\nchild = subprocess.Popen(['sleep', '600'])\n"
    code += f"pathlib.Path({str(pid)!r}).write_text(str(child.pid))\ntime.sleep(600)"
    with pytest.raises(UpdateError, match="health_silent"):
        gate(code, seconds=3.0)
    grandchild = int(pid.read_text())
    for _ in range(600):
        if not Path(f"/proc/{grandchild}").exists():
            return
        time.sleep(0.05)
    raise AssertionError("the grandchild lives on")


@pytest.fixture
def settings(tmp_path: Path, publisher: Publisher) -> Settings:
    return load_settings(device(tmp_path / "device", publisher, "http://127.0.0.1:1"))


def test_the_sentence_is_understood(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        health_check.sandbox, "tighten", lambda _: None
    )  # it would bind the tests' own process
    assert "gap" in health_check.recognises(settings)


def test_a_sentence_that_was_not_said_is_not_understood(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_check.sandbox, "tighten", lambda _: None)
    said = "the weather is nice in the mountains today"
    monkeypatch.setattr(health_check, "spoken_consent", lambda language: said)
    with pytest.raises(AudioError, match="health_misheard"):
        health_check.recognises(settings)


def test_missing_models_are_found(settings: Settings, tmp_path: Path) -> None:
    file = Path(settings.paths.catalogue_file).parents[1] / "earmark.toml"
    file.write_text(f'[paths]\nmodels_dir = "{tmp_path / "nothing"}"\n' + file.read_text())
    with pytest.raises(ModelError):
        health_check.recognises(load_settings(file))


def test_a_damaged_journal_is_found(settings: Settings, tmp_path: Path) -> None:
    till, scratch = Path(settings.paths.state_dir) / "till", tmp_path / "scratch"
    till.mkdir()
    scratch.mkdir()
    assert health_check.opens_journal(settings, scratch) == "none yet"
    (till / FILE_NAME).write_bytes(b"SQLite format 3\0" + b"damaged" * 1_000)
    with pytest.raises(JournalError):
        health_check.opens_journal(settings, scratch)
    assert not list(scratch.iterdir())


def test_a_microphone_that_is_muted_on_purpose_is_no_fault(settings: Settings) -> None:
    assert "fed" in health_check.hears_frames(settings)
    file = Path(settings.paths.catalogue_file).parents[1] / "earmark.toml"
    file.write_text(file.read_text().replace('source = "fd:9"', 'input_device = "no such microphone"'))
    with pytest.raises(AudioError, match="audio_no_device"):
        health_check.hears_frames(load_settings(file))
    file.write_text(file.read_text().replace("[update]", "[update]\nmicrophone_muted = true"))
    assert "purpose" in health_check.hears_frames(load_settings(file))


@pytest.mark.parametrize("room", ["noise", "silence"])
def test_a_microphone_that_brings_only_zeros_is_deaf(
    pulse: dict[str, str], publisher: Publisher, tmp_path: Path, room: str
) -> None:
    """Through PortAudio and a PulseAudio whose loudspeaker is its microphone."""
    file = device(tmp_path / "device", publisher, "http://127.0.0.1:1")
    file.write_text(file.read_text().replace('source = "fd:9"', ""))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = [sys.executable, "-m", "agent.health_check", "--settings", str(file), "--scratch", str(scratch)]
    with Path("/dev/urandom" if room == "noise" else "/dev/zero").open("rb") as sound:
        player = subprocess.Popen(["pacat", "--playback", "--raw"], stdin=sound, env=pulse)
        try:
            done = subprocess.run(code, cwd=ROOT, env=pulse, capture_output=True, check=False)
        finally:
            player.kill()
            player.wait()
    report = msgspec.json.decode(done.stdout.splitlines()[-1], type=HealthReport)
    assert report.healthy == (room == "noise") == (done.returncode == 0), done.stderr
    failed = [check.detail for check in report.checks if not check.ok]
    assert failed == [] if room == "noise" else failed[0].startswith("audio_all_zero")
