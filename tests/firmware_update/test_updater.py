"""Whole updates with the real processes: fetched in the sandbox, installed, proven, or given up."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.committing.journal import FILE_NAME, Journal
from agent.plumbing.errors import UpdateError
from firmware_update.updater import Updater
from scripts.story.publisher import copied_checkout
from tests.committing.kit import agreed, make_bench
from tests.firmware_update import kit
from tests.firmware_update.kit import ROOT, Publisher, command, digest, offer_deaf, release, run
from tests.plumbing.stand_ins import comes_true

NOW_S = kit.NOW_S


@pytest.fixture
def updater(settings: Path) -> Updater:
    return Updater(settings)


@pytest.fixture
def journal(settings: Path, tmp_path: Path) -> Iterator[Journal]:
    """The device's journal, held open as the till does, with an order that waits for the shop."""
    bench = make_bench(tmp_path / "bench")
    bench.trust_time()
    bench.road.commit(agreed())
    bench.journal.close()
    till = settings.parent / "var" / "till"
    till.mkdir()
    shutil.copy(Path(bench.settings.paths.state_dir) / FILE_NAME, till)
    with Journal(till / FILE_NAME) as journal:
        assert journal.open_count() == 1
        yield journal


def rows(journal: Journal) -> list[tuple[object, ...]]:
    """All of the outbox, signed bytes included."""
    return [(row, journal.signed_bytes(row.intent_id)) for row in journal.orders(100)]


def test_a_good_release_becomes_the_device(publisher: Publisher, updater: Updater) -> None:
    publisher.offer(release("0.2.0"), ROOT)
    assert updater.check(now_s=NOW_S) == "updated"
    assert updater.slots.running().release == release("0.2.0")
    assert updater.slots.floor().version == "0.2.0"
    assert updater.check(now_s=NOW_S) == "current"


def test_a_deaf_release_goes_back_by_itself_and_is_not_tried_again(
    publisher: Publisher, updater: Updater
) -> None:
    before = digest(updater.slots.path("a"))
    offer_deaf(publisher, "0.2.0")
    assert updater.check(now_s=NOW_S) == "rolled_back"
    assert updater.slots.device() == updater.slots.path("a") and digest(updater.slots.path("a")) == before
    assert updater.slots.floor().version == "0.1.0"
    with pytest.raises(UpdateError, match="update_rejected"):
        updater.check(now_s=NOW_S)
    publisher.offer(release("0.2.1"), ROOT)
    assert updater.check(now_s=NOW_S) == "updated"


@pytest.mark.parametrize(
    "module",
    [
        "hearing/voice.py",
        *(
            pytest.param(module, marks=pytest.mark.slow)
            for module in ("till/__main__.py", "committing/uplink.py", "plumbing/configured.py", "cli.py")
        ),
    ],
)
def test_a_release_a_part_of_which_does_not_load_goes_back_by_itself(
    publisher: Publisher, updater: Updater, module: str
) -> None:
    source = copied_checkout(publisher.folder / "broken")
    with (source / "agent" / module).open("a") as file:
        file.write("\nimport a_package_that_is_not_there\n")
    publisher.offer(release("0.2.0"), source)
    assert updater.check(now_s=NOW_S) == "rolled_back"
    assert updater.slots.running().release == release("0.1.0")


def test_an_updater_that_does_not_load_is_a_reason_to_go_back(publisher: Publisher, updater: Updater) -> None:
    source = copied_checkout(publisher.folder / "broken")
    (source / "firmware_update" / "cli.py").write_text("(")
    publisher.offer(release("0.2.0"), source)
    assert updater.check(now_s=NOW_S) == "rolled_back"


def test_a_device_that_is_not_well_itself_takes_no_release_and_gives_none_up(
    publisher: Publisher, settings: Path, updater: Updater
) -> None:
    """As with a microphone that is switched off for the night."""
    catalogue = settings.parent / "var" / "catalogue.json"
    well = catalogue.read_bytes()
    publisher.offer(release("0.2.0"), ROOT)
    catalogue.write_bytes(b"{")
    for _ in range(2):  # more often than there are tries
        with pytest.raises(UpdateError, match="device_unwell"):
            updater.check(now_s=NOW_S)
    assert updater.slots.running().release == release("0.1.0") and not updater.slots.state().rejected
    shown = run(settings, "status").stdout
    assert "a  running   0.1.0" in shown and "b  on trial  0.2.0" in shown
    catalogue.write_bytes(well)
    assert updater.check(now_s=NOW_S) == "updated"


