"""A journal that storage has damaged: the device starts, and what is sound of it ends right, once."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.committing.journal import Journal
from agent.committing.journal_mend import MENDED, open_journal
from agent.committing.journal_mend_lists import SalvagedLists
from agent.committing.journal_rows import OPEN
from agent.committing.road import OrderRoad
from agent.committing.trusted_time import TrustedTime
from agent.deciding.basket import AgreedOrder, Basket
from agent.plumbing.errors import JournalError
from agent.plumbing.messages import Publish
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, Clocks, agreed, make_bench, make_road

PAGE = 4096
ORDERS = 30


def _agreed(number: int) -> AgreedOrder:
    """Baskets of several sizes, so that some rows run over a page."""
    order = agreed(person=f"person-{number % 10}", quantity=number % 3 + 1)
    lines = order.basket.lines + tuple(
        CATALOGUE.line(product, {}, number % 5 + 1, "en") for product in ("milk", "butter")[: number % 3]
    )
    return AgreedOrder(Basket(lines, CATALOGUE.version), order.person, order.factors, order.conversation)


@pytest.fixture(scope="module")
def damaged_later(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A device that was killed: some of its orders are settled, some reached the shop, some never left, and
    part of that stands in the write-ahead log only."""
    bench = make_bench(tmp_path_factory.mktemp("bench"))
    bench.trust_time()
    bench.road.link(True)
    unanswered = set()
    for number in range(ORDERS):
        signed = bench.road.commit(_agreed(number))
        if number % 3 == 0:
            unanswered.add(signed.intent_id)
        for publish in bench.road.tick().publishes:
            if publish.ref not in unanswered or number % 2:
                reply = bench.desk.intent(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s))
            if publish.ref not in unanswered:
                bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload)
        if number == ORDERS // 2:
            bench.journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        bench.clocks.pass_by(3)
    states = {row.state for row in bench.journal.orders(100)}
    assert states >= {"queued", "ordered"}
    return bench


