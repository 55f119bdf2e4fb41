from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import uuid
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from agent.committing import journal_bounds
from agent.committing.intents import SignedIntent
from agent.committing.journal import Journal
from agent.committing.journal_rows import ALLOWED, OPEN, State
from agent.committing.journal_steps import SCHEMA_VERSION, STEPS
from agent.plumbing.errors import JournalError
from tests.committing.kit import NOW_S, agreed


def intent(number: int = 0) -> SignedIntent:
    return SignedIntent(
        str(uuid.uuid4()), "va/v1/d/device-1/up/intent", b"signed %d" % number, "ab" * 32, NOW_S, NOW_S + 60
    )


def queue(journal: Journal, **agreement: object) -> str:
    signed = intent()
    journal.queue(signed, agreed(**agreement), now_s=NOW_S, monotonic_ns=5)  # type: ignore[arg-type]
    return signed.intent_id


def move(journal: Journal, intent_id: str, state: State) -> None:
    journal.move(intent_id, state, now_s=NOW_S + 1, monotonic_ns=6)


def test_what_was_queued_is_there_after_reopening_byte_for_byte(tmp_path: Path) -> None:
    signed, order = intent(7), msgspec.structs.replace(agreed(), speech_ended_ns=1_000_000_000)
    with Journal(tmp_path / "j.db") as journal:
        journal.queue(signed, order, now_s=NOW_S, monotonic_ns=1_250_000_000)
    with Journal(tmp_path / "j.db") as journal:
        assert journal.signed_bytes(signed.intent_id) == (signed.topic, signed.payload)
        [row] = journal.orders()
        assert (row.state, row.total, row.attempts) == ("queued", order.basket.total, 0)
        assert row.seconds_to_journal == pytest.approx(0.25)
        assert row.title == "2 × dark roast coffee"
        assert [event.what for event in journal.events(signed.intent_id)] == ["queued"]
    assert stat.S_IMODE((tmp_path / "j.db").stat().st_mode) == 0o600