def test_switch_and_rollback_touch_neither_configuration_nor_orders(
    publisher: Publisher, updater: Updater, settings: Path, journal: Journal
) -> None:
    configuration, orders = settings.read_bytes(), rows(journal)
    offer_deaf(publisher, "0.2.0")
    assert updater.check(now_s=NOW_S) == "rolled_back"
    assert (settings.read_bytes(), rows(journal)) == (configuration, orders)
    publisher.offer(release("0.3.0"), ROOT)
    assert updater.check(now_s=NOW_S) == "updated"
    assert (settings.read_bytes(), rows(journal)) == (configuration, orders)
    # and the release before, which is still there, starts on both
    report = updater.examine(updater.slots.path("a"))
    assert {check.what: check.detail for check in report.checks}["journal"] == "1 orders wait"
    updater.slots.roll_back()
    assert updater.slots.running().release == release("0.1.0")
    assert (settings.read_bytes(), rows(journal)) == (configuration, orders)


def test_power_lost_during_the_health_check_is_another_try(
    publisher: Publisher, settings: Path, updater: Updater
) -> None:
    source = copied_checkout(publisher.folder / "hangs")
    check = source / "agent" / "health_check.py"
    lines = "    Path(sys.argv[-1], 'began').touch()\n    import time\n    time.sleep(600)\n"
    check.write_text(check.read_text().replace("    parser = argparse", f"{lines}    parser = argparse", 1))
    publisher.offer(release("0.2.0"), source)
    text = settings.read_text().replace("health_seconds = 60", "health_seconds = 15")
    settings.write_text(text.replace("tries = 1", "tries = 2"))
    scratch = updater.slots.scratch
    process = subprocess.Popen(command(settings, "check"), cwd=ROOT, stderr=subprocess.DEVNULL)
    assert comes_true(lambda: list(scratch.glob("*/began")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert updater.slots.state().pending and updater.slots.state().tries_left == 1
    assert updater.slots.device() == updater.slots.path("a")  # what starts meanwhile is the release before
    ended = run(settings, "check")
    assert ended.returncode == 1 and "rolled back" in ended.stdout
    assert ended.stderr.count("health_silent") == 1  # the one try that was left
    assert updater.slots.device() == updater.slots.path("a") and not updater.slots.state().pending


def test_the_device_is_started_from_the_confirmed_slot(
    publisher: Publisher, settings: Path, updater: Updater
) -> None:
    source = copied_checkout(publisher.folder / "next")
    (source / "agent" / "__init__.py").write_text('__version__ = "0.2.0"\n')
    publisher.offer(release("0.2.0"), source)
    boot = [sys.executable, "-m", "firmware_update.boot", "--slots", str(updater.slots.folder), "--"]
    before = subprocess.run(
        [*boot, "agent.cli", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert updater.check(now_s=NOW_S) == "updated"
    after = subprocess.run(
        [*boot, "agent.cli", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert before.stdout != after.stdout == "earmark 0.2.0\n"


def test_a_person_goes_back_by_one_command(publisher: Publisher, settings: Path, updater: Updater) -> None:
    publisher.offer(release("0.2.0"), ROOT)
    assert run(settings, "check").stdout == "updated\n"
    assert "0.1.0" in run(settings, "back").stdout
    status = run(settings, "status").stdout
    assert "a  running   0.1.0" in status and "b  idle      0.2.0" in status
    refused = run(settings, "check")
    assert refused.returncode == 1 and "update_rejected" in refused.stderr and "next:" in refused.stderr


def test_two_updaters_do_not_meet(publisher: Publisher, settings: Path, updater: Updater) -> None:
    from firmware_update.updater import alone

    with alone(updater.slots.folder):
        second = run(settings, "check")
        assert run(settings, "status").returncode == 0  # looking is always possible
    assert second.returncode == 1 and "update_running" in second.stderr


def test_without_an_address_nothing_is_fetched(settings: Path) -> None:
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("url")]
    settings.write_text("\n".join(lines))
    assert "update_off" in run(settings, "check").stderr


def test_a_refused_repository_changes_nothing_on_the_device(
    publisher: Publisher, settings: Path, updater: Updater
) -> None:
    publisher.offer(release("0.2.0"))
    publisher.offered_file().write_bytes(b"something else")
    before = (digest(updater.slots.path("a")), updater.slots.state(), updater.slots.floor())
    ended = run(settings, "check")
    assert ended.returncode == 1 and "update_tampered" in ended.stderr and "Traceback" not in ended.stderr
    assert (digest(updater.slots.path("a")), updater.slots.state(), updater.slots.floor()) == before
    assert not list(updater.slots.folder.rglob("*.tar.gz*"))