class Device:
    """Another device of the same, on a copy of its files and of its shop."""

    def __init__(self, origin: Bench, folder: Path) -> None:
        shutil.copytree(origin.folder.path, folder / "shop")
        shutil.copytree(Path(origin.settings.paths.state_dir), folder / "state")
        self.origin, self.path = origin, folder / "state" / "journal.db"
        self.desk = OrderDesk(ShopFolder(folder / "shop"))
        self.clocks = Clocks()
        self.clocks.pass_by(origin.clocks.boot_s - self.clocks.boot_s)
        self.told: dict[str, str] = {}

    def start(self) -> None:
        self.journal = open_journal(self.path, self.origin.keys.public_jwk(), DEVICE)
        time = TrustedTime(self.origin.trust, self.journal, self.clocks.read)
        self.road: OrderRoad = make_road(
            self.journal, self.origin.keys, self.origin.trust, time, self.origin.settings, self.clocks
        )
        time.accept_event(self.desk.time(now_s=int(self.clocks.wall_s)))
        self.road.link(True)

    def run(self, seconds: int, step_s: int = 400) -> None:
        for _ in range(seconds // step_s):
            for _ in range(ORDERS):  # those of one person go one after the other
                turn = self.road.tick()
                for event in turn.events:
                    self.told[event.intent_id] = type(event).__name__  # type: ignore[union-attr]
                if not turn.publishes:
                    break
                for publish in turn.publishes:
                    self._answer(publish)
            self.clocks.pass_by(step_s)

    def _answer(self, publish: Publish) -> None:
        handle = self.desk.query if publish.topic.endswith("query") else self.desk.intent
        reply = handle(DEVICE, publish.payload, now_s=int(self.clocks.wall_s))
        for event in self.road.received(f"va/v1/d/{DEVICE}/dn/{reply.what}", reply.payload):
            self.told[event.intent_id] = type(event).__name__  # type: ignore[union-attr]

    def end(self) -> None:
        self.journal.close()
        self.desk.close()


def flip(path: Path, places: list[tuple[float, int]]) -> set[int]:
    """Flips bits at these fractions of the file's length; the offsets."""
    content = bytearray(path.read_bytes())
    touched = set()
    for fraction, mask in places:
        at = int(fraction * len(content))
        content[at] ^= mask
        touched.add(at)
    path.write_bytes(content)
    return touched


def untouched(path: Path, touched: set[int], payloads: dict[str, bytes]) -> set[str]:
    """Orders whose signed bytes stand in one piece, in a page of which no byte was touched."""
    content, pages = path.read_bytes(), {at // PAGE for at in touched}
    found = set()
    for intent_id, payload in payloads.items():
        at = content.find(payload)
        if at >= 0 and at // PAGE == (at + len(payload)) // PAGE and at // PAGE not in pages:
            found.add(intent_id)
    return found


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 1 << 32),
    near=st.sampled_from([(0.0, 1.0), (0.0, 0.02), (0.3, 0.4), (0.9, 1.0)]),
    in_log=st.booleans(),
)
def test_any_200_flipped_bytes_it_starts_and_every_sound_open_order_ends_right_once(
    damaged_later: Bench,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    near: tuple[float, float],
    in_log: bool,
) -> None:
    device = Device(damaged_later, tmp_path_factory.mktemp("device"))
    chance = random.Random(seed)
    places = [(chance.uniform(*near) * 0.999999, chance.randrange(1, 256)) for _ in range(200)]
    touched = flip(device.path, places)
    if in_log:
        flip(device.path.with_name("journal.db-wal"), places)
    before = {row.intent_id: row for row in damaged_later.journal.orders(1000)}
    payloads = {id_: damaged_later.journal.signed_bytes(id_)[1] for id_ in before}
    sound = untouched(device.path, touched, payloads)
    placed_before = {order.intent_id for order in device.desk._shop.orders()}
    try:
        device.start()
        rows = {row.intent_id: row for row in device.journal.orders(1000)}
        assert sound <= rows.keys() <= before.keys(), "what is sound is there, and nothing was made up"
        assert all(row.attempts > 0 for row in rows.values()) or device.journal.meta_get(MENDED) is None
        device.run(8_000)
        placed = [order.intent_id for order in device.desk._shop.orders()]
        assert len(placed) == len(set(placed)) and placed_before <= set(placed) <= before.keys()
        for row in device.journal.orders(1000):
            assert row.state not in OPEN, row
            assert (row.state == "ordered") == (row.intent_id in placed), row
        for id_, told in device.told.items():
            assert (told == "OrderPlaced") == (id_ in placed)
        again = {
            id_ for id_ in device.told if before[id_].state == "ordered" and rows[id_].state == "ordered"
        }
        assert not again, "what was settled is not told again"
    finally:
        device.end()


def test_any_byte_of_the_header_may_be_wrong(damaged_later: Bench, tmp_path: Path) -> None:
    content = (Path(damaged_later.settings.paths.state_dir) / "journal.db").read_bytes()
    path = tmp_path / "journal.db"
    for at in range(100):
        altered = bytearray(content)
        altered[at] ^= 0x02 if at % 2 else 0xFF
        path.write_bytes(altered)
        with open_journal(path, damaged_later.keys.public_jwk(), DEVICE) as journal:
            assert len(journal.orders(1000)) > ORDERS // 2, at
            journal.meta_set("can be written", "1")
        for file in tmp_path.iterdir():
            file.unlink()


