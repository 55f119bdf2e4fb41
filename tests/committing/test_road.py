"""The whole road without a network: a real journal, real signatures, a real shop's desk."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from uuid import uuid4

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import INTENT, RECEIPT, SignedData, decode_data, decode_event, encode_event
from agent.committing.receipts import RECEIPT_TYP, Amount, ReceiptClaims, ReceiptLine
from agent.committing.road import (
    OrderDiffers,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    OrderRoad,
    RoadEvent,
    TimeTrusted,
)
from agent.plumbing.errors import JournalError, TrustError
from order_backend.receipts import receipt_event
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, answer, ap2_schemas, only_publish

ACK, RSP = "va/v1/d/device-1/dn/ack", "va/v1/d/device-1/dn/rsp"


def test_placed_only_after_a_verified_receipt(online: Bench) -> None:
    signed = online.road.commit(agreed())
    assert online.journal.order(signed.intent_id).state == "queued"  # type: ignore[union-attr]
    publish = only_publish(online)
    assert (publish.topic, publish.payload) == (signed.topic, signed.payload)
    online.road.published(publish.ref)
    assert online.journal.order(signed.intent_id).state == "sent"  # type: ignore[union-attr]
    [event] = online.road.received(ACK, answer(online, publish))
    assert isinstance(event, OrderPlaced)
    assert (event.intent_id, event.title, event.person) == (
        signed.intent_id,
        "2 × dark roast coffee",
        "person-1",
    )
    [order] = online.desk._shop.orders()
    row = online.journal.order(signed.intent_id)
    assert row is not None and (row.state, row.order_id) == ("ordered", order.order_id)
    assert row.delivery_date == event.delivery == order.delivery_date == "2026-11-20"
    assert online.road.tick() == ([], [])


def test_the_time_comes_from_the_shop(bench: Bench) -> None:
    assert bench.road.received("va/v1/d/device-1/dn/time", bench.shop_time()) == [TimeTrusted()]
    assert bench.road.received("va/v1/d/device-1/dn/time", bench.shop_time()) == []
    assert bench.road.now_s() == NOW_S


def test_a_lost_receipt_is_replayed_and_nothing_is_ordered_twice(online: Bench) -> None:
    online.road.commit(agreed())
    first = only_publish(online)
    lost = answer(online, first)
    assert online.road.tick().publishes == []  # resting
    online.clocks.pass_by(1.1)
    again = only_publish(online)
    assert again == first  # the same bytes, never signed anew
    assert answer(online, again) == lost
    assert len(online.road.received(ACK, lost)) == 1
    assert online.road.received(ACK, lost) == []
    assert online.road.refused == {"receipt_repeated": 1}
    assert len(online.desk._shop.orders()) == 1


def test_a_restart_between_queue_and_publish_places_exactly_one_order(bench: Bench) -> None:
    bench.trust_time()
    signed = bench.road.commit(agreed())
    bench.restart_device()
    bench.road.link(True)
    publish = only_publish(bench)
    assert publish.payload == signed.payload
    bench.restart_device()  # and again before the receipt
    bench.road.link(True)
    assert only_publish(bench) == publish
    answer(bench, publish)
    [event] = bench.road.received(ACK, answer(bench, publish))
    assert isinstance(event, OrderPlaced)
    assert len(bench.desk._shop.orders()) == 1


def _forge(bench: Bench, **changes: object) -> bytes:
    [row] = bench.journal.orders()
    claims = ReceiptClaims(
        status="Success", iss="corner-shop", iat=NOW_S, reference="r", aud=DEVICE, env="test",
        intent=row.intent_id, intent_sha256=row.sha256, order_id="E-1",
        total=Amount(row.total.minor, row.total.currency),
    )  # fmt: skip
    key = changes.pop("key", None) or bench.folder.signing_key("receipts")
    assert isinstance(key, ECKey)
    return receipt_event(msgspec.structs.replace(claims, **changes), key, event_id=uuid4())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": ECKey.generate_key("P-256")}, "receipt_key_unknown"),
        ({"key": "time"}, "receipt_key_unknown"),
        ({"aud": "device-2"}, "receipt_other_device"),
        ({"env": "production"}, "receipt_environment"),
        ({"iss": "other-shop"}, "receipt_signature"),
        ({"intent": str(uuid4())}, "receipt_other_intent"),
        ({"intent_sha256": "cd" * 32}, "receipt_other_intent"),
        ({"order_id": ""}, "receipt_malformed"),
        ({"error": "both"}, "receipt_malformed"),
    ],
)
def test_a_foreign_or_forged_receipt_changes_nothing(
    online: Bench, changes: dict[str, object], code: str
) -> None:
    online.road.commit(agreed())
    before = online.journal.orders()
    if changes.get("key") == "time":
        changes = {"key": online.folder.signing_key("time")}
    assert online.road.received(ACK, _forge(online, **changes)) == []
    assert online.road.refused == {code: 1}
    assert online.journal.orders() == before
    [event] = online.road.received(ACK, _forge(online))  # the true one still counts
    assert isinstance(event, OrderPlaced)


def test_an_altered_receipt_changes_nothing(online: Bench) -> None:
    online.road.commit(agreed())
    refusal = _forge(online, status="Error", order_id="", error="over_limit", error_description="d")
    signed = decode_data(decode_event(refusal, RECEIPT), SignedData).signed
    body = jws.verify(signed, online.trust.keys.receipts, typ=RECEIPT_TYP)
    head, _, signature = signed.split(".")
    other = body.replace(b'"status":"Error"', b'"status":"Success"')
    altered = f"{head}.{urlsafe_b64encode(other).rstrip(b'=').decode()}.{signature}"
    payload = encode_event(RECEIPT, id_=uuid4(), source="s", now_s=NOW_S, data=SignedData(altered))
    assert online.road.received(ACK, payload) == []
    assert online.road.refused == {"receipt_signature": 1}


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"null", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 50_000, bytes(70_000)]
)
def test_garbage_from_below_changes_nothing(online: Bench, payload: bytes) -> None:
    online.road.commit(agreed())
    for topic in (ACK, RSP, "va/v1/d/device-1/dn/time", "va/v1/d/device-2/dn/ack", "nonsense"):
        assert online.road.received(topic, payload) == []
    assert sum(online.road.refused.values()) == 5
    assert online.journal.orders()[0].state == "queued"


def test_a_second_opinion_of_the_shop_does_not_undo_the_first(online: Bench) -> None:
    online.road.commit(agreed())
    online.road.received(ACK, _forge(online))
    refusal = _forge(online, status="Error", order_id="", error="over_limit", error_description="d")
    assert online.road.received(ACK, refusal) == []
    assert online.road.refused == {"receipt_contradicts": 1}
    assert online.journal.orders()[0].state == "ordered"


def test_a_refusal_is_told_with_its_code(online: Bench) -> None:
    online.road.commit(agreed())
    refusal = _forge(online, status="Error", order_id="", error="over_limit", error_description="d")
    [event] = online.road.received(ACK, refusal)
    assert isinstance(event, OrderRefused) and event.code == "over_limit"
    assert online.journal.orders()[0].reason == "over_limit"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total": Amount(3801, "PLN")}, "over_agreed"),
        ({"total": Amount(9_999_999_999_99, "PLN")}, "over_agreed"),
        ({"total": Amount(3800, "EUR")}, "over_agreed"),
        ({"total": None}, "over_agreed"),
        ({"lines": (ReceiptLine("coffee?roast=dark", 3),)}, "other_lines"),
        ({"lines": (ReceiptLine("coffee?roast=light", 2),)}, "other_lines"),
        ({"lines": (ReceiptLine("coffee?roast=dark", 2), ReceiptLine("tea", 1))}, "other_lines"),
    ],
)
def test_a_receipt_for_something_else_than_agreed_is_never_just_ordered(
    online: Bench, changes: dict[str, object], code: str
) -> None:
    online.road.commit(agreed())
    [event] = online.road.received(ACK, _forge(online, **changes))
    assert isinstance(event, OrderDiffers) and (event.code, event.order_id) == (code, "E-1")
    [row] = online.journal.orders()
    assert (row.state, row.reason, row.order_id) == ("ordered", code, "E-1")
    total = changes.get("total")
    charged = total.amount if isinstance(total, Amount) and total.currency == "PLN" else 3800
    spent = online.journal.spent_since("person-1", NOW_S - 1, "PLN")
    assert spent == charged, "the money may be gone: the daily limit counts it"


@pytest.mark.parametrize(
    "changes",
    [
        {"total": Amount(1, "PLN")},
        {"lines": (ReceiptLine("coffee?roast=dark", 2),)},
        {"lines": (ReceiptLine("coffee?roast=dark", 1), ReceiptLine("coffee?roast=dark", 1))},
    ],
)
def test_a_receipt_for_what_was_agreed_or_less_money_is_ordered(
    online: Bench, changes: dict[str, object]
) -> None:
    online.road.commit(agreed())
    [event] = online.road.received(ACK, _forge(online, **changes))
    assert isinstance(event, OrderPlaced) and online.journal.orders()[0].reason == ""


def test_the_shop_names_the_lines_that_it_ordered(online: Bench) -> None:
    online.road.commit(agreed())
    signed = decode_data(decode_event(answer(online, only_publish(online)), RECEIPT), SignedData).signed
    claims = json.loads(jws.verify(signed, online.trust.keys.receipts, typ=RECEIPT_TYP))
    assert claims["lines"] == [{"id": agreed().basket.lines[0].sku, "quantity": 2}]


def test_offline_past_its_time_an_order_expires_and_is_never_sent(bench: Bench) -> None:
    bench.trust_time()
    bench.road.commit(agreed())
    bench.clocks.pass_by(3_600)
    turn = bench.road.tick()
    assert turn.publishes == [] and [type(event) for event in turn.events] == [OrderExpired]
    bench.road.link(True)
    assert bench.road.tick() == ([], [])
    assert bench.journal.orders()[0].state == "expired"


def after_time_out(bench: Bench, *, reached_shop: bool) -> list[RoadEvent]:
    """The intent went out, no receipt came, its time and grace are over: what the shop's word makes of it."""
    bench.road.commit(agreed())
    publish = only_publish(bench)
    if reached_shop:
        answer(bench, publish)
    bench.clocks.pass_by(3_600 + 301)
    assert bench.road.tick() == ([], [])
    assert bench.journal.orders()[0].state == "unknown"
    question = only_publish(bench)
    assert question.topic == "va/v1/d/device-1/up/query"
    reply = bench.desk.query(DEVICE, question.payload, now_s=int(bench.clocks.wall_s))
    return bench.road.received(f"va/v1/d/device-1/dn/{reply.what}", reply.payload)


