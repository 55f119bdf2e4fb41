"""`earmark doctor`: it says what is wrong with the parts around the device, and never stops at the first."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from agent.cli import main
from scripts.story.kitchen import sensor_settings


def findings(settings: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, str]]]:
    """What it found, by its subject."""
    assert main(["-s", str(settings), "doctor", "--json"]) == 1, "nothing is provisioned here"
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(capsys.readouterr().out):
        found.setdefault(finding["what"], []).append(finding)
    return found


@pytest.mark.parametrize(
    ("text", "code"),
    [(None, "config_missing"), ("[nonsense]\n", "config_invalid"), ("= = =", "config_syntax")],
)
def test_without_usable_settings_it_still_tells_what_the_machine_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, code: str
) -> None:
    settings = tmp_path / "earmark.toml"
    if text is not None:
        settings.write_text(text)
    found = findings(settings, capsys)
    [said] = found["settings"]
    assert said["state"] == "bad"
    assert code in said["detail"]
    assert said["next_step"]
    assert {"models", "clock", "kernel"} <= found.keys()
    assert "broker" not in found


def test_a_site_broker_that_is_away_and_a_keypad_that_is_unplugged_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keypad, badge_reader = tmp_path / "keypad", tmp_path / "badge-reader"
    keypad.touch()
    settings = tmp_path / "earmark.toml"
    with socket.socket() as bus:
        bus.bind(("127.0.0.1", 0))
        bus.listen()
        touch = f'\n[touch]\nkeypad_device = "{keypad}"\nbadge_device = "{badge_reader}"\n'
        settings.write_text(sensor_settings(bus.getsockname()[1]) + touch)
        assert [finding["state"] for finding in findings(settings, capsys)["sensors"]] == ["ok"]
    found = findings(settings, capsys)
    [site] = found["sensors"]
    assert site["state"] == "note"
    assert "does not answer" in site["detail"]
    assert site["next_step"]
    assert [(finding["state"], finding["detail"]) for finding in found["touch"]] == [
        ("ok", f"{keypad} is there"),
        ("note", f"{badge_reader} is not there"),
    ]


def test_it_names_the_key_that_is_wrong_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "earmark.toml"
    settings.write_text("[wake]\nthreshhold = 0.5\n")
    assert main(["-s", str(settings), "doctor"]) == 1
    told = capsys.readouterr().out
    assert "threshhold" in told
    assert "config_invalid" in told
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["earmark.toml"]
