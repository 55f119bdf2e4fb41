"""A release that was confirmed and does not start after all: the device is then the one before."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import build_archive
from firmware_update.restart import PATIENCE_SECONDS, TARGET, UNITS, restart
from firmware_update.slots import Slots
from tests.firmware_update import kit
from tests.firmware_update.kit import install, release, small_source

OLD, NEW = release("0.1.0"), release("0.2.0")
TILL, VOICE = UNITS[:2]


class Manager:
    """systemctl over units of which `starts` says whether they come up as the release that is the device."""

    def __init__(self, slots: Slots, *, active: set[str], broken: dict[str, set[str]]) -> None:
        self.slots, self.active, self._broken = slots, active, broken
        self.restarts, self.seconds = 0, 0.0
        self.hangs = False  # what does not start neither ends
        self.look_seconds = 0.0  # that one question takes

    def __call__(self, *words: str) -> str:
        self.seconds += self.look_seconds
        match words:
            case ("is-active", unit):
                return "active" if unit in self.active else "activating"
            case ("show", "--value", "--property=NRestarts", unit):
                return "0" if unit in self.active or self.hangs else str(int(self.seconds // 2))
            case ("--no-block", "try-restart", str(target)) if target == TARGET:
                self.restarts, self.seconds = self.restarts + 1, 0.0
                version = self.slots.running().release.version
                self.active = {TARGET, *UNITS} - self._broken.get(version, set())
                return ""
        raise AssertionError(words)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def slots(tmp_path: Path) -> Slots:
    """A device that has just switched from OLD to NEW."""
    source = small_source(tmp_path / "source")
    slots = Slots(tmp_path / "slots", kit.MODELS)
    kit.found(slots, build_archive(source, OLD))
    install(slots, build_archive(source, NEW), NEW)
    slots.switch("b", tries=1)
    slots.confirm()
    return slots


def test_a_release_that_starts_stays(slots: Slots) -> None:
    manager = Manager(slots, active={TARGET, *UNITS}, broken={})
    assert restart(slots, manager, sleep=manager.sleep, now_s=lambda: manager.seconds)
    assert manager.restarts == 1 and slots.running().release == NEW


@pytest.mark.parametrize("hangs", [False, True])
def test_a_release_that_does_not_start_goes_and_is_nothing_to_go_back_to(slots: Slots, hangs: bool) -> None:
    manager = Manager(slots, active={TARGET, *UNITS}, broken={"0.2.0": {TILL}})
    manager.hangs = hangs
    assert not restart(slots, manager, sleep=manager.sleep, now_s=lambda: manager.seconds)
    assert manager.restarts == 2 and manager.active == {TARGET, *UNITS}
    assert slots.running().release == OLD and (slots.folder / "current").resolve() == slots.path("a")
    assert len(slots.state().rejected) == 1
    with pytest.raises(UpdateError, match="slot_empty"):
        slots.roll_back()


def test_a_machine_on_which_each_look_takes_long_goes_back_before_systemd_ends_the_restart(
    slots: Slots,
) -> None:
    manager = Manager(slots, active={TARGET, *UNITS}, broken={"0.2.0": {TILL}, "0.1.0": {TILL}})
    manager.hangs, manager.look_seconds = True, 2.0
    assert not restart(slots, manager, sleep=manager.sleep, now_s=lambda: manager.seconds)
    assert manager.restarts == 2 and slots.running().release == OLD
    assert PATIENCE_SECONDS <= manager.seconds < 400


def test_what_did_not_run_before_is_no_fault_of_the_release(slots: Slots) -> None:
    """As a voice without a microphone."""
    manager = Manager(slots, active={TARGET, TILL}, broken={"0.2.0": {VOICE}, "0.1.0": {VOICE}})
    assert restart(slots, manager, sleep=manager.sleep, now_s=lambda: manager.seconds)
    assert slots.running().release == NEW


def test_where_there_is_no_other_release_it_ends_and_says_so(slots: Slots) -> None:
    slots.roll_back()
    slots.unfit()
    assert slots.running().release == NEW and set(slots.state().slots) == {"b"}
    manager = Manager(slots, active={TARGET, *UNITS}, broken={"0.2.0": {TILL}})
    assert not restart(slots, manager, sleep=manager.sleep, now_s=lambda: manager.seconds)
    assert manager.restarts == 1 and manager.seconds <= PATIENCE_SECONDS


def test_a_device_that_is_switched_off_stays_so(slots: Slots) -> None:
    manager = Manager(slots, active=set(), broken={})
    assert restart(slots, manager, sleep=manager.sleep, now_s=lambda: manager.seconds)
    assert manager.restarts == 0
