"""A release that whoever looks after the device brings: no repository, no signature, no trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import build_archive
from firmware_update.slots import Slots
from tests.firmware_update import kit
from tests.firmware_update.kit import digest, install, release

OLD, NEW = release("0.1.0"), release("0.2.0")


def test_a_release_of_ones_own_is_the_device_at_once_and_the_one_before_stays(
    slots: Slots, source: Path
) -> None:
    before = digest(slots.path("a"))
    kit.found(slots, build_archive(source, NEW))
    assert slots.running().release == NEW and (slots.folder / "current").resolve() == slots.path("b")
    assert slots.floor().version == NEW.version and digest(slots.path("a")) == before
    slots.roll_back()
    assert slots.running().release == OLD


def test_the_same_release_once_more_changes_nothing(slots: Slots, source: Path) -> None:
    before = digest(slots.folder)
    kit.found(slots, build_archive(source, OLD))
    assert digest(slots.folder) == before


def test_a_release_of_ones_own_ends_a_trial_and_may_be_one_that_was_given_up(
    slots: Slots, source: Path
) -> None:
    archive = build_archive(source, NEW)
    install(slots, archive, NEW)
    slots.switch("b", tries=2)
    kit.found(slots, build_archive(source, OLD))  # what runs: nothing is to be done, and the trial goes on
    assert slots.state().pending
    slots.roll_back()
    assert slots.state().rejected
    kit.found(slots, archive)
    state = slots.state()
    assert slots.running().release == NEW and not state.pending and not state.rejected


def test_a_release_of_ones_own_mends_a_damaged_state(slots: Slots, source: Path) -> None:
    (slots.folder / "state.json").write_text("{")
    kit.found(slots, build_archive(source, NEW))
    assert slots.running().release == NEW and slots.floor().version == NEW.version


def test_an_older_one_is_taken_only_when_that_is_said(slots: Slots, source: Path, tmp_path: Path) -> None:
    kit.found(slots, build_archive(source, NEW))
    older = tmp_path / "older.tar.gz"
    older.write_bytes(build_archive(source, release("0.1.5")))
    with pytest.raises(UpdateError, match="release_older"):
        slots.bring(older, None, largest_bytes=kit.LARGEST)
    assert slots.running().release == NEW and set(slots.state().slots) == {"a", "b"}
    assert slots.bring(older, None, largest_bytes=kit.LARGEST, older=True).version == "0.1.5"
    assert slots.running().release.version == "0.1.5"


def test_the_same_release_once_more_mends_what_is_broken(slots: Slots, source: Path) -> None:
    (slots.path("a") / "agent" / "__init__.py").unlink()
    (slots.folder / "current").unlink()
    kit.found(slots, build_archive(source, OLD))
    assert (slots.path("a") / "agent" / "__init__.py").exists()
    assert (slots.folder / "current").resolve() == slots.path("a") and slots.running().release == OLD


def test_nobody_makes_the_one_who_installs_write_elsewhere(
    slots: Slots, source: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (slots.folder / ".state.json.new").symlink_to(precious)
    kit.found(slots, build_archive(source, NEW))
    assert precious.read_text() == "precious" and slots.running().release == NEW