def test_after_a_time_out_the_shop_is_asked_and_says_placed(online: Bench) -> None:
    [event] = after_time_out(online, reached_shop=True)
    assert isinstance(event, OrderPlaced)
    assert len(online.desk._shop.orders()) == 1


def test_after_a_time_out_the_shop_is_asked_and_says_not_placed(online: Bench) -> None:
    [event] = after_time_out(online, reached_shop=False)
    assert isinstance(event, OrderExpired)
    assert online.journal.orders()[0].state == "expired" and online.desk._shop.orders() == []


def test_not_placed_is_not_believed_while_it_may_still_be_placed(online: Bench) -> None:
    signed = online.road.commit(agreed())
    only_publish(online)
    online.clocks.pass_by(3_600 + 301)
    online.road.tick()
    question = only_publish(online)
    early = online.desk.query(DEVICE, question.payload, now_s=signed.exp)
    assert online.road.received(RSP, early.payload) == []
    assert online.journal.orders()[0].state == "unknown"
    assert online.road.refused["receipt_too_early"] == 1


@pytest.mark.parametrize(("ahead_s", "end"), [(0, "ordered"), (12 * 3_600, "refused")])
def test_an_order_that_a_clock_ahead_has_given_up_has_its_end_at_once(
    bench: Bench, ahead_s: int, end: str
) -> None:
    """Its bytes leave once more: the shop places what is still in its time, and refuses what is signed in the
    future. Questions alone would leave it open until its time is over at the shop, too."""
    bench.clocks.synchronised = True
    bench.clocks.wall_s += ahead_s
    bench.road.link(True)
    signed = bench.road.commit(agreed())
    only_publish(bench)  # and is lost
    bench.clocks.pass_by(3_600 + 301)
    assert bench.road.tick() == ([], [])
    question = only_publish(bench)
    shop_s = NOW_S + 60
    early = bench.desk.query(DEVICE, question.payload, now_s=shop_s)
    assert bench.road.received(RSP, early.payload) == []
    assert bench.road.tick() == ([], []), "an answer that comes again and again must not send it as often"
    bench.clocks.pass_by(300)
    again = only_publish(bench)
    assert again.payload == signed.payload
    reply = bench.desk.intent(DEVICE, again.payload, now_s=shop_s)
    assert reply.code == ("ordered" if end == "ordered" else "not_yet_valid")
    assert bench.road.received(ACK, reply.payload) != []
    assert bench.journal.orders()[0].state == end


