"""A ticket, a return, a quote on its way: on disk before it leaves, sent until it is answered, and taken
once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from agent.committing.asking import REQUEST_LIFETIME_S, Question
from agent.committing.journal_mend import open_journal
from agent.committing.journal_requests import MOST_OPEN_REQUESTS
from agent.plumbing.errors import JournalError, TrustError
from agent.plumbing.messages import Publish
from tests.committing.kit import DEVICE, Bench

TICKET = Question("ticket", codes=("gave_up",))


@pytest.fixture(autouse=True)
def ready(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)


def kept(bench: Bench, title: str = "") -> str:
    return bench.road.asking.keep(TICKET, title)


def sent(bench: Bench) -> list[Publish]:
    return bench.road.tick().publishes


def answered(bench: Bench, publish: Publish) -> bytes:
    """The shop's."""
    return bench.desk.query(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s)).payload


def test_it_is_sent_again_in_the_same_bytes_until_it_is_answered_once(bench: Bench) -> None:
    id_ = kept(bench)
    [first] = sent(bench)
    assert first.topic == f"va/v1/d/{DEVICE}/up/query" and sent(bench) == []
    bench.clocks.pass_by(10)
    [again] = sent(bench)
    assert again.payload == first.payload
    told = bench.road.asking.received(answered(bench, first))
    assert told.ask == id_ and told.number.startswith("T-")
    with pytest.raises(TrustError) as error:
        bench.road.asking.received(answered(bench, again))
    assert error.value.code == "told_unasked"
    bench.clocks.pass_by(60)
    assert sent(bench) == []
    row = bench.journal.request(id_)
    assert row is not None and (row.outcome, row.answer) == ("answered", told.number)
    assert len(bench.desk.shop.requests.of_kind("ticket", closed=True, limit=9)) == 1


def test_a_new_process_goes_on_where_a_killed_one_stopped(bench: Bench) -> None:
    id_ = kept(bench)
    [first] = sent(bench)
    bench.restart_device()
    bench.trust_time()
    bench.road.link(True)
    [again] = sent(bench)
    assert again.payload == first.payload
    assert bench.road.asking.received(answered(bench, again)).ask == id_


def test_offline_nothing_leaves_and_all_of_it_when_the_link_comes(bench: Bench) -> None:
    bench.road.link(False)
    ids = [kept(bench) for _ in range(2)]
    assert sent(bench) == []
    bench.road.link(True)
    assert [publish.ref for publish in sent(bench)] == [f"ask-{id_}" for id_ in ids]


def test_what_the_shop_refuses_is_over_and_known_by_its_code(bench: Bench) -> None:
    id_ = bench.road.asking.keep(Question("quote", (("dragon", 1),)), "a dragon")
    [publish] = sent(bench)
    bench.road.asking.received(answered(bench, publish))
    row = bench.journal.request(id_)
    assert row is not None and (row.outcome, row.answer) == ("refused", "item_unknown")


def test_what_nobody_answers_in_time_or_storage_altered_leaves_no_more(bench: Bench) -> None:
    late, altered = kept(bench), kept(bench)
    bench.journal._write(
        lambda db: db.execute("UPDATE requests SET payload = x'7b7d' WHERE ask_id = ?", (altered,)).close()
    )
    assert [publish.ref for publish in sent(bench)] == [f"ask-{late}"]
    bench.clocks.pass_by(REQUEST_LIFETIME_S)
    assert sent(bench) == []
    rows = [bench.journal.request(id_) for id_ in (late, altered)]
    assert [row and row.outcome for row in rows] == ["expired", "damaged"]


def test_what_waits_is_bounded(bench: Bench) -> None:
    for _ in range(MOST_OPEN_REQUESTS):
        kept(bench)
    with pytest.raises(JournalError) as error:
        kept(bench)
    assert error.value.code == "queue_full"


def test_a_mended_journal_keeps_what_is_signed_and_what_has_come_of_it(bench: Bench) -> None:
    open_, settled, unsigned = (kept(bench, title) for title in ("open", "settled", "unsigned"))
    bench.journal.settle_request(settled, "answered", "T-1", now_s=1)
    path = Path(bench.settings.paths.state_dir) / "journal.db"
    bench.journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE requests SET payload = x'7b7d' WHERE ask_id = ?", (unsigned,))
        [root] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meta'").fetchone()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096] = 0xFF
    path.write_bytes(data)
    journal = bench.journal = open_journal(path, bench.keys.public_jwk(), DEVICE)
    assert [(row.ask_id, row.title) for row in journal.open_requests()] == [(open_, "open")]
    row = journal.request(settled)
    assert row is not None and (row.outcome, row.answer) == ("answered", "T-1")
    assert journal.request(unsigned) is None
