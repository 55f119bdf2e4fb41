"""A shop comes back from a copy: whole, from no spoilt one, and placing and denying nothing that it lost."""

from __future__ import annotations

import stat
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.committing import outbox
from agent.committing.envelope import QUERY, QueryData, encode_event
from agent.committing.intents import SignedIntent
from agent.committing.receipts import verify_receipt
from agent.plumbing.errors import ConfigurationError
from order_backend.backup import back_up, restore
from order_backend.cli import main
from order_backend.desk import OrderDesk, Reply
from order_backend.folder import ShopFolder
from order_backend.sealed_file import SealedReader, SealedWriter
from order_backend.shop import Shop
from tests.committing.kit import DEVICE, Bench, agreed, make_bench

KEY = bytes(range(32))
SKEW_S = 2


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, database: str) -> Callable[[], str]:
    """Where a shop on the same kind of database may come back to."""
    return lambda: request.getfixturevalue("postgres").new_shop() if database else ""


@pytest.fixture
def bench(tmp_path: Path, database: str) -> Bench:
    bench = make_bench(tmp_path, database=database)
    bench.clocks.wall_s = time.time()
    bench.trust_time()
    return bench


def ordered(bench: Bench) -> tuple[SignedIntent, bytes]:
    intent = bench.road.commit(agreed())
    reply = bench.desk.intent(DEVICE, intent.payload, now_s=now_s())
    assert reply.code == "ordered"
    return intent, reply.payload


def now_s() -> int:
    return int(time.time())


def asked(desk: OrderDesk, intent_id: str) -> Reply:
    payload = encode_event(QUERY, id_=uuid.uuid4(), source=DEVICE, now_s=now_s(), data=QueryData(intent_id))
    return desk.query(DEVICE, payload, now_s=now_s())


def later(bench: Bench, seconds: float) -> SignedIntent:
    """One that is signed so much later."""
    bench.clocks.pass_by(seconds)
    return bench.road.commit(agreed())


def test_a_shop_comes_back_whole(bench: Bench, tmp_path: Path, empty_database: Callable[[], str]) -> None:
    intent, receipt = ordered(bench)
    bench.desk.shop.stock.count("coffee", 7)
    archive = tmp_path / "copy"
    manifest = back_up(bench.folder, archive, KEY)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert manifest.rows["orders"] == 1 and manifest.rows["devices"] == 1
    back = ShopFolder(tmp_path / "back")
    restore(back, archive, KEY, ended_at_s=now_s(), database=empty_database(), skew_s=SKEW_S)
    kept = {path.relative_to(bench.folder.path) for path in bench.folder.path.rglob("*.pem")}
    assert kept and all((back.path / name).stat().st_mode & 0o077 == 0 for name in kept)
    assert back.path.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(".restore*")) and not list(bench.folder.path.glob(".backup*"))
    desk = OrderDesk(back)
    assert desk.intent(DEVICE, intent.payload, now_s=now_s()) == Reply("ack", receipt, "replayed")
    assert desk.shop.stock.counted() == {"coffee": 7}
    assert desk.shop.orders() == bench.desk.shop.orders()
    fresh = later(bench, 60)
    assert desk.intent(DEVICE, fresh.payload, now_s=now_s() + 60).code == "ordered"  # and numbers go on
    desk.close()


