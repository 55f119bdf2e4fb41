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
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from agent.committing.broker_authorities import keep_authorities
from agent.committing.envelope import INTENT, decode_event
from agent.committing.journal import FILE_NAME, Journal
from agent.committing.journal_lists import Reminder
from agent.committing.live_authorities import FILE_NAME as AUTHORITIES
from agent.committing.read_back import closed_reference
from firmware_update.archive import LOCK
from firmware_update.slots import Slots
from firmware_update.updater import Updater
from order_backend.authorities import announce, announcement, make_successor, trusted
from tests.committing.kit import DEVICE, NOW_S, agreed, make_bench
from tests.committing.renewing import Renewing
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
    shutil.copy(ROOT / "agent" / "policies" / "household.toml", settings.with_name("policy.toml"))
    slots = Slots(tmp_path / "device" / "var" / "slots", kit.MODELS)
    slots.folder.mkdir()
    with tarfile.open(EARLIER) as archive:
        archive.extract(LOCK, tmp_path, filter="data")
    slots.add_environment(tmp_path / LOCK, kit.ENVIRONMENT)
    slots.bring(EARLIER, None, largest_bytes=kit.LARGEST)
    bench = make_bench(tmp_path / "bench")
    bench.trust_time()
    bench.road.commit(agreed(person="person-2"))
    bench.road.link(True)
    for publish in bench.road.tick().publishes:  # its receipt stands in a column of today's
        receipt = bench.desk.intent(DEVICE, publish.payload, now_s=NOW_S).payload
        assert bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt)
        assert bench.journal.receipt(publish.ref) == receipt
        # And it is being taken back, in a table of today's.
        assert bench.road.cancel(publish.ref, factors=("voice",)) == "asked"
    offer = bench.desk.offer(DEVICE, bench.road.offering.ask(agreed().basket).payload, now_s=NOW_S)
    offered = bench.road.offering.received(offer.payload)
    # What waits is a pair that today's device closed itself.
    bench.road.commit(msgspec.structs.replace(agreed(), basket=offered.basket, offer=offered.offer))
    # So does a list, with the day on which it is to be spoken of.
    bench.journal.add_to_list([("rice", 2, "rice")], person="person-2", now_s=NOW_S)
    bench.journal.remind(Reminder("person-2", NOW_S + 60, None))
    bench.journal.close()
    (settings.parent / "var" / "till").mkdir()
    shutil.copy(Path(bench.settings.paths.state_dir) / FILE_NAME, settings.parent / "var" / "till")
    # The shop has named another authority, which is kept in files of today's.
    make_successor(bench.folder, now=datetime.now(UTC))
    announce(bench.folder, trusted(bench.folder))
    assert bench.live.authorities.take(announcement(bench.folder, now_s=NOW_S), bench.live.keys.policy)
    shutil.copy(Path(bench.settings.paths.state_dir) / AUTHORITIES, settings.parent / "var" / "till")
    (settings.parent / "var" / "uplink").mkdir(exist_ok=True)
    known = bench.live.authorities.believed.pem
    keep_authorities(settings.parent / "var" / "uplink", bench.trust.broker, known)
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


IT_READS_THE_KEY = """
import sys
from pathlib import Path
from agent.committing.keys import FileKeyStore
print(FileKeyStore.load(Path(sys.argv[1])).device_kid)
"""


def test_it_signs_with_the_key_that_todays_device_has_changed_to(tmp_path: Path) -> None:
    bench = make_bench(tmp_path)
    bench.trust_time()
    bench.road.link(True)
    device = Renewing(bench, tmp_path)
    with tarfile.open(EARLIER) as archive:
        archive.extractall(tmp_path / "earlier", filter="data")
    command = [
        sys.executable,
        "-P",
        "-c",
        f"import sys; sys.path.insert(0, sys.argv.pop()){IT_READS_THE_KEY}",
    ]
    command += [str(tmp_path / "keys"), str(tmp_path / "earlier")]
    old, new = bench.keys.device_kid, device.begin()
    device.deliver()
    for kid in (old, new):
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert found.stdout.strip() == kid, found.stderr
        assert kid in device.known(), "the shop takes what it signs"
        device.start()


IT_WRITES = """
import sys
from pathlib import Path
from agent.committing.intents import SignedIntent
from agent.committing.journal import Journal
from agent.deciding.basket import AgreedOrder, Basket, Line
from agent.deciding.money import Money

line = Line("tea", "tea", (), "tea", 1, "box", Money(500, "PLN"))
order = AgreedOrder(Basket((line,), 1), "person-3", ("voice",), "c")
with Journal(Path(sys.argv[1])) as journal:
    [waits] = journal.open_orders()
    print(journal.signed_bytes(waits.intent_id)[1].decode())
    journal.attempted([waits.intent_id], now_s=1, monotonic_ns=1)
    journal.move(waits.intent_id, "ordered", now_s=2, monotonic_ns=2, order_id="E-2")
    journal.queue(SignedIntent("new", "t", b"bytes", "aa", 1, 2), order, now_s=3, monotonic_ns=3)
"""


def test_it_writes_to_todays_journal_and_today_goes_on_from_there(settings: Path, tmp_path: Path) -> None:
    with tarfile.open(EARLIER) as archive:
        archive.extractall(tmp_path / "earlier", filter="data")
    journal_file = settings.parent / "var" / "till" / FILE_NAME
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, sys.argv.pop()){IT_WRITES}"]
    command += [str(journal_file), str(tmp_path / "earlier")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Journal(journal_file) as journal:
        payload = done.stdout.strip().encode()
        assert closed_reference(payload, decode_event(payload, INTENT).data_sha256), (
            "it would send these bytes"
        )
        journal.read_through()
        assert [(row.state, row.order_id[:2]) for row in journal.orders()] == [
            ("queued", ""), ("ordered", "E-"), ("ordered", "E-"),
        ]  # fmt: skip
        journal.move("new", "refused", now_s=4, monotonic_ns=4, receipt=b"signed")
        assert journal.receipt("new") == b"signed"