def test_a_repeat_of_what_is_open_is_found_and_only_that(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        key = agreed().basket.key
        intent_id = queue(journal)
        assert journal.queued_like("person-1", key) is not None
        assert journal.queued_like("person-2", key) is None
        assert journal.queued_like("person-1", agreed(quantity=3).basket.key) is None
        move(journal, intent_id, "ordered")
        assert journal.queued_like("person-1", key) is None


def test_spending_counts_everything_that_may_yet_cost_something(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        ids = [queue(journal) for _ in range(4)]
        queue(journal, person="person-2")
        move(journal, ids[0], "refused")
        move(journal, ids[1], "expired")
        move(journal, ids[2], "unknown")
        assert journal.spent_since("person-1", NOW_S - 1, "PLN") == 2 * 3800
        assert journal.spent_since("person-1", NOW_S + 1, "PLN") == 0
        assert journal.spent_since("person-1", NOW_S - 1, "EUR") == 0


def test_decisions_and_meta_are_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        for code in ("placed", "stranger"):
            journal.record_decision(conversation="c", code=code, title="t", person="p", at_s=NOW_S)
        assert [row.code for row in journal.decisions(5)] == ["stranger", "placed"]
        assert journal.meta_get("a") is None
        journal.meta_set("a", "1")
        journal.meta_set("a", "2")
        assert journal.meta_get("a") == "2"


def test_a_full_disk_promises_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        kept = queue(journal)
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        big = msgspec.structs.replace(intent(), payload=b"x" * 50_000)
        with pytest.raises(JournalError) as caught:
            journal.queue(big, agreed(), now_s=NOW_S, monotonic_ns=1)
        assert caught.value.code == "journal_full" and caught.value.next_step
        assert [row.intent_id for row in journal.orders()] == [kept]


def test_a_file_size_limit_is_a_clear_error_too(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
            with pytest.raises(JournalError) as caught:
                journal.queue(
                    msgspec.structs.replace(intent(), payload=b"x" * 50_000),
                    agreed(),
                    now_s=1,
                    monotonic_ns=1,
                )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert caught.value.code in ("journal_full", "journal_unusable")
        assert journal.orders() == []


def test_a_read_only_journal_says_so(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        journal._db.execute("PRAGMA query_only = ON")
        with pytest.raises(JournalError) as caught:
            queue(journal)
        assert caught.value.code == "journal_read_only"


@pytest.mark.parametrize("damage", ["header", "page", "text"])
def test_damage_is_found_when_it_is_opened(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        for _ in range(50):
            queue(journal)
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"this is not a database, but long enough to look like one" * 100)
    else:
        start = 0 if damage == "header" else 4096
        content[start : start + 200] = os.urandom(200)
    path.write_bytes(content)
    with pytest.raises(JournalError) as caught:
        Journal(path)
    assert caught.value.code == "journal_corrupt" and caught.value.next_step


def test_no_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError) as caught:
        Journal(tmp_path / "absent" / "j.db")
    assert caught.value.code == "journal_unusable"


def test_a_newer_journal_opens_only_where_it_says_that_it_may(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal(path) as journal:
        intent_id = queue(journal)
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with Journal(path) as journal:  # an addition that the previous release can live with
        assert journal.order(intent_id) is not None
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = ? WHERE key = 'oldest_reader'", (str(SCHEMA_VERSION + 1),))
    with pytest.raises(JournalError) as caught:
        Journal(path)
    assert caught.value.code == "journal_newer"


WRITER = """
import os, sys
sys.path[:0] = [{root!r}]
from pathlib import Path
from agent.committing.journal import Journal
from tests.committing.test_journal import queue
journal = Journal(Path({path!r}))
while True:
    print(queue(journal), flush=True)
"""


def test_kill_9_loses_no_order_that_was_reported(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    script = WRITER.format(root=root, path=str(tmp_path / "j.db"))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root
    ) as writer:
        assert writer.stdout is not None
        reported = [writer.stdout.readline().strip() for _ in range(20)]
        writer.kill()
        reported += [line.strip() for line in writer.stdout.readlines() if len(line) == 37]
    with Journal(tmp_path / "j.db") as journal:
        kept = {row.intent_id for row in journal.orders(10_000)}
        assert set(reported) <= kept
        assert len(kept) - len(reported) <= 1  # one may be on disk and not yet reported


class OrderLives(RuleBasedStateMachine):
    """Whatever is tried in whatever order, the journal only ever makes allowed moves, and ends are ends."""

    intents = Bundle("intents")

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal(Path(tempfile.mkdtemp()) / "j.db")
        self.model: dict[str, State] = {}

    @initialize(target=intents)
    def first(self) -> str:
        return self.queue_one()

    @rule(target=intents)
    def queue_one(self) -> str:
        intent_id = queue(self.journal)
        self.model[intent_id] = "queued"
        return intent_id

    @rule(intent_id=intents, state=st.sampled_from(sorted(ALLOWED)))
    def try_to_move(self, intent_id: str, state: State) -> None:
        allowed = state in ALLOWED[self.model[intent_id]]
        try:
            move(self.journal, intent_id, state)
        except JournalError as error:
            assert error.code == "journal_transition" and not allowed
        else:
            assert allowed
            self.model[intent_id] = state

    @rule(intent_id=intents)
    def try_to_queue_again(self, intent_id: str) -> None:
        again = msgspec.structs.replace(intent(), intent_id=intent_id)
        with pytest.raises(JournalError):
            self.journal.queue(again, agreed(), now_s=NOW_S, monotonic_ns=1)

    @rule(intent_id=intents)
    def attempt(self, intent_id: str) -> None:
        self.journal.attempted([intent_id], now_s=NOW_S, monotonic_ns=1)

    @invariant()
    def journal_agrees_with_the_model(self) -> None:
        assert {row.intent_id: row.state for row in self.journal.orders(1000)} == self.model
        open_ids = {intent_id for intent_id, state in self.model.items() if state in OPEN}
        assert {row.intent_id for row in self.journal.open_orders()} == open_ids
        assert self.journal.open_count() == len(open_ids)
        assert all((row.settled_at_s is None) == (row.state in OPEN) for row in self.journal.orders(1000))

    def teardown(self) -> None:
        folder = self.journal._path.parent
        self.journal.close()
        shutil.rmtree(folder)


TestOrderLives = OrderLives.TestCase
TestOrderLives.settings = settings(
    max_examples=30, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)


def test_only_the_newest_decisions_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.committing.journal_decisions.MOST_DECISIONS", 5)
    with Journal(tmp_path / "journal.db") as journal:
        for number in range(20):
            journal.record_decision(conversation="c", code=f"code-{number}", title="", person="", at_s=number)
        assert [row.at_s for row in journal.decisions(100)] == [19, 18, 17, 16, 15, 14]


def test_a_journal_of_the_first_schema_is_brought_up_to_date_with_everything_in_it(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    signed = intent(3)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            f"{STEPS[0]} INSERT INTO meta VALUES ('oldest_reader', '1'); PRAGMA user_version = 1;"
        )
        db.execute(
            "INSERT INTO orders (intent_id, conversation, person, basket_key, title, total_minor, currency,"
            " topic, payload, sha256, iat, exp, state, attempts, queued_at_s)"
            " VALUES (?, 'c', 'p', 'tea*1', 'tea', 5, 'PLN', 't', ?, ?, 1, 2, 'sent', 4, 1)",
            (signed.intent_id, signed.payload, signed.sha256),
        )
        db.commit()
    for _ in range(2):  # the second time there is nothing to do
        with Journal(path) as journal:
            [row] = journal.open_orders()
            assert (row.state, row.attempts, row.basket_key) == ("sent", 4, "tea*1")
            assert journal.signed_bytes(signed.intent_id) == ("t", signed.payload)
            assert journal._db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
            assert journal.meta_get("oldest_reader") == "1"
            # Nobody knows any more what confirmed it: it counts as if nothing but the voice did.
            assert journal.spent_by_voice_since(0, journal.open_orders()[0].total.currency) == 5


def test_what_voice_alone_bought_is_summed_over_everybody_and_nothing_else_is(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        for person, factors in (
            ("p-1", ("voice",)),
            ("p-2", ("voice",)),
            ("p-1", ("voice", "pin")),
            ("p-3", ("voice", "badge")),
        ):
            order = msgspec.structs.replace(agreed(person=person), factors=factors)
            journal.queue(intent(), order, now_s=NOW_S, monotonic_ns=1)
        one = agreed().basket.total
        assert journal.spent_by_voice_since(NOW_S, one.currency) == 2 * one.minor
        assert journal.spent_since("p-1", NOW_S, one.currency) == 2 * one.minor
        assert journal.spent_by_voice_since(NOW_S + 1, one.currency) == 0
        assert journal.spent_by_voice_since(NOW_S, "EUR") == 0
        refused = journal.orders()[-1].intent_id
        move(journal, refused, "refused")
        assert journal.spent_by_voice_since(NOW_S, one.currency) == one.minor
        plan = journal._db.execute(
            "EXPLAIN QUERY PLAN SELECT sum(total_minor) FROM orders WHERE factors = '' AND iat >= 0"
        ).fetchall()
        assert "orders_by_voice" in plan[0][-1], "it does not read the signed bytes of every order there is"


def test_the_receipt_is_kept_as_it_came(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        intent_id = queue(journal)
        assert journal.receipt(intent_id) is None
        journal.move(intent_id, "ordered", now_s=NOW_S, monotonic_ns=1, receipt=b"signed by the shop")
    with Journal(tmp_path / "j.db") as journal:
        assert journal.receipt(intent_id) == b"signed by the shop"


def test_what_waits_is_bounded_and_the_next_order_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_bounds, "MOST_OPEN", 3)
    with Journal(tmp_path / "j.db") as journal:
        ids = [queue(journal) for _ in range(3)]
        with pytest.raises(JournalError) as caught:
            queue(journal)
        assert caught.value.code == "queue_full" and caught.value.next_step
        move(journal, ids[0], "refused")
        queue(journal)
        assert journal.open_count() == 3


def test_what_was_settled_long_ago_goes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_bounds, "KEPT_SETTLED", 4)
    with Journal(tmp_path / "j.db") as journal:
        waits, *old = [queue(journal) for _ in range(10)]
        for intent_id in old:
            move(journal, intent_id, "ordered")
        later = NOW_S + 1 + journal_bounds.KEPT_S
        journal.queue(intent(), agreed(), now_s=later, monotonic_ns=1)
        assert len(journal.orders(100)) == 11, "not older than that yet"
        journal.queue(intent(), agreed(), now_s=later + 1, monotonic_ns=1)
        kept = {row.intent_id for row in journal.orders(100)}
        assert waits in kept and len(kept & set(old)) == 3, "the open one stays, and the newest"
        events = journal._db.execute("SELECT count(DISTINCT intent_id) FROM events").fetchone()[0]
        assert events == len(kept)


def test_an_order_that_waits_for_long_does_not_fill_the_disk_with_its_attempts(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        intent_id = queue(journal)
        for _ in range(1_000):
            journal.attempted([intent_id], now_s=NOW_S, monotonic_ns=1)
        assert journal.orders()[0].attempts == 1_000
        assert len(journal.events(intent_id)) == 1 + 8 + 6


ON_A_FULL_DISK = """
import sys
from pathlib import Path
from subprocess import run
from agent.committing.road import OrderPlaced
from agent.plumbing.errors import JournalError
from tests.committing.kit import DEVICE, agreed, make_bench

root = Path(sys.argv[1])
bench = make_bench(root)
bench.journal.close()
run(["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", root / "state"], check=True)
bench.restart_device()
bench.trust_time()
for person in ("a", "b", "c"):
    bench.road.commit(agreed(person=person))
filler = root / "state" / "somebody-elses"
reserve = root / "state" / "journal.db-reserve"

def fill():
    with filler.open("ab", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass

def refused():
    try:
        bench.road.commit(agreed(person="d"))
    except JournalError as error:
        return error.code

went, first = 0, None
for turn in range(120):
    if turn % 40 == 0:
        bench.restart_device()  # also on the full disk
        bench.trust_time()
        bench.road.link(True)
        if reserve.exists():
            fill()  # somebody else takes all the rest, again and again
    publishes = bench.road.tick().publishes
    first = first or publishes
    went += len(publishes)
    for publish in publishes:
        bench.road.published(publish.ref)
    bench.clocks.pass_by(10)
    assert refused() == "journal_full", refused()
    assert not bench.road.refused, bench.road.refused
assert went > 100 and len(first) == 3, went
for publish in first:
    receipt = bench.desk.intent(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s)).payload
    [event] = bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt)
    assert isinstance(event, OrderPlaced)
    assert bench.journal.receipt(publish.ref) == receipt
filler.unlink()
assert refused() is None and reserve.stat().st_size == 2 << 20
print("kept its word")
"""


def test_on_a_full_disk_what_is_queued_still_leaves_and_its_receipts_are_kept(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespaces here, so no disk to fill")
    command = ["unshare", "-rm", sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)
    assert done.stdout == "kept its word\n", done.stderr


def test_another_process_that_looks_in_takes_nothing_away(tmp_path: Path) -> None:
    """It must not believe that it is the last one and clear the write-ahead log away."""
    path = tmp_path / "j.db"
    look = "from pathlib import Path; from agent.committing.journal import Journal; "
    look += f"Journal(Path({str(path)!r})).close()"
    with Journal(path) as journal:
        queue(journal)
    with Journal(path) as journal:  # a new one takes its locks again when it turns to WAL
        root = Path(__file__).parents[2]
        subprocess.run([sys.executable, "-c", look], check=True, cwd=root)
        intent_id = queue(journal)
        with closing(sqlite3.connect(path)) as db:
            found = {row[0] for row in db.execute("SELECT intent_id FROM orders")}
        assert intent_id in found and len(found) == 2
