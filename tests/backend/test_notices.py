"""Every placed order of a device that has an owner gives one notice, and nothing else does."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.exc import OperationalError

from agent.bench.postgres_server import PostgresServer
from order_backend.database import DatabaseError
from order_backend.desk import OrderDesk
from order_backend.shop import Shop
from tests.backend.post_office import ADDRESS, place, refuses, takes_again, tell, turned, write_mail
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, make_bench


def notices(bench: Bench) -> list[tuple[str, str, str]]:
    with Shop.open(bench.folder.database) as shop:
        rows = shop._db.run("SELECT order_id, state, amr FROM notices ORDER BY number")
        return [tuple(row) for row in rows]


def test_an_order_of_a_device_without_an_owner_leaves_no_notice(bench: Bench) -> None:
    place(bench)
    assert notices(bench) == []


def test_an_order_leaves_one_notice_with_how_it_was_confirmed(bench: Bench) -> None:
    tell(bench)
    bench.trust_time()
    with_pin = msgspec.structs.replace(agreed(8), factors=("voice", "pin"))
    bench.desk.intent(DEVICE, bench.road.commit(with_pin).payload, now_s=NOW_S)
    [order] = bench.desk._shop.orders()
    assert notices(bench) == [(order.order_id, "due", '["voice","pin"]')]


def test_a_replay_and_a_refusal_leave_none(bench: Bench) -> None:
    tell(bench)
    bench.trust_time()
    intent = bench.road.commit(agreed())
    codes = [bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S + wait).code for wait in (0, 60, 600)]
    late = bench.road.commit(agreed(3))
    codes.append(bench.desk.intent(DEVICE, late.payload, now_s=late.exp + 1).code)
    assert codes == ["ordered", "replayed", "replayed", "expired"]
    assert len(notices(bench)) == 1


def test_two_replicas_that_get_the_same_intents_at_once_leave_one_notice_an_order(bench: Bench) -> None:
    tell(bench)
    bench.trust_time()
    payloads = [bench.road.commit(agreed(quantity)).payload for quantity in range(1, 21)]
    ready = threading.Barrier(2)
    codes: list[str] = []

    def replica() -> None:
        desk = OrderDesk(bench.folder)
        ready.wait()
        for payload in payloads:
            codes.append(desk.intent(DEVICE, payload, now_s=NOW_S).code)
        desk.close()

    threads = [threading.Thread(target=replica) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["ordered"] * 20 + ["replayed"] * 20
    told = [order_id for order_id, _, _ in notices(bench)]
    assert len(told) == len(set(told)) == 20
    assert set(told) == {order.order_id for order in bench.desk._shop.orders()}


def test_who_is_told_no_more_is_not_told_of_an_order_that_was_being_placed(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    bench = make_bench(tmp_path, database=postgres.new_shop())
    place(bench)
    tell(bench)
    shop = bench.desk.shop
    [order] = shop.orders()
    with Shop.open(bench.folder.database) as other, shop.transaction():
        other.database.run("SET lock_timeout = '200ms'")
        shop.notices.note(order.order_id, DEVICE, ["voice"], now_s=NOW_S)
        with pytest.raises(OperationalError):  # it waits for the order, to drop its notice as well
            other.notices.remove_owner(DEVICE)
    assert shop.notices.remove_owner(DEVICE) == 1
    bench.journal.close()
    bench.desk.close()


def test_an_order_that_is_not_written_leaves_no_notice_either(bench: Bench) -> None:
    tell(bench)
    bench.trust_time()
    payload = bench.road.commit(agreed()).payload
    refuses(bench, "notices")
    with pytest.raises(DatabaseError, match="told to refuse"):
        bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    assert notices(bench) == [] and bench.desk._shop.orders() == []
    takes_again(bench, "notices")
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S).code == "ordered"
    assert len(notices(bench)) == 1


def test_what_waits_is_dropped_when_the_owner_is_removed_and_stays_so(bench: Bench) -> None:
    tell(bench)
    place(bench)
    with Shop.open(bench.folder.database) as shop:
        assert shop.notices.remove_owner(DEVICE) == 1
        assert shop.notices.remove_owner(DEVICE) is None
        assert shop.notices.owners() == []
    assert [state for _, state, _ in notices(bench)] == ["dropped"]
    tell(bench)
    assert [state for _, state, _ in notices(bench)] == ["dropped"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_removed_address_is_in_no_byte_of_the_database_any_more(bench: Bench) -> None:
    def written() -> bytes:
        with Shop.open(bench.folder.database) as shop:
            shop._db.run("PRAGMA wal_checkpoint(TRUNCATE)")
        return bench.folder.database.read_bytes()

    tell(bench)
    place(bench)
    assert written().count(ADDRESS.encode()) == 1
    with Shop.open(bench.folder.database) as shop:
        shop.notices.remove_owner(DEVICE)
    assert ADDRESS.encode() not in written()


def test_a_clock_that_was_far_ahead_does_not_keep_a_notice_back(bench: Bench) -> None:
    tell(bench)
    place(bench)
    write_mail(bench.folder, 25)
    with turned(bench.folder) as by_hand:
        year_before = NOW_S - 365 * 86_400
        assert len(by_hand.shop.notices.due(year_before)) == 1
        assert by_hand.shop.notices.due(NOW_S - 60) == []
