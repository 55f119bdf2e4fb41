"""The updater that runs by itself: when it looks, what it keeps of it, and when it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import build_archive
from firmware_update.slot_state import State
from firmware_update.slots import Slots
from firmware_update.updater import Outcome, Updater
from firmware_update.watch import LAST_CHECK, check_once, last_check, watch
from tests.firmware_update import kit
from tests.firmware_update.kit import Publisher, release, run

HOUR = 3_600.0


@pytest.fixture
def settings(tmp_path: Path, publisher: Publisher, url: str) -> Path:
    settings = kit.device(tmp_path / "device", publisher, url, check_hours=24.0)
    slots = Slots(tmp_path / "device" / "var" / "slots", kit.MODELS)
    kit.found(slots, build_archive(publisher.folder / "source", release("0.1.0")))
    return settings


class Watched:
    """An updater whose checks are counted, on a clock that moves only when somebody sleeps."""

    def __init__(self, settings: Path, outcomes: list[Outcome | UpdateError]) -> None:
        self.updater = Updater(settings)
        self.seconds, self.beats = 0.0, 0
        self.checked_at: list[float] = []
        self._outcomes = outcomes
        self.updater.check = self._check  # type: ignore[method-assign]

    def _check(self, *, now_s: int) -> Outcome:
        self.checked_at.append(self.seconds)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, UpdateError):
            raise outcome
        return outcome

    def run(
        self, *, begins_at: float, spread: float = 0.0, jump: Callable[[float], float] = lambda _: 0.0
    ) -> None:
        def beat() -> None:
            self.beats += 1

        def sleep(seconds: float) -> None:
            self.seconds += 60 * seconds  # a minute for a second, or a day takes long

        watch(
            self.updater,
            alive=beat,
            spread=spread,
            now_s=lambda: self.seconds,
            second_of_day=lambda: (begins_at + self.seconds + jump(self.seconds)) % (24 * HOUR),
            sleep=sleep,
        )


def test_it_checks_at_night_once_a_day_until_a_release_is_taken(settings: Path) -> None:
    watched = Watched(settings, ["current", "rolled_back", UpdateError("update_expired", "old"), "updated"])
    watched.run(begins_at=12 * HOUR)
    assert [round((12 * HOUR + at) % (24 * HOUR) / HOUR) for at in watched.checked_at] == [2, 2, 2, 2]
    assert [round(at / HOUR / 24) for at in watched.checked_at] == [1, 2, 3, 4]
    assert watched.beats > 90 * 60 * HOUR / HOUR / 60


def test_what_a_power_cut_left_on_trial_is_brought_to_its_end_at_once(settings: Path) -> None:
    watched = Watched(settings, ["updated"])
    slots = watched.updater.slots
    (slots.folder / "state.json").write_text(
        json.dumps({"active": "b", "pending": True, "tries_left": 1, "slots": _twice(slots.state())})
    )
    watched.run(begins_at=12 * HOUR)
    assert watched.checked_at == [0.0]


def _twice(state: State) -> dict[str, object]:
    one = {
        "release": {"version": "0.1.0", "hardware": "generic", "epoch": 0, "built_s": 0},
        "sha256": "0" * 64,
    }
    assert set(state.slots) == {"a"}
    return {"a": one, "b": one}


def test_a_clock_that_is_set_meanwhile_does_not_restart_the_device_at_noon(settings: Path) -> None:
    """Until an hour before the window the clock was ten hours wrong."""
    watched = Watched(settings, ["updated"])
    watched.run(begins_at=15 * HOUR, jump=lambda at: 10 * HOUR if at > 10 * HOUR else 0.0)
    assert 2 <= (15 * HOUR + watched.checked_at[0] + 10 * HOUR) % (24 * HOUR) / HOUR < 5


def test_how_the_last_check_ended_is_kept_for_whoever_asks(
    publisher: Publisher, settings: Path, url: str
) -> None:
    updater = Updater(settings)
    assert last_check(updater.slots) is None
    with pytest.raises(UpdateError, match="update_none"):
        check_once(updater)
    kept = last_check(updater.slots)
    assert kept is not None and kept.outcome == "update_none" and kept.next_step
    publisher.offer(release("0.1.0"))
    assert check_once(updater) == "current"
    shown = run(settings, "status")
    assert "last check" in shown.stdout and shown.stdout.rstrip().endswith("current")
    found = json.loads(run(settings, "status", "--json").stdout)
    assert found["releases"]["running"]["version"] == "0.1.0" and found["last_check"]["outcome"] == "current"
    (updater.slots.folder / LAST_CHECK).write_text("{")
    assert last_check(updater.slots) is None
    assert run(settings, "status").returncode == 0


def test_a_release_of_ones_own_needs_no_settings(tmp_path: Path, publisher: Publisher) -> None:
    archive = tmp_path / "release.tar.gz"
    archive.write_bytes(build_archive(publisher.folder / "source", release("0.4.0")))
    words = [
        "install",
        str(archive),
        "--environment",
        str(kit.ENVIRONMENT),
        "--slots",
        str(tmp_path / "slots"),
    ]
    without = run(tmp_path / "none.toml", *words)
    assert without.returncode == 1 and "--models" in without.stderr
    done: subprocess.CompletedProcess[str] = run(tmp_path / "none.toml", *words, "--models", str(kit.MODELS))
    assert done.returncode == 0, done.stderr
    assert Slots(tmp_path / "slots", kit.MODELS).running().release.version == "0.4.0"


def test_a_folder_that_may_not_be_written_is_said_and_what_to_do(settings: Path) -> None:
    lock = settings.parent / "var" / "slots" / "lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    refused = run(settings, "check")
    assert refused.returncode == 1 and "update_folder_unusable" in refused.stderr and "sudo" in refused.stderr
