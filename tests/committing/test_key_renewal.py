"""The device's side of a new signing key: whatever is cut off, it has one key that signs, and gets there."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import cli
from agent.commands.key_findings import following
from agent.committing import next_key
from agent.committing.journal_mend import open_journal
from agent.committing.key_change import CHANGES, OFFERED, read_changes
from agent.committing.keys import FileKeyStore, create_device_keys
from agent.committing.next_key import (
    NEXT_SIGNING_KEY,
    REQUEST,
    finish_change,
    forget_next_key,
    offer_next_key,
)
from agent.plumbing import durable, operator
from agent.plumbing.errors import TrustError
from order_backend import certificates
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.provisioning import requested_keys
from order_backend.shop import Shop
from tests.committing.kit import DEVICE, Bench, agreed
from tests.committing.network import Device, serving, write_settings
from tests.committing.renewing import Renewing


@pytest.fixture
def device(online: Bench, tmp_path: Path) -> Renewing:
    return Renewing(online, tmp_path)


class Crash(BaseException):
    """The power goes."""


@pytest.mark.parametrize("before", [True, False])
def test_wherever_it_is_cut_off_it_has_a_key_that_signs_and_gets_there(
    device: Renewing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    bench, move, unlink = device.bench, durable.move, Path.unlink
    (tmp_path / REQUEST).write_bytes(create_device_keys(tmp_path / "as-made", DEVICE))
    left = 0

    def counted(change: Any) -> Any:
        def dies(*arguments: Any, **options: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0 and before:
                raise Crash
            change(*arguments, **options)
            if left == 0:
                raise Crash

        return dies

    def the_whole_road() -> str:
        device.begin()
        device.deliver()
        return device.start()

    for cut in itertools.count(1):
        old, left = bench.keys.device_kid, cut
        with monkeypatch.context() as patched:
            patched.setattr(durable, "move", counted(move))
            patched.setattr(Path, "unlink", counted(unlink))
            try:
                reached = the_whole_road()
            except Crash:
                reached = ""
        device.start()
        bench.clocks.pass_by(60)
        device.ordered()  # with whichever key it has then
        if not reached:
            if bench.keys.device_kid == old:
                the_whole_road()
            device.ordered()
        assert bench.keys.device_kid != old
        assert device.known() == (bench.keys.device_kid, "")
        assert sorted(path.name for path in (tmp_path / "keys").glob("signing*")) == ["signing.pem"]
        assert not (tmp_path / "state" / "till" / OFFERED).exists()
        assert kid_of_request(tmp_path) == bench.keys.device_kid
        if reached:
            break
    assert cut > 5, "that many changes of a name there are"
    assert len(read_changes(tmp_path / "state" / "till")) <= 8


def kid_of_request(root: Path) -> str:
    return certificates.jwk_of(requested_keys((root / REQUEST).read_bytes(), DEVICE)[1]).kid


def test_nothing_is_put_in_place_without_the_shops_own_yes(device: Renewing, tmp_path: Path) -> None:
    bench, folder = device.bench, tmp_path / "state" / "till"
    old = bench.keys.device_kid
    device.begin()
    assert device.start() == old
    assert device.deliver(lose="key") == ["key_registered"]
    assert device.start() == old
    bench.clocks.pass_by(60)
    assert device.deliver() == ["key_registered"]
    kept = msgspec.json.decode((folder / CHANGES).read_bytes())
    for wrong in (
        {"answer": kept["changes"][0]["statement"]},
        {"answer": ""},
        {"old": kept["changes"][0]["new"]},
    ):
        (folder / CHANGES).write_bytes(msgspec.json.encode({"changes": [kept["changes"][0] | wrong]}))
        assert finish_change(bench.settings, tmp_path / "earmark.toml", by_hand=True) == "waits"
    (folder / CHANGES).write_bytes(msgspec.json.encode(kept))
    assert finish_change(bench.settings, tmp_path / "earmark.toml", by_hand=True) == "changed"


def test_a_disk_that_is_full_puts_the_yes_off(device: Renewing, monkeypatch: pytest.MonkeyPatch) -> None:
    write = durable.write

    def full(path: Path, content: bytes, **options: Any) -> None:
        if path.name == CHANGES:
            raise OSError(28, "No space left on device")
        write(path, content, **options)

    old, new = device.bench.keys.device_kid, device.begin()
    with monkeypatch.context() as patched:
        patched.setattr(durable, "write", full)
        device.deliver()
        assert device.bench.road.key_renewal.state == "asked"
    device.bench.clocks.pass_by(61)
    device.deliver()
    assert device.bench.road.key_renewal.state == "agreed"
    assert device.bench.keys.device_kid == old and device.start() == new


def test_a_key_that_was_half_made_is_made_anew_and_one_that_was_told_of_is_not(
    device: Renewing, tmp_path: Path
) -> None:
    half = tmp_path / "keys" / NEXT_SIGNING_KEY
    half.touch(mode=0o600)
    kid = device.begin()
    assert kid == FileKeyStore.load(tmp_path / "keys", NEXT_SIGNING_KEY).device_kid
    half.write_bytes(b"")
    with pytest.raises(TrustError) as caught:
        offer_next_key(device.bench.settings)
    assert caught.value.code == "next_key_damaged" and "--anew" in caught.value.next_step


def test_a_key_that_is_lost_after_the_yes_leaves_the_old_one(device: Renewing, tmp_path: Path) -> None:
    old = device.bench.keys.device_kid
    device.begin()
    device.deliver()
    (tmp_path / "keys" / NEXT_SIGNING_KEY).unlink()
    with pytest.raises(TrustError) as caught:
        finish_change(device.bench.settings, tmp_path / "earmark.toml", by_hand=True)
    assert caught.value.code == "next_key_lost"
    assert device.start() == old
    device.ordered()


def test_keys_of_another_user_are_left_alone(device: Renewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_key.os, "geteuid", lambda: 12_345)
    with pytest.raises(TrustError) as caught:
        offer_next_key(device.bench.settings)
    assert caught.value.code == "keys_of_another_user"


def test_a_damaged_journal_keeps_what_the_key_before_has_signed(device: Renewing, tmp_path: Path) -> None:
    bench = device.bench
    waits = device.order()
    device.begin()
    assert device.deliver(lose="ack") == ["ordered", "key_registered"]
    device.start()
    bench.journal.close()
    path = tmp_path / "state" / "journal.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE orders SET title = 'altered', sha256 = 'altered', checksum = 'altered'")
    db.close()
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * 16 + content[116:])  # a b-tree page's header
    earlier = [change.old for change in read_changes(tmp_path / "state" / "till")]
    assert earlier
    with open_journal(path, bench.keys.public_jwk(), DEVICE, earlier) as journal:
        row = journal.order(waits)
        assert row is not None and row.state in ("queued", "sent") and "altered" not in row.title


def test_the_commands_say_what_there_is(
    device: Renewing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-s", str(write_settings(tmp_path, 1)), "keys"]
    old = device.bench.keys.device_kid
    assert cli.main([*command, "renew"]) == 0 and cli.main([*command, "show"]) == 0
    said = capsys.readouterr().out
    new = FileKeyStore.load(tmp_path / "keys", NEXT_SIGNING_KEY).device_kid
    assert f"{old}  signs (file)" in said and f"{new}  is to follow; no yes of the shop yet" in said
    device.bench.clocks.pass_by(6)
    device.deliver()
    assert cli.main([*command, "show"]) == 0
    assert "the shop has said yes" in capsys.readouterr().out
    assert cli.main([*command, "renew"]) == 0 and cli.main([*command, "show"]) == 0
    said = capsys.readouterr().out
    assert "the new key has taken over" in said
    assert f"{new}  signs (file)" in said and f"{old}  signed before" in said


def test_what_the_machine_does_by_itself_makes_no_key_and_tells_whether_one_was_taken_up(
    device: Renewing, tmp_path: Path
) -> None:
    command = ["-s", str(write_settings(tmp_path, 1)), "keys"]
    old, next_key = device.bench.keys.device_kid, tmp_path / "keys" / NEXT_SIGNING_KEY
    assert cli.main([*command, "take-up"]) == 1 and not next_key.exists()
    new = device.begin()
    assert cli.main([*command, "take-up"]) == 1, "no yes of the shop yet"
    assert FileKeyStore.load(tmp_path / "keys").device_kid == old and next_key.exists()
    device.deliver()
    assert cli.main([*command, "take-up"]) == 0
    assert FileKeyStore.load(tmp_path / "keys").device_kid == new
    assert cli.main([*command, "take-up"]) == 1, "once"


def test_over_a_real_broker_the_device_changes_its_key_while_orders_go_through(
    broker: PrivateBroker, folder: ShopFolder, tmp_path: Path
) -> None:
    settings_file = write_settings(tmp_path, broker.port)
    on_line = Device(tmp_path, settings_file)
    with serving(folder, broker.port):
        try:
            on_line.until(on_line.road.clock_trusted, "the time")
            on_line.road.commit(agreed(1))
            offered = offer_next_key(on_line.settings)[0]
            on_line.until(lambda: on_line.road.key_renewal.state == "agreed", "the shop's yes")
            on_line.road.commit(agreed(2))
            on_line.journal.close()
            assert finish_change(on_line.settings, settings_file, by_hand=True) == "changed"
            on_line.uplink_has = {}
            on_line.open()
            on_line.road.link(on_line.connected)
            on_line.until(on_line.road.clock_trusted, "the time")
            on_line.road.commit(agreed(3))
            on_line.until(lambda: set(on_line.states()) == {"ordered"}, "all receipts")
        finally:
            on_line.close()
    with Shop.open(folder.database) as shop:
        known = shop.device(DEVICE)
        assert known is not None and known.signing_jwk == offered.key and known.next_key is None
        assert [old.jwk.kid for old in known.old_keys] == [offered.old] and len(shop.orders()) == 3


def test_a_key_that_was_given_up_is_no_thiefs(device: Renewing, tmp_path: Path) -> None:
    bench = device.bench
    first = device.begin()
    [statement] = bench.road.tick().publishes
    yes = bench.desk.key_changes.take(DEVICE, statement.payload, now_s=device.now_s)
    with bench.desk.shop.transaction(DEVICE):
        assert bench.desk.shop.next_keys.drop(DEVICE)
    forget_next_key(bench.settings)
    second = device.begin()
    assert second != first and device.deliver() == ["key_registered"]
    device.hear(yes.what, yes.payload)
    assert bench.road.key_renewal.fault == "" and device.start() == second
    device.ordered()


@pytest.mark.parametrize(
    ("state", "fault", "found"),
    [
        ("", "", []),
        ("asked", "", ["note"]),
        ("agreed", "", ["note"]),
        ("asked", "key_pending", ["note", "note"]),
        ("", "key_replaced", ["bad"]),
        ("", "key_not_ours", ["bad"]),
    ],
)
def test_the_doctor_says_so(state: str, fault: str, found: list[str]) -> None:
    health = operator.Health(
        voice=True, grammar="", broker=True, broker_reason="", clock_trusted=True, queued=0,
        key_state=state, key_fault=fault,
    )  # fmt: skip
    findings = list(following(health))
    assert [one.state for one in findings] == found and all(one.next_step for one in findings)
