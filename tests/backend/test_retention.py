"""Receipts are purged while the shop runs, and what was ordered stays ordered; on both databases."""

from __future__ import annotations

import pytest

from agent.committing.receipts import verify_answer, verify_receipt
from order_backend.retention import AT_ONCE, Retention, kept_for_s
from order_backend.shop import Answer
from order_backend.tables import answers
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, only_publish, question

LATER = NOW_S + 30 * 24 * 3600


@pytest.fixture
def retention(bench: Bench) -> Retention:
    return Retention(bench.desk.shop.database, bench.folder.config().longest_lifetime_s)


def intent(bench: Bench, **what: object) -> tuple[str, bytes]:
    bench.trust_time()
    bench.road.link(True)
    signed = bench.road.commit(agreed(**what))  # type: ignore[arg-type]
    return signed.intent_id, only_publish(bench).payload


def kept(bench: Bench, intent_id: str) -> Answer:
    answer = bench.desk.shop.answer(DEVICE, intent_id)
    assert answer is not None
    return answer


def test_what_was_ordered_stays_ordered_after_its_receipt_is_gone(bench: Bench, retention: Retention) -> None:
    id_, payload = intent(bench)
    first = bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    assert retention.purge(LATER) == 1 and retention.purge(LATER) == 0
    assert kept(bench, id_).receipt == b"" and kept(bench, id_).sha256
    again = bench.desk.intent(DEVICE, payload, now_s=LATER)
    asked = bench.desk.query(DEVICE, question(bench, id_, LATER), now_s=LATER)
    assert (again.code, asked.what, asked.not_placed) == ("replayed", "ack", b"")
    before = verify_receipt(first.payload, bench.trust, device_id=DEVICE, environment="test")
    for reply in (again, asked):
        receipt = verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")
        assert receipt.iat == LATER
        assert (receipt.status, receipt.order_id, receipt.total, receipt.intent_sha256) == (
            "ordered", before.order_id, before.total, before.intent_sha256,
        )  # fmt: skip
    assert len(bench.desk.shop.orders()) == 1


def test_what_was_taken_back_stays_taken_back_after_its_receipt_is_gone(
    bench: Bench, retention: Retention
) -> None:
    id_, payload = intent(bench)
    bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    assert bench.road.cancel(id_, factors=("voice",)) == "asked"
    cancelled = bench.desk.cancel(DEVICE, only_publish(bench).payload, now_s=NOW_S)
    assert cancelled.code == "cancelled"
    assert retention.purge(LATER) == 1
    again = bench.desk.intent(DEVICE, payload, now_s=LATER)
    receipt = verify_receipt(again.payload, bench.trust, device_id=DEVICE, environment="test")
    assert (receipt.status, receipt.error) == ("refused", "cancelled")


def test_what_was_refused_is_never_placed_after_its_receipt_is_gone(
    bench: Bench, retention: Retention
) -> None:
    _, payload = intent(bench)
    exp = bench.journal.orders()[0].exp
    assert bench.desk.intent(DEVICE, payload, now_s=exp).code == "expired"
    assert retention.purge(LATER) == 1
    again = bench.desk.intent(DEVICE, payload, now_s=exp - 10)
    receipt = verify_receipt(again.payload, bench.trust, device_id=DEVICE, environment="test")
    assert (receipt.status, receipt.error) == ("refused", "expired")
    assert bench.desk.shop.orders() == []


def test_what_was_said_not_to_be_placed_never_is(bench: Bench, retention: Retention) -> None:
    id_, payload = intent(bench)
    said = bench.desk.query(DEVICE, question(bench, id_), now_s=NOW_S)
    assert said.code == "not_placed"
    assert retention.purge(LATER) == 1
    again = bench.desk.query(DEVICE, question(bench, id_, LATER), now_s=LATER)
    assert verify_answer(again.payload, bench.trust, device_id=DEVICE, environment="test").iat == LATER
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S + 1).code == "not_placed"


def test_receipts_are_kept_as_long_as_an_intent_may_be_asked_after(
    bench: Bench, retention: Retention
) -> None:
    _, payload = intent(bench)
    bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    lifetime_s = bench.folder.config().longest_lifetime_s
    assert kept_for_s(60) == 48 * 3600 and kept_for_s(lifetime_s) > lifetime_s + 300
    assert retention.purge(NOW_S + kept_for_s(lifetime_s)) == 0
    assert retention.purge(NOW_S + kept_for_s(lifetime_s) + 1) == 1


def test_a_transaction_is_small_and_there_is_another_at_once_where_there_is_more(
    bench: Bench, retention: Retention
) -> None:
    shop = bench.desk.shop
    with shop.transaction():
        for number in range(AT_ONCE + 5):
            shop.keep_answer(DEVICE, f"intent-{number}", Answer("aa", b"receipt"), now_s=NOW_S)
    retention.look(lambda: LATER)
    retention.look(lambda: LATER)
    retention.look(lambda: LATER)
    left = shop.database.execute(answers.select()).all()
    assert len(left) == AT_ONCE + 5 and {bytes(row.receipt) for row in left} == {b""}
