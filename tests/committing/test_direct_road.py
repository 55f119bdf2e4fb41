"""The road of an order that the device closed itself (DIRECT mode): sent, taken back, asked about and
mended as any other."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from agent.committing import journal_mend, jws, leaving
from agent.committing.envelope import (
    INTENT,
    IntentData,
    SignedData,
    decode_data,
    decode_event,
    down_topic,
    encode_event,
)
from agent.committing.journal_mend import open_journal
from agent.committing.offers import OFFER_LIFETIME_S
from agent.committing.outbox import GRACE_S
from agent.committing.read_back import SignedFacts, signed_facts
from agent.committing.receipts import ReceiptClaims
from agent.committing.road import OrderDiffers, OrderExpired, OrderPlaced, OrderRefused
from order_backend.receipts import receipt_event
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed
from tests.committing.test_offering import ACK, BASKET, at_price, at_the_shop, offered, order, ready

__all__ = ["ready"]  # a fixture


def test_it_is_sent_again_in_the_same_bytes_also_by_the_next_process(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    sent = [bench.road.tick().publishes[0].payload]
    bench.restart_device()
    bench.road.link(True)
    sent.append(bench.road.tick().publishes[0].payload)
    assert sent == [signed.payload] * 2
    [receipt] = {at_the_shop(bench, payload) for payload in sent}
    [event] = bench.road.received(ACK, receipt)
    assert isinstance(event, OrderPlaced) and len(bench.desk.shop.orders()) == 1


def test_it_is_cancelled_as_any_order(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    [publish] = bench.road.tick().publishes
    bench.road.received(ACK, at_the_shop(bench, publish.payload))
    assert bench.road.cancel(signed.intent_id, factors=("voice",)) == "asked"
    [cancel] = bench.road.tick().publishes
    reply = bench.desk.cancel(DEVICE, cancel.payload, now_s=NOW_S)
    [event] = bench.road.received(ACK, reply.payload)
    assert isinstance(event, OrderRefused) and event.code == "cancelled"


def test_what_the_shop_has_not_all_of_is_told(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    bench.desk.shop.stock.count("coffee?roast=dark", 1)
    [event] = bench.road.received(ACK, at_the_shop(bench, signed.payload))
    assert isinstance(event, OrderRefused)
    assert (event.code, event.available) == ("unavailable", (("coffee?roast=dark", 1),))


def test_after_its_time_the_shop_is_asked(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    bench.road.tick()
    bench.clocks.pass_by(OFFER_LIFETIME_S + GRACE_S + 1)
    bench.road.tick()
    [question] = bench.road.tick().publishes
    assert question.topic.endswith("/up/query")
    reply = bench.desk.query(DEVICE, question.payload, now_s=int(bench.clocks.wall_s))
    assert reply.code == "not_placed"
    [event] = bench.road.received(down_topic(DEVICE, reply.what), reply.payload)
    assert isinstance(event, OrderExpired) and event.intent_id == signed.intent_id


def test_its_receipt_names_the_mandate_that_was_closed_here(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    true = at_the_shop(bench, signed.payload)
    [event] = bench.road.received(ACK, receipt_with(bench, true, reference="0" * 43))
    assert isinstance(event, OrderDiffers) and event.code == "other_lines"
    assert bench.journal.orders()[0].state == "ordered", "the money may be gone"


def test_one_that_the_shop_closed_may_name_what_the_shop_made(bench: Bench) -> None:
    signed = bench.road.commit(agreed(2))
    [event] = bench.road.received(
        ACK, receipt_with(bench, at_the_shop(bench, signed.payload), reference="0" * 43)
    )
    assert isinstance(event, OrderPlaced)


def receipt_with(bench: Bench, payload: bytes, **changes: Any) -> bytes:
    key = bench.folder.signing_key("receipts")
    signed = decode_data(decode_event(payload, "earmark.receipt.v1"), SignedData).signed
    claims = msgspec.json.decode(
        jws.verify(signed, bench.trust.keys.receipts, typ="earmark-receipt+jwt"), type=ReceiptClaims
    )
    return receipt_event(msgspec.structs.replace(claims, **changes), key, event_id=uuid.uuid4())


def test_who_carries_it_may_write_its_signature_otherwise_and_the_receipt_still_fits(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    data = decode_data(decode_event(signed.payload, INTENT), IntentData)
    other = IntentData(other_half(data.checkout), data.payment)
    event = encode_event(INTENT, id_=uuid.UUID(signed.intent_id), source=DEVICE, now_s=NOW_S, data=other)
    at_the_shop(bench, event)
    [told] = bench.road.received(ACK, at_the_shop(bench, signed.payload))
    assert isinstance(told, OrderPlaced) and len(bench.desk.shop.orders()) == 1


def other_half(token: str) -> str:
    """The same claims under the other ECDSA signature that holds (r, n - s)."""
    order_of_p256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signed, _, signature = token.removesuffix("~").rpartition(".")
    raw = jws.from_base64url(signature)
    s = order_of_p256 - int.from_bytes(raw[32:], "big")
    return f"{signed}.{jws.base64url(raw[:32] + s.to_bytes(32, 'big'))}~"


# What storage does to it


def test_its_signed_bytes_say_what_was_agreed(bench: Bench) -> None:
    signed = bench.road.commit(order(at_price(bench, 1_850)))
    facts = signed_facts(signed.payload, bench.keys.public_jwk())
    assert facts is not None
    [row] = bench.journal.orders()
    for name in ("intent_id", "person", "basket_key", "total", "sha256", "iat", "exp"):
        assert getattr(facts, name) == getattr(row, name), name
    assert facts.title == f"2 × {BASKET.lines[0].title}"


@pytest.mark.parametrize("column", ["sha256 = 'x'", "total_minor = 1", "person = 'somebody'", "exp = 1"])
def test_a_row_that_was_altered_is_mended_from_its_signed_bytes(bench: Bench, column: str) -> None:
    signed = bench.road.commit(order(offered(bench)))
    [before] = bench.journal.orders()
    bench.journal._db.execute(f"UPDATE orders SET {column}")
    path = bench.journal._path
    bench.journal.close()
    bench.journal = open_journal(path, bench.keys.public_jwk(), DEVICE)
    [after] = bench.journal.orders()
    for name in ("intent_id", "person", "basket_key", "total", "sha256", "iat", "exp", "state"):
        assert getattr(after, name) == getattr(before, name), name
    assert bench.journal.signed_bytes(signed.intent_id)[1] == signed.payload


def test_bytes_that_were_altered_are_not_sent_and_the_shop_is_asked(bench: Bench) -> None:
    signed = bench.road.commit(order(offered(bench)))
    at_the_shop(bench, signed.payload)
    bench.journal._db.execute(
        "UPDATE orders SET payload = ?", (signed.payload.replace(b'"checkout":"ey', b'"checkout":"fy'),)
    )
    assert [one for one in bench.road.tick().publishes if one.topic.endswith("intent")] == []
    [question] = bench.road.tick().publishes
    reply = bench.desk.query(DEVICE, question.payload, now_s=NOW_S)
    [event] = bench.road.received(down_topic(DEVICE, reply.what), reply.payload)
    assert isinstance(event, OrderPlaced)


def test_a_release_that_knows_no_closed_pair_takes_none_for_damaged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = bench.road.commit(order(offered(bench)))
    other = bench.road.commit(agreed(1, person="person-2"))
    bench.journal._db.execute("UPDATE orders SET total_minor = 1 WHERE intent_id = ?", (other.intent_id,))

    def as_before(payload: bytes, key: jws.PublicJwk) -> SignedFacts | None:
        return None if payload == signed.payload else signed_facts(payload, key)

    monkeypatch.setattr(journal_mend, "signed_facts", as_before)
    monkeypatch.setattr(leaving, "signed_facts", as_before)
    path = bench.journal._path
    bench.journal.close()
    open_journal(path, bench.keys.public_jwk(), DEVICE).close()
    bench.restart_device()
    bench.road.link(True)
    assert bench.journal.meta_get(journal_mend.MENDED) == "1"
    assert [row.state for row in bench.journal.open_orders()] == ["queued", "queued"]
    assert signed.payload in [publish.payload for publish in bench.road.tick().publishes]