def test_a_key_store_that_does_not_answer_holds_up_its_questions_and_nothing_else(
    online: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for person in ("person-1", "person-2"):
        online.road.commit(agreed(person=person))
    assert len(online.road.tick().publishes) == 2
    online.clocks.pass_by(3_600 + 301)
    assert online.road.tick() == ([], [])
    other = online.road.commit(agreed(person="person-3"))
    calls = 0

    def sign(_what: object) -> str:
        nonlocal calls
        calls += 1
        raise TrustError("key_store_unavailable", "the TPM does not answer within 30 s", "earmark doctor")

    with monkeypatch.context() as patched:
        patched.setattr(online.keys, "sign", sign)
        assert [publish.ref for publish in online.road.tick().publishes] == [other.intent_id]
        assert calls == 1, "of two questions that are due at once the second waits for no answer"
        assert online.road.tick() == ([], []) and calls == 1, "before the questions are due again"
        online.clocks.pass_by(1.1)
        assert [publish.ref for publish in online.road.tick().publishes] == [other.intent_id]
        assert calls == 2
    assert capfd.readouterr().err.count("key_store_unavailable") == 1
    assert online.road.tick() == ([], [])
    online.clocks.pass_by(2.1)
    topics = [publish.topic for publish in online.road.tick().publishes]
    assert topics.count("va/v1/d/device-1/up/query") == 2
    assert [row.state for row in online.journal.orders()].count("unknown") == 2


def test_nothing_is_promised_when_the_journal_cannot_be_written(online: Bench) -> None:
    online.journal._db.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalError) as caught:
        online.road.commit(agreed())
    assert caught.value.code == "journal_read_only"
    online.journal._db.execute("PRAGMA query_only = OFF")
    assert online.road.tick() == ([], [])


