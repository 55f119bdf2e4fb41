"""Storage that forgets or flips bits: nothing wrong leaves, nothing is claimed, and the shop is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from agent.committing.receipts import Amount, ReceiptClaims
from agent.committing.road import OrderExpired, OrderPlaced
from agent.plumbing.messages import Publish
from order_backend.receipts import receipt_event
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, answer, only_publish

ACK = "va/v1/d/device-1/dn/ack"


def put_back_an_older_copy(bench: Bench) -> Publish:
    """The device's journal is copied right after it queued; the order leaves; the copy is put back."""
    bench.road.commit(agreed())
    path = Path(bench.settings.paths.state_dir) / "journal.db"
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    publish = only_publish(bench)
    bench.journal.close()
    copy.replace(path)
    bench.restart_device()
    bench.trust_time()
    return publish


@pytest.mark.parametrize("reached_shop", [True, False])
def test_a_journal_put_back_from_a_copy_never_claims_that_an_order_never_left(
    online: Bench, reached_shop: bool
) -> None:
    publish = put_back_an_older_copy(online)
    [row] = online.journal.orders()
    assert (row.state, row.attempts) == ("queued", 0), "which is what the copy says"
    if reached_shop:
        answer(online, publish)
    online.clocks.pass_by(3_600 + 301)
    assert online.road.tick() == ([], []), "nothing is given up, and nobody is told"
    online.road.link(True)
    question = only_publish(online)
    reply = online.desk.query(DEVICE, question.payload, now_s=int(online.clocks.wall_s))
    [event] = online.road.received(f"va/v1/d/device-1/dn/{reply.what}", reply.payload)
    assert isinstance(event, OrderPlaced if reached_shop else OrderExpired)


def alter(bench: Bench, column: str, change: Callable[[bytes], bytes]) -> None:
    """As bad storage does: without a word to anybody."""
    [value] = bench.journal._db.execute(f"SELECT {column} FROM orders").fetchone()
    text = isinstance(value, str)
    altered: object = change(value.encode() if text else value)
    altered = altered.decode() if text and isinstance(altered, bytes) else altered
    bench.journal._db.execute(f"UPDATE orders SET {column} = ?", (altered,))


@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.97])
@pytest.mark.parametrize("reached_shop", [True, False])
def test_bytes_that_rotted_in_the_journal_never_leave_and_the_shop_is_asked(
    online: Bench, at: float, reached_shop: bool
) -> None:
    online.road.commit(agreed())
    if reached_shop:
        answer(online, only_publish(online))
        online.clocks.pass_by(1.1)

    def flip(payload: bytes) -> bytes:
        place = int(len(payload) * at)
        return payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]

    alter(online, "payload", flip)
    assert online.road.tick() == ([], [])
    [row] = online.journal.orders()
    assert (row.state, row.reason) == ("unknown", "damaged") and row.attempts >= 1
    online.clocks.pass_by(3_600 + 301)
    question = only_publish(online)
    assert question.topic == "va/v1/d/device-1/up/query"
    reply = online.desk.query(DEVICE, question.payload, now_s=int(online.clocks.wall_s))
    [event] = online.road.received(f"va/v1/d/device-1/dn/{reply.what}", reply.payload)
    assert isinstance(event, OrderPlaced if reached_shop else OrderExpired)
    assert len(online.desk._shop.orders()) == reached_shop


def test_a_digest_that_rotted_is_mended_from_what_was_signed(online: Bench) -> None:
    signed = online.road.commit(agreed())
    alter(online, "sha256", lambda digest: digest[::-1])
    alter(online, "topic", lambda topic: topic[::-1])
    online.journal._db.execute("UPDATE orders SET total_minor = 99999999, person = 'x', exp = exp + 5")
    publish = only_publish(online)
    assert (publish.topic, publish.payload) == (signed.topic, signed.payload)
    [row] = online.journal.orders()
    assert (row.sha256, row.exp, row.person) == (signed.sha256, signed.exp, "person-1")
    assert row.total == agreed().basket.total and row.basket_key == agreed().basket.key
    [event] = online.road.received(ACK, answer(online, publish))
    assert isinstance(event, OrderPlaced)


def test_a_damaged_row_believes_no_refusal_of_other_bytes(online: Bench) -> None:
    online.road.commit(agreed())
    alter(online, "payload", lambda payload: payload[:-9])
    online.road.tick()
    [row] = online.journal.orders()
    placed = ReceiptClaims(
        status="Success", iss="corner-shop", iat=NOW_S, reference="r", aud=DEVICE, env="test",
        intent=row.intent_id, intent_sha256="cd" * 32, order_id="E-1",
        total=Amount(row.total.minor, row.total.currency),
    )  # fmt: skip
    refused = msgspec.structs.replace(placed, status="Error", order_id="", error="over_limit", total=None)
    key = online.folder.signing_key("receipts")
    assert online.road.received(ACK, receipt_event(refused, key, event_id=uuid4())) == []
    [event] = online.road.received(ACK, receipt_event(placed, key, event_id=uuid4()))
    assert isinstance(event, OrderPlaced)
