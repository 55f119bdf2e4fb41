"""What the doctor says of updates, from real slots."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from agent.commands.update_findings import updates
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import parse_settings
from firmware_update.archive import build_archive
from firmware_update.slots import Slots
from firmware_update.watch import LAST_CHECK, LastCheck
from tests.firmware_update import kit
from tests.firmware_update.kit import release, small_source

URL = '[update]\nurl = "https://updates.example"\n'


def settings_in(folder: Path, text: str = URL) -> Settings:
    return parse_settings(text, base=folder)


def said(settings: Settings) -> list[tuple[str, str]]:
    return [(finding.state, finding.detail) for finding in updates(settings)]


@pytest.fixture
def slots(tmp_path: Path) -> Slots:
    slots = Slots(tmp_path / "var" / "slots", kit.MODELS)
    kit.found(slots, build_archive(small_source(tmp_path / "source"), release("0.1.0")))
    return slots


def checked(slots: Slots, outcome: str, *, hours_ago: float = 2, detail: str = "", step: str = "") -> None:
    check = LastCheck(int(time.time() - hours_ago * 3_600), outcome, detail, step)
    (slots.folder / LAST_CHECK).write_bytes(msgspec.json.encode(check))


def test_a_device_without_slots_and_repository_is_not_bothered(tmp_path: Path) -> None:
    assert said(settings_in(tmp_path, "")) == []


def test_a_repository_without_a_first_release_is_a_fault_with_its_mend(tmp_path: Path) -> None:
    [finding] = updates(settings_in(tmp_path))
    assert finding.state == "bad" and "no release is installed" in finding.detail
    assert finding.next_step == "earmark-update install --help"


def test_what_runs_is_told_and_that_nothing_is_looked_for(tmp_path: Path, slots: Slots) -> None:
    running, off = said(settings_in(tmp_path, ""))
    assert running == ("ok", "0.1.0 (epoch 0) is running") and off[0] == "note"


def test_how_the_last_check_ended_is_told(tmp_path: Path, slots: Slots) -> None:
    settings = settings_in(tmp_path)
    assert said(settings)[-1] == ("note", "never checked yet")
    checked(slots, "current")
    assert said(settings)[-1] == ("ok", "checked 2 hours ago: current")
    checked(slots, "rolled_back")
    assert said(settings)[-1][0] == "note"
    checked(slots, "update_expired", detail="old", step="earmark-release renew --help")
    finding = list(updates(settings))[-1]
    assert finding.state == "note" and "update_expired" in finding.detail
    assert finding.next_step == "earmark-release renew --help"


def test_an_updater_that_has_stopped_looking_is_noticed(tmp_path: Path, slots: Slots) -> None:
    checked(slots, "current", hours_ago=24 * 4)
    assert "does the updater run?" in said(settings_in(tmp_path))[-1][1]


def test_a_release_on_trial_is_told(tmp_path: Path, slots: Slots) -> None:
    archive = tmp_path / "next.tar.gz"
    archive.write_bytes(build_archive(tmp_path / "source", release("0.2.0")))
    slots.switch(slots.install(archive, "0" * 64, release("0.2.0"), largest_bytes=kit.LARGEST), tries=2)
    assert ("note", "0.2.0 (epoch 0) is on trial") in said(settings_in(tmp_path))