def test_a_journal_that_fills_up_on_the_way_loses_nothing_and_sends_nothing_unnoted(online: Bench) -> None:
    online.road.commit(agreed())
    publish = only_publish(online)
    receipt = answer(online, publish)
    online.clocks.pass_by(1.1)
    online.journal._db.execute("PRAGMA query_only = ON")
    online.road.published(publish.ref)
    assert online.road.tick() == ([], [])
    assert online.road.received(ACK, receipt) == []
    assert online.road.refused["journal_read_only"] == 3
    online.journal._db.execute("PRAGMA query_only = OFF")
    online.clocks.pass_by(10)
    [event] = online.road.received(ACK, answer(online, only_publish(online)))
    assert isinstance(event, OrderPlaced) and len(online.desk._shop.orders()) == 1


def test_settings_and_trust_of_two_environments_do_not_meet(bench: Bench) -> None:
    device = msgspec.structs.replace(bench.settings.device, environment="production")
    settings = msgspec.structs.replace(bench.settings, device=device)
    with pytest.raises(TrustError) as caught:
        OrderRoad(bench.journal, bench.keys, bench.trust, bench.time, settings)
    assert caught.value.code == "environment_mismatch"


def test_the_receipt_fits_the_published_ap2_schema(online: Bench) -> None:
    validator = ap2_schemas()("checkout_receipt")
    good = online.road.commit(agreed())
    bad = msgspec.structs.replace(
        good, payload=good.payload.replace(good.intent_id.encode(), str(uuid4()).encode())
    )
    for intent, status in ((good, "Success"), (bad, "Error")):
        assert decode_event(intent.payload, INTENT)
        reply = online.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
        signed = decode_data(decode_event(reply.payload, RECEIPT), SignedData).signed
        claims = json.loads(jws.verify(signed, online.trust.keys.receipts, typ=RECEIPT_TYP))
        assert claims["status"] == status
        validator.validate(claims)
        assert not validator.is_valid({**claims, "status": "Perhaps"})
