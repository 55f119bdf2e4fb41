"""The release before, as it was: it starts on today's configuration and today's journal, or no update could
go back.

`data/earlier-release.tar.gz` is what `earmark-release build` made of an earlier state of this repository.
When a release is published, it takes that place.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from agent.committing.journal import FILE_NAME
from firmware_update.archive import LOCK
from firmware_update.slots import Slots
from firmware_update.updater import Updater
from tests.committing.kit import agreed, make_bench
from tests.firmware_update import kit
from tests.firmware_update.kit import ROOT, Publisher

EARLIER = Path(__file__).parent / "data" / "earlier-release.tar.gz"
ALL_OF_TODAY = """
[[sensors]]
id = "beans"
name = "the coffee machine"
topic = "home/coffee"
unit = "kg"
full_amount = 3
low_amount = 0.6
high_amount = 2
product = "coffee"
pack_amount = 1

[touch]
keypad_device = "/dev/input/event0"
"""
"""The configuration of a device that uses what there is; a key that is newer than the earlier release must
not be needed."""


@pytest.fixture
def settings(tmp_path: Path, publisher: Publisher) -> Path:
    """A device that has come from the earlier release, with an order of today's that waits."""
    settings = kit.device(tmp_path / "device", publisher, "https://updates.example", health_seconds=60)
    with settings.open("a") as file:
        file.write(ALL_OF_TODAY)
    slots = Slots(tmp_path / "device" / "var" / "slots", kit.MODELS)
    slots.folder.mkdir()
    with tarfile.open(EARLIER) as archive:
        archive.extract(LOCK, tmp_path, filter="data")
    slots.add_environment(tmp_path / LOCK, kit.ENVIRONMENT)
    slots.bring(EARLIER, None, largest_bytes=kit.LARGEST)
    bench = make_bench(tmp_path / "bench")
    bench.trust_time()
    bench.road.commit(agreed())
    bench.journal.close()
    (settings.parent / "var" / "till").mkdir()
    shutil.copy(Path(bench.settings.paths.state_dir) / FILE_NAME, settings.parent / "var" / "till")
    return settings


def test_it_is_well_on_todays_configuration_and_journal(settings: Path) -> None:
    updater = Updater(settings)
    report = updater.examine(updater.slots.device())
    found = {check.what: check.detail for check in report.checks}
    assert report.healthy and found["journal"] == "1 orders wait"


def test_its_own_commands_read_todays_configuration(settings: Path) -> None:
    boot = [
        sys.executable,
        "-P",
        "-m",
        "firmware_update.boot",
        "--slots",
        str(settings.parent / "var" / "slots"),
    ]
    for words in (["agent.cli", "--version"], ["firmware_update.cli", "-s", str(settings), "status"]):
        done = subprocess.run([*boot, "--", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "0.1.0" in done.stdout, done.stderr