def _truncate(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "no header": lambda content: bytes(PAGE) + content[PAGE:],
    "another file": lambda _: b"this is no database, but long enough to look like one" * 200,
    "cut off": _truncate,
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_hardly_one_is_mended_and_the_old_one_is_kept(
    damaged_later: Bench, tmp_path: Path, damage: str
) -> None:
    device = Device(damaged_later, tmp_path / "device")
    device.path.with_name("journal.db-wal").unlink()
    content = DAMAGES[damage](device.path.read_bytes())
    device.path.write_bytes(content)
    device.start()
    assert len(device.journal.orders(1000)) >= (5 if damage in ("no header", "cut off") else 0)
    if content:
        assert device.journal.meta_get(MENDED) == "1"
        assert device.path.with_name("journal.db-damaged").read_bytes() == content
    device.run(8_000)
    assert device.journal.open_count() == 0
    device.road.commit(agreed())
    device.end()


def test_a_device_that_died_while_it_mended_goes_on_where_it_stopped(
    damaged_later: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(damaged_later, tmp_path / "device")
    device.path.with_name("journal.db-wal").unlink()  # or SQLite would find a good first page there
    flip(device.path, [(0.0, 255)])
    real = Path.unlink

    def dies(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith("-shm"):
            raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(KeyboardInterrupt):
        device.start()
    assert not device.path.exists(), "the worst moment: the old one is away, the new one not there"
    monkeypatch.setattr(Path, "unlink", real)
    device.start()
    assert len(device.journal.orders(1000)) > ORDERS // 2
    device.end()


def test_a_row_that_says_something_else_than_it_did_is_found_and_written_anew(
    damaged_later: Bench, tmp_path: Path
) -> None:
    device = Device(damaged_later, tmp_path / "device")
    with closing(sqlite3.connect(device.path)) as db:
        wrong = "UPDATE orders SET total_minor = 1, person = 'x', exp = 9e9 WHERE state IN ('queued', 'sent')"
        db.execute(wrong.replace("9e9", "9000000000"))
        db.commit()
    before = {row.intent_id: row for row in damaged_later.journal.open_orders()}
    device.start()
    for row in device.journal.open_orders():
        told = before[row.intent_id]
        assert (row.total, row.person, row.exp) == (told.total, told.person, told.exp)
    assert device.journal.meta_get(MENDED) == "1"
    device.end()


def test_what_a_pin_confirmed_is_no_purchase_by_voice_in_a_mended_journal(tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench")
    bench.trust_time()
    by_pin = msgspec.structs.replace(agreed(quantity=3), factors=("voice", "pin"))
    for order in (by_pin, agreed(), agreed()):
        bench.road.commit(order)
    bench.journal.close()
    path = tmp_path / "bench" / "state" / "journal.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "UPDATE orders SET total_minor = 1, factors = CASE number WHEN 2 THEN 'moon' ELSE factors END"
        )
        db.commit()
    with open_journal(path, bench.keys.public_jwk(), DEVICE) as journal:
        assert journal.meta_get(MENDED) == "1"
        assert journal.spent_by_voice_since(0, "PLN") == 2 * agreed().basket.total.minor
    bench.desk.close()


def test_what_somebody_else_agreed_to_stays_that_in_a_mended_journal(tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench")
    bench.trust_time()
    for by_another in (True, False, False):
        bench.road.commit(msgspec.structs.replace(agreed(), by_another=by_another))
    bench.journal.close()
    path = tmp_path / "bench" / "state" / "journal.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "UPDATE orders SET total_minor = 1, by_another = CASE number WHEN 2 THEN 7 ELSE by_another END"
        )
        db.commit()
    with open_journal(path, bench.keys.public_jwk(), DEVICE) as journal:
        assert journal.meta_get(MENDED) == "1"
        found = [row.by_another for row in reversed(journal.orders())]
        assert found == [True, True, False], "what is damaged takes no voice back either"
    bench.desk.close()


def test_a_mended_list_has_nothing_of_whom_an_earlier_release_has_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        for person, sku in (("p-1", "rice"), ("", "tea"), ("p-2", "oats")):
            journal.add_to_list([(sku, 1, sku)], person=person, now_s=NOW_S)
        journal._db.execute("UPDATE list_entries SET person = '' WHERE person = 'p-1'")
        as_first_made = "INSERT INTO list_entries VALUES (9, 'p-3', 'milk', 2, 'milk', 0, 1, 0)"
        journal._db.execute(as_first_made)
    salvaged, listed = SalvagedLists(), Journal(tmp_path / "mended.db")
    with closing(sqlite3.connect(path)) as db:
        for number, *values in db.execute("SELECT * FROM list_entries"):
            columns = values if number != 9 else values[:-1]  # an earlier release's row ends here
            assert salvaged.take(number, (None, *columns))
    salvaged.write(listed._db, [])
    assert [entry.sku for entry in listed.on_list()] == ["tea", "oats", "milk"]
    listed.close()


def test_the_mended_journal_is_told_once(damaged_later: Bench, tmp_path: Path) -> None:
    device = Device(damaged_later, tmp_path / "device")
    device.path.with_name("journal.db-wal").unlink()  # or SQLite would find a good first page there
    flip(device.path, [(0.0, 255)])
    device.start()
    device.journal.close()
    again = open_journal(device.path, damaged_later.keys.public_jwk(), DEVICE)
    assert again.meta_get(MENDED) == "1", "until it was said"
    again.close()
    device.desk.close()


@pytest.mark.parametrize("in_log", [False, True])
def test_what_was_to_be_taken_back_still_is(tmp_path: Path, in_log: bool) -> None:
    """A cancellation that is open goes out again; one that was answered stays that, and told is told."""
    bench = make_bench(tmp_path / "bench")
    bench.trust_time()
    bench.road.link(True)
    orders = [bench.road.commit(_agreed(number)).intent_id for number in range(6)]
    for publish in bench.road.tick().publishes:
        reply = bench.desk.intent(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s))
        bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload)
    bench.clocks.pass_by(10)
    asked, told, unsigned = orders[:3], orders[3], orders[4]
    for intent_id in (*asked, told, unsigned):
        bench.road.cancel(intent_id, factors=("voice",))
    bench.journal.settle_cancel(told, "too_late", now_s=int(bench.clocks.wall_s))
    bench.journal.told_cancel(told, now_s=int(bench.clocks.wall_s))
    bench.journal._db.execute(
        "UPDATE cancels SET payload = CAST(replace(payload, 'signed', 'singed') AS BLOB) WHERE intent_id = ?",
        (unsigned,),
    )
    if not in_log:
        bench.journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    device = Device(bench, tmp_path / "device")
    if in_log:
        content = device.path.read_bytes()
        device.path.write_bytes(bytes(len(content)))
    else:
        device.path.with_name("journal.db-wal").unlink()
        flip(device.path, [(0.0, 255)])
    device.start()
    assert device.journal.meta_get(MENDED) == "1"
    assert [cancel.intent_id for cancel in device.journal.open_cancels()] == asked
    assert all(cancel.attempts and cancel.is_whole for cancel in device.journal.open_cancels())
    answered = device.journal.cancel(told)
    assert answered is not None and answered.outcome == "too_late"
    assert device.journal.untold_cancels(0) == [] and device.journal.cancel(unsigned) is None
    for publish in device.road.tick().publishes:
        reply = device.desk.cancel(DEVICE, publish.payload, now_s=int(device.clocks.wall_s))
        device.road.received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload)
    reasons = {row.intent_id: row.reason for row in device.journal.orders()}
    assert [name for name in orders if reasons[name] == "cancelled"] == asked
    device.end()
    bench.journal.close()
    bench.desk.close()


def test_anything_but_damage_is_not_mended(tmp_path: Path, damaged_later: Bench) -> None:
    with pytest.raises(JournalError) as caught:
        open_journal(tmp_path / "absent" / "journal.db", damaged_later.keys.public_jwk(), DEVICE)
    assert caught.value.code == "journal_unusable"
