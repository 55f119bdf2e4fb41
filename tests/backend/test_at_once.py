"""One order, however many replicas get its intent at once, and whatever happens to PostgreSQL meanwhile."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.bench.postgres_server import PostgresServer
from agent.committing.receipts import verify_receipt
from agent.committing.tls import probe_broker
from agent.plumbing.errors import ConfigurationError
from order_backend.broker import PrivateBroker
from order_backend.database import Database, RowRefused, reason
from order_backend.desk import OrderDesk
from order_backend.provisioning import revoke
from order_backend.replicas import add_replica
from order_backend.schema import SCHEMA_VERSION
from order_backend.service import OrderService
from order_backend.shop import Shop
from tests.backend.test_replicas import running
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, question
from tests.committing.network import PATIENCE_S, RawClient, as_long_as_it_goes_on, eventually
from tests.committing.test_tls import context_of

only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def at_once(bench: Bench, calls: list[Callable[[OrderDesk], str]]) -> list[str]:
    """What each says, at a desk and in a thread of its own, started together."""
    ready = threading.Barrier(len(calls))
    said: list[str] = []

    def replica(call: Callable[[OrderDesk], str]) -> None:
        desk = OrderDesk(bench.folder)
        ready.wait()
        try:
            said.append(call(desk))
        finally:
            desk.close()

    threads = [threading.Thread(target=replica, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def test_the_same_intents_at_four_replicas_at_once_are_one_order_each(bench: Bench) -> None:
    bench.trust_time()
    payloads = [bench.road.commit(agreed(quantity)).payload for quantity in range(1, 21)]

    def takes_all(desk: OrderDesk) -> str:
        return " ".join(desk.intent(DEVICE, payload, now_s=NOW_S).code for payload in payloads)

    codes = Counter(" ".join(at_once(bench, [takes_all] * 4)).split())
    assert codes == {"ordered": 20, "replayed": 60}
    assert len(bench.desk.shop.orders()) == 20


def test_a_question_and_its_intent_at_once_agree(bench: Bench) -> None:
    """Either it is said not to be placed and is not, or it is placed and the question gets its receipt."""
    bench.trust_time()
    ends: Counter[tuple[str, ...]] = Counter()
    for _ in range(10):
        intent = bench.road.commit(agreed())
        asks = question(bench, intent.intent_id)
        codes = at_once(
            bench,
            [
                lambda desk, payload=intent.payload: desk.intent(DEVICE, payload, now_s=NOW_S).code,
                lambda desk, asks=asks: desk.query(DEVICE, asks, now_s=NOW_S).code,
            ],
        )
        placed = bench.desk.shop.order(DEVICE, intent.intent_id) is not None
        ends[*codes, str(placed)] += 1
    assert set(ends) <= {("not_placed", "not_placed", "False"), ("ordered", "replayed", "True")}


@only_postgresql
@pytest.mark.timeout(1_200)  # it waits for progress, however slow
def test_two_hundred_intents_while_postgresql_is_killed_are_two_hundred_orders(
    bench: Bench, postgres: PostgresServer, tmp_path: Path
) -> None:
    bench.clocks.wall_s = time.time()
    bench.trust_time()
    payloads = {}
    for _ in range(200):
        intent = bench.road.commit(agreed(1))
        payloads[intent.intent_id] = intent.payload
    add_replica(bench.folder, "backend-2", now=datetime.now(UTC))
    receipts: dict[str, set[str]] = {}
    with (
        PrivateBroker(bench.folder) as broker,
        running(bench.folder, broker.port) as first,
        running(bench.folder, broker.port, "backend-2") as second,
    ):
        for service in (first, second):
            assert service.connected.wait(PATIENCE_S)
        device = RawClient(context_of(bench.folder, tmp_path / "keys"), DEVICE, broker.port)
        device.subscribe(f"va/v1/d/{DEVICE}/dn/ack")
        killed = False

        def read(quiet_s: float = 0.0) -> bool:
            """All that comes, until nothing does for that long."""
            while True:
                try:
                    payload = bytes(device.messages.get(timeout=quiet_s or None, block=quiet_s > 0).payload)
                except queue.Empty:
                    return bool(receipts)
                receipt = verify_receipt(payload, bench.trust, device_id=DEVICE, environment="test")
                assert receipt.status == "ordered"
                receipts.setdefault(receipt.intent_id, set()).add(receipt.order_id)

        def sends_what_is_open() -> bool:
            nonlocal killed
            read()
            for number, intent_id in enumerate([one for one in payloads if one not in receipts]):
                device.publish(f"va/v1/d/{DEVICE}/up/intent", payloads[intent_id])
                if number == 60 and not killed:
                    eventually(read, "the first receipts")
                    postgres.kill()
                    killed = True
                    eventually(lambda: not first.connected.is_set(), "that the first leaves")
                    eventually(lambda: not second.connected.is_set(), "that the second leaves")
                    postgres.start()
            read(quiet_s=1.0)
            return len(receipts) == 200

        as_long_as_it_goes_on(sends_what_is_open, lambda: len(receipts), "a receipt for each")
        device.close()
    with Shop.open(bench.folder.database) as shop:
        rows = shop.orders(1_000)
    assert killed and len(rows) == 200
    assert receipts == {row.intent_id: {row.order_id} for row in rows}


@only_postgresql
def test_a_service_that_starts_before_its_postgresql_waits_for_it(
    bench: Bench, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    with PrivateBroker(bench.folder) as broker:
        postgres.kill()
        try:
            with running(bench.folder, broker.port) as service:
                eventually(lambda: any("database_away" in one for one in caplog.messages), "its word")
                assert not service.connected.is_set()
                postgres.start()
                assert service.connected.wait(PATIENCE_S)
        finally:
            if not postgres.answers():
                postgres.start()


@only_postgresql
def test_a_broker_starts_while_postgresql_is_away_and_still_refuses_the_revoked(
    bench: Bench, postgres: PostgresServer, tmp_path: Path
) -> None:
    revoke(bench.folder, DEVICE, now=datetime.now(UTC))
    listed = bench.folder.revocations.read_bytes()
    postgres.kill()
    try:
        with PrivateBroker(bench.folder) as broker:
            assert bench.folder.revocations.read_bytes() == listed
            refused = probe_broker("localhost", broker.port, context_of(bench.folder, tmp_path / "keys"))
            assert refused == "tls_client_revoked"
    finally:
        postgres.start()


@only_postgresql
def test_a_connection_that_was_lost_is_made_again(bench: Bench) -> None:
    bench.trust_time()
    with Shop.open(bench.folder.database) as other:
        other._db.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    payload = bench.road.commit(agreed()).payload
    with pytest.raises(Exception, match=r"terminating|closed|lost"):
        bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S).code == "ordered"


@only_postgresql
def test_what_is_committed_is_on_disk_whatever_the_servers_settings_say(database: str) -> None:
    careless = Database(database + "%20-csynchronous_commit%3Doff")
    assert careless.run("SHOW synchronous_commit").scalar_one() == "on"
    careless.close()


@only_postgresql
def test_processes_that_start_at_once_make_the_tables_once(database: str) -> None:
    script = "import sys; from order_backend.shop import Shop; Shop.open(sys.argv[1]).close()"
    processes = [subprocess.Popen([sys.executable, "-c", script, database]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    with Shop.open(database) as shop:
        assert shop._db.run("SELECT version FROM schema_version").scalar_one() == SCHEMA_VERSION
        assert shop.clock.read().floor_s == 0


@only_postgresql
def test_tables_that_cannot_be_made_are_made_by_half_neither(database: str) -> None:
    there_already = Database(database)
    there_already.run("CREATE TABLE notices (something_else TEXT)")
    with pytest.raises(ConfigurationError) as caught:
        Shop.open(database)
    assert caught.value.code == "shop_database"
    assert there_already.run("SELECT to_regclass('devices')").scalar_one() is None
    there_already.close()


@only_postgresql
def test_a_later_releases_tables_are_left_alone(database: str) -> None:
    with Shop.open(database) as shop:
        shop._db.run(f"UPDATE schema_version SET version = {SCHEMA_VERSION + 1}")
    with pytest.raises(ConfigurationError) as caught:
        Shop.open(database)
    assert caught.value.code == "shop_database"


@pytest.mark.parametrize(
    "url",
    ["postgresql://anna:secret@localhost:1/shop", "postgresql://anna:secret@[::1", "mysql://x:secret@y/z"],
)
def test_a_database_that_cannot_be_reached_is_said_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Shop.open(url)
    assert caught.value.code == "shop_database" and "secret" not in str(caught.value)


def test_what_could_not_be_written_is_in_no_message(bench: Bench) -> None:
    database = bench.desk.shop._db
    with pytest.raises(RowRefused) as caught:
        database.run("INSERT INTO owners VALUES ('no-such-device', 'anna@example.org', 'en')")
    assert "anna" not in reason(caught.value) and "\n" not in reason(caught.value)


def test_a_shop_names_no_other_kind_of_database(bench: Bench) -> None:
    text = bench.folder.config_file.read_text()
    bench.folder.config_file.write_text(text.replace('"database": "', '"database": "mysql://'))
    with pytest.raises(ConfigurationError) as caught:
        OrderService(bench.folder)
    assert caught.value.code == "shop_invalid"