def test_what_may_have_been_placed_is_neither_placed_nor_denied_until_somebody_has_looked(
    bench: Bench, tmp_path: Path, empty_database: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "copy"
    back_up(bench.folder, archive, KEY)
    (placed, _), (asked_for, _) = ordered(bench), ordered(bench)
    never = bench.road.commit(agreed())
    number = {row.intent_id: row.order_id for row in bench.desk.shop.orders()}
    back = ShopFolder(tmp_path / "back")
    restore(back, archive, KEY, ended_at_s=now_s(), database=empty_database(), skew_s=SKEW_S)
    desk = OrderDesk(back)
    for intent in (placed, never):
        assert desk.intent(DEVICE, intent.payload, now_s=now_s()) == Reply("", b"", "in_doubt")
    for intent in (placed, asked_for, never):
        assert asked(desk, intent.intent_id) == Reply("", b"", "in_doubt")
    assert desk.shop.orders() == []
    fresh = later(bench, SKEW_S + 5)
    assert desk.intent(DEVICE, fresh.payload, now_s=now_s() + SKEW_S + 5).code == "ordered"

    for intent in (placed, asked_for):
        assert main(["restored", str(back.path), "--placed", intent.intent_id, number[intent.intent_id]]) == 0
    assert main(["restored", str(back.path), "--close"]) == 0
    assert "asked about" in capsys.readouterr().out  # it came without its bytes: nothing can be said
    reply = asked(desk, placed.intent_id)
    receipt = verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")
    assert receipt.order_id == number[placed.intent_id]
    assert asked(desk, asked_for.intent_id) == Reply("", b"", "in_doubt")
    assert desk.intent(DEVICE, never.payload, now_s=now_s()).code == "shop_restored"
    assert asked(desk, str(uuid.uuid4())).code == "not_placed"
    assert {row.order_id for row in desk.shop.orders()} >= {number[placed.intent_id]}
    assert len(desk.shop.orders()) == 2
    desk.close()


def test_a_device_is_told_in_the_end(bench: Bench, tmp_path: Path) -> None:
    archive = tmp_path / "copy"
    back_up(bench.folder, archive, KEY)
    intent, _ = ordered(bench)  # its receipt is lost with the shop
    number = bench.desk.shop.orders()[0].order_id
    back = ShopFolder(tmp_path / "back")
    restore(back, archive, KEY, ended_at_s=now_s(), database="", skew_s=SKEW_S)
    bench.desk.close()
    bench.desk = OrderDesk(back)
    bench.road.link(True)
    [again] = bench.road.tick().publishes
    assert not bench.desk.intent(DEVICE, again.payload, now_s=now_s()).payload
    bench.clocks.pass_by(bench.settings.orders.intent_lifetime_seconds + outbox.GRACE_S + 60)
    bench.road.tick()
    assert [row.state for row in bench.journal.orders()] == ["unknown"]
    assert main(["restored", str(back.path), "--placed", intent.intent_id, number]) == 0
    reply = asked(bench.desk, intent.intent_id)
    bench.road.received(f"va/v1/d/{DEVICE}/dn/{reply.what}", reply.payload)
    [row] = bench.journal.orders()
    assert (row.state, row.order_id) == ("ordered", number)


def test_a_shop_moves_from_sqlite_to_postgresql_and_back(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    bench = make_bench(tmp_path)
    bench.clocks.wall_s = time.time()
    bench.trust_time()
    ordered(bench)
    rows = bench.desk.shop.orders()
    folder, url = bench.folder, request.getfixturevalue("postgres").new_shop()
    for number, database in enumerate((url, "")):
        archive, next_folder = tmp_path / f"copy{number}", ShopFolder(tmp_path / f"shop{number}")
        back_up(folder, archive, KEY)
        restore(next_folder, archive, KEY, ended_at_s=now_s(), database=database)
        folder = next_folder
        with Shop.open(folder.database) as shop:
            assert shop.orders() == rows
    with pytest.raises(ConfigurationError) as caught:
        restore(ShopFolder(tmp_path / "other"), archive, KEY, ended_at_s=now_s(), database=url)
    assert caught.value.code == "restore_not_empty" and not (tmp_path / "other").exists()


def test_a_copy_is_of_one_moment_while_orders_come_in(bench: Bench, tmp_path: Path) -> None:
    payloads = [bench.road.commit(agreed()).payload for _ in range(180)]
    begun, failed = threading.Event(), []

    def take() -> None:
        desk = OrderDesk(bench.folder)
        try:
            for payload in payloads:
                desk.intent(DEVICE, payload, now_s=now_s())
                begun.set()
        except Exception as error:
            failed.append(error)
        desk.close()

    thread = threading.Thread(target=take)
    thread.start()
    begun.wait()
    counts = []
    for number in range(4):
        manifest = back_up(bench.folder, tmp_path / f"copy{number}", KEY)
        assert manifest.rows["orders"] == manifest.rows["answers"]
        counts.append(manifest.rows["orders"])
    thread.join()
    assert failed == [] and counts == sorted(counts) and counts[0] >= 1
    assert len(bench.desk.shop.orders(1_000)) == 180


@pytest.mark.parametrize("spoil", ["key", "cut", "changed", "other"])
def test_another_key_or_a_spoilt_copy_brings_nothing_back(tmp_path: Path, spoil: str) -> None:
    bench = make_bench(tmp_path)
    archive, key = tmp_path / "copy", KEY
    back_up(bench.folder, archive, key)
    content = bytearray(archive.read_bytes())
    assert b"PRIVATE KEY" not in content
    match spoil:
        case "key":
            key = bytes(32)
        case "cut":
            del content[-20:]
        case "changed":
            content[len(content) // 2] ^= 1
        case "other":
            content = bytearray(b"something else")
    archive.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        restore(ShopFolder(tmp_path / "back"), archive, key, ended_at_s=now_s())
    assert caught.value.code == "backup_sealed"
    assert not (tmp_path / "back").exists() and not list(tmp_path.glob(".restore*"))


def test_a_copy_that_lost_its_last_piece_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "sealed"
    with path.open("wb") as file:
        writer = SealedWriter(file, KEY)
        writer.write(bytes(3 << 20))
        writer.close()
    whole = path.read_bytes()
    pieces = [
        whole[:49],
        *(whole[49 + at : 49 + at + (1 << 20) + 16] for at in range(0, 3 << 20, (1 << 20) + 16)),
    ]
    for altered in (pieces[:-1], [pieces[0], pieces[2], pieces[1], *pieces[3:]]):
        path.write_bytes(b"".join(altered))
        with path.open("rb") as file, pytest.raises(ConfigurationError):
            SealedReader(file, KEY).read(4 << 20)
    path.write_bytes(whole)
    with path.open("rb") as file:
        assert SealedReader(file, KEY).read(4 << 20) == bytes(3 << 20)


def test_the_commands_make_a_key_and_say_what_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = make_bench(tmp_path)
    copy, key, back = tmp_path / "copy", tmp_path / "copy.key", tmp_path / "back"
    assert main(["backup", str(bench.folder.path), "--out", str(copy), "--key", str(key)]) == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert main(["backup", str(bench.folder.path), "--out", str(copy), "--key", str(key)]) == 1
    assert "backup_exists" in capsys.readouterr().err
    at = ["--from", str(copy), "--key", str(key), "--ended-at", "2026-11-28T06:30Z"]
    assert main(["restore", str(back), *at]) == 0
    assert main(["restore", str(back), *at]) == 1
    capsys.readouterr()
    assert main(["restored", str(back)]) == 0
    assert "to 2026-11-28 06:35:00Z  open" in capsys.readouterr().out
    assert main(["restored", str(back), "--placed", str(uuid.uuid4()), "E-1"]) == 1
