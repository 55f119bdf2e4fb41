"""A shop that came back from a copy is given back by its devices what it answered since: each order under its
number, each refusal, each cancellation, and nothing that it did not sign itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import (
    RETURNED,
    CloudEvent,
    ReturnedData,
    decode_data,
    decode_event,
    encode_event,
)
from agent.committing.returning import MOST_AT_ONCE, MOST_ATTEMPTS
from agent.committing.trusted_time import Lost
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from order_backend.backup import back_up, restore
from order_backend.desk import OrderDesk
from order_backend.rotations import rotate, take_up
from tests.committing.kit import DEVICE, Bench, agreed, make_bench
from tests.committing.network import now

KEY = bytes(range(32))
SKEW_S = 2
DOWN = f"va/v1/d/{DEVICE}/dn/"
COFFEE = "coffee?roast=dark"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = make_bench(tmp_path)
    bench.clocks.wall_s = time.time()
    bench.trust_time()
    bench.road.link(True)
    return bench


def now_s(bench: Bench) -> int:
    return int(bench.clocks.wall_s)


def deliver(bench: Bench, publishes: list[Publish] | None = None) -> list[str]:
    """What is due goes to the shop, its answers come back; the shop's codes."""
    codes = []
    for publish in bench.road.tick().publishes if publishes is None else publishes:
        handle = {
            "intent": bench.desk.intent, "cancel": bench.desk.cancel, "query": bench.desk.query,
            "receipt": bench.desk.returned,
        }[publish.topic.rsplit("/", 1)[1]]  # fmt: skip
        reply = handle(DEVICE, publish.payload, now_s=now_s(bench))
        if reply.payload:
            bench.road.received(DOWN + reply.what, reply.payload)
        codes.append(reply.code)
    return codes


def ordered(bench: Bench, person: str = "person-1") -> str:
    intent = bench.road.commit(agreed(person=person))
    assert deliver(bench) == ["ordered"]
    return intent.intent_id


def copied(bench: Bench, tmp_path: Path) -> Callable[[], None]:
    """A copy of now; what it gives brings the shop back from it."""
    back_up(bench.folder, tmp_path / "copy", KEY)

    def brought_back() -> None:
        bench.desk.close()
        bench.folder.path.rename(tmp_path / "lost")
        restore(bench.folder, tmp_path / "copy", KEY, ended_at_s=now_s(bench), skew_s=SKEW_S)
        bench.desk = OrderDesk(bench.folder)

    return brought_back


def told_the_time(bench: Bench) -> None:
    bench.clocks.pass_by(SKEW_S + 5)
    bench.road.received(DOWN + "time", bench.shop_time())


def test_an_order_that_the_shop_has_forgotten_is_there_again_under_its_number(
    bench: Bench, tmp_path: Path
) -> None:
    before = ordered(bench)
    brought_back = copied(bench, tmp_path)
    bench.clocks.pass_by(700)
    lost = [ordered(bench, f"person-{number}") for number in range(MOST_AT_ONCE + 2)]
    orders = {row.intent_id: row.order_id for row in bench.desk.shop.orders()}
    brought_back()
    assert [row.intent_id for row in bench.desk.shop.orders()] == [before]
    assert bench.road.tick().publishes == [], "nobody has said that anything was lost"
    told_the_time(bench)
    first = bench.road.tick().publishes
    at_once = ["returned_known", *["returned_ordered"] * (MOST_AT_ONCE - 1)]  # one that it had not forgotten
    assert deliver(bench, first) == at_once
    assert deliver(bench, first) == ["returned_known"] * MOST_AT_ONCE
    assert deliver(bench) == ["returned_ordered"] * 3
    assert {row.intent_id: row.order_id for row in bench.desk.shop.orders()} == orders
    assert set(orders) == {before, *lost}
    told_the_time(bench)
    assert bench.road.tick().publishes == []
    bench.restart_device()
    bench.road.link(True)
    told_the_time(bench)
    assert bench.road.tick().publishes == [], "a new process knows that it is done"


def test_a_receipt_of_the_lost_time_that_comes_after_the_news_is_given_back_too(
    bench: Bench, tmp_path: Path
) -> None:
    brought_back = copied(bench, tmp_path)
    intent_id = bench.road.commit(agreed()).intent_id
    [publish] = bench.road.tick().publishes
    reply = bench.desk.intent(DEVICE, publish.payload, now_s=now_s(bench))
    brought_back()
    told_the_time(bench)
    assert deliver(bench) == ["in_doubt"], "the order is sent again"
    bench.road.received(DOWN + reply.what, reply.payload)
    assert deliver(bench) == ["returned_ordered"]
    assert [row.intent_id for row in bench.desk.shop.orders()] == [intent_id]


def test_a_receipt_that_the_network_repeats_is_not_taken_for_the_shops_word(
    bench: Bench, tmp_path: Path
) -> None:
    brought_back = copied(bench, tmp_path)
    intent_id = ordered(bench)
    old = bench.journal.receipt(intent_id)
    assert old is not None
    brought_back()
    told_the_time(bench)
    [publish] = bench.road.tick().publishes
    bench.road.received(DOWN + "ack", old)
    assert bench.journal.to_return(bench.time.lost) == [intent_id]
    assert deliver(bench, [publish]) == ["returned_ordered"]
    assert bench.journal.to_return(bench.time.lost) == []


def test_what_was_refused_and_what_was_taken_back_is_known_again(bench: Bench, tmp_path: Path) -> None:
    bench.desk.shop.stock.count(COFFEE, 5)
    taken_back = ordered(bench)
    brought_back = copied(bench, tmp_path)
    bench.clocks.pass_by(700)
    bench.road.cancel(taken_back, factors=("voice",))
    assert deliver(bench) == ["cancelled"]
    bench.desk.shop.stock.count(COFFEE, 0)
    refused = bench.road.commit(agreed())
    assert deliver(bench) == ["unavailable"]
    brought_back()
    assert bench.desk.shop.stock.counted() == {COFFEE: 3}
    told_the_time(bench)
    assert deliver(bench) == ["returned_refusal"] * 2
    [order] = bench.desk.shop.orders()
    assert bench.desk.shop.ends.of(order.order_id) == "cancelled"
    assert bench.desk.shop.stock.counted() == {COFFEE: 5}
    assert bench.desk.shop.accounts.lock(DEVICE).owed_minor == 0
    assert bench.desk.intent(DEVICE, refused.payload, now_s=now_s(bench)).code == "replayed"
    assert [row.intent_id for row in bench.desk.shop.orders()] == [taken_back]


def test_it_is_no_more_in_doubt_and_comes_back_after_the_doubts_were_closed_too(
    bench: Bench, tmp_path: Path
) -> None:
    brought_back = copied(bench, tmp_path)
    intent_id = ordered(bench)
    brought_back()
    _, payload = bench.journal.signed_bytes(intent_id)
    assert bench.desk.intent(DEVICE, payload, now_s=now_s(bench)).code == "in_doubt"
    assert [row.intent_id for row in bench.desk.shop.restores.doubts()] == [intent_id]
    told_the_time(bench)
    returned = bench.road.tick().publishes
    bench.desk.shop.restores.close(now_s(bench))
    assert deliver(bench, returned) == ["returned_ordered"]
    assert bench.desk.shop.restores.doubts() == []
    assert bench.desk.intent(DEVICE, payload, now_s=now_s(bench)).code == "replayed"


def test_a_receipt_of_a_key_that_was_replaced_since_counts(bench: Bench, tmp_path: Path) -> None:
    brought_back = copied(bench, tmp_path)
    ordered(bench)
    brought_back()
    rotate(bench.folder, "receipts", now=now())
    assert take_up(bench.folder) == ["receipts"]
    bench.desk.close()
    bench.desk = OrderDesk(bench.folder)
    told_the_time(bench)
    [publish] = bench.road.tick().publishes
    assert bench.desk.returned(DEVICE, publish.payload, now_s=now_s(bench)).code == "returned_ordered"


def remade(payload: bytes, **changed: str) -> bytes:
    event = decode_event(payload, RETURNED)
    data = msgspec.structs.replace(decode_data(event, ReturnedData), **changed)
    return msgspec.json.encode(msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data))))


def test_nothing_that_either_of_them_did_not_sign_is_taken(bench: Bench, tmp_path: Path) -> None:
    brought_back = copied(bench, tmp_path)
    ordered(bench)
    bench.clocks.pass_by(30)
    other = ordered(bench, "person-2")
    brought_back()
    told_the_time(bench)
    first, second = bench.road.tick().publishes
    data, others = (decode_data(decode_event(one.payload, RETURNED), ReturnedData) for one in (first, second))
    receipt = json.loads(data.receipt)
    claims = json.loads(jws.from_base64url(receipt["data"]["signed"].split(".")[1]))
    forged = jws.sign(claims, ECKey.generate_key("P-256"), typ="earmark-receipt+jwt")
    intent = msgspec.json.decode(data.intent, type=CloudEvent)
    unsigned = bytes(intent.data).replace(b'"checkout":"e', b'"checkout":"f')
    by_a_stranger = json.dumps(receipt | {"data": {"signed": forged}})
    altered = data.intent.replace(bytes(intent.data).decode(), unsigned.decode())
    for code, payload in (
        ("receipt_key_unknown", remade(first.payload, receipt=by_a_stranger)),
        ("returned_mismatch", remade(first.payload, receipt=others.receipt)),
        ("returned_mismatch", remade(first.payload, intent=altered)),
        ("envelope_malformed", remade(first.payload, intent="{}")),
        ("envelope_malformed", first.payload.replace(b'"intent"', b'"intend"')),
    ):
        with pytest.raises(TrustError) as error:
            bench.desk.returned(DEVICE, payload, now_s=now_s(bench))
        assert error.value.code == code
    with pytest.raises(TrustError) as error:
        bench.desk.returned("device-2", first.payload, now_s=now_s(bench))
    assert error.value.code == "receipt_other_device"
    assert bench.desk.shop.orders() == [] and other


def given_back(bench: Bench, intent: bytes, receipt: bytes) -> str:
    """The code with which the shop refuses that."""
    data = ReturnedData(intent=intent.decode(), receipt=receipt.decode())
    payload = encode_event(RETURNED, id_=uuid4(), source=DEVICE, now_s=now_s(bench), data=data)
    with pytest.raises(TrustError) as error:
        bench.desk.returned(DEVICE, payload, now_s=now_s(bench))
    return error.value.code


def test_a_refusal_that_the_shop_had_not_kept_ends_no_order(bench: Bench, tmp_path: Path) -> None:
    """Whoever holds the device's TLS key gets a signed refusal of what they made up, under a live id, or of
    two mandates of the device that do not belong together."""
    brought_back = copied(bench, tmp_path)
    lost = ordered(bench)
    bench.clocks.pass_by(30)
    other = ordered(bench, "person-2")
    waiting = bench.road.commit(agreed(person="person-3"))
    payloads = {intent_id: bench.journal.signed_bytes(intent_id)[1] for intent_id in (lost, other)}
    payloads[waiting.intent_id] = waiting.payload
    pairs = []
    for intent_id in (lost, waiting.intent_id):
        event = json.loads(payloads[intent_id])
        made_up = json.dumps(event | {"data": {"checkout": "a.b.c~", "payment": "a.b.c~"}}).encode()
        pairs.append((made_up, bench.desk.intent(DEVICE, made_up, now_s=now_s(bench)).payload))
    event, others = (json.loads(payloads[intent_id]) for intent_id in (lost, other))
    mixed = json.dumps(event | {"data": event["data"] | {"payment": others["data"]["payment"]}}).encode()
    pairs.append((mixed, bench.desk.intent(DEVICE, mixed, now_s=now_s(bench)).payload))
    brought_back()
    assert [given_back(bench, *pair) for pair in pairs] == ["returned_refused"] * 3
    told_the_time(bench)
    returned = [one for one in bench.road.tick().publishes if one.topic.endswith("receipt")]
    assert deliver(bench, returned) == ["returned_ordered"] * 2
    assert {row.intent_id for row in bench.desk.shop.orders()} == {lost, other}
    assert bench.desk.intent(DEVICE, waiting.payload, now_s=now_s(bench)).code == "in_doubt"
    bench.desk.shop.restores.close(now_s(bench))
    assert bench.desk.intent(DEVICE, waiting.payload, now_s=now_s(bench)).code == "shop_restored"


def test_a_shop_that_lost_nothing_says_nothing_of_it_and_takes_nothing_back(
    bench: Bench, tmp_path: Path
) -> None:
    intent_id = ordered(bench)
    told_the_time(bench)
    assert bench.time.lost == () and bench.road.tick().publishes == []
    signed = json.loads(bench.shop_time())["data"]["signed"]
    assert json.loads(jws.from_base64url(signed.split(".")[1])).keys() == {"iss", "env", "iat"}
    bench.time.lost = (Lost(now_s(bench) - 3_600, now_s(bench)),)
    [publish] = bench.road.tick().publishes
    with pytest.raises(TrustError, match="returned_nothing_lost"):
        bench.desk.returned(DEVICE, publish.payload, now_s=now_s(bench))
    assert [row.intent_id for row in bench.desk.shop.orders()] == [intent_id]


def test_what_storage_has_altered_is_named_and_the_rest_given_back(
    bench: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    brought_back = copied(bench, tmp_path)
    bench.clocks.pass_by(700)
    altered, whole = ordered(bench), ordered(bench, "person-2")
    brought_back()
    told_the_time(bench)
    change = "UPDATE orders SET payload = CAST(? || substr(payload, 2) AS BLOB) WHERE intent_id = ?"
    bench.journal._db.execute(change, (b"\xff", altered))
    assert deliver(bench) == ["returned_ordered"]
    assert [row.intent_id for row in bench.desk.shop.orders()] == [whole]
    assert bench.road.tick().publishes == []
    assert f"receipt_not_taken_back intent_id={altered}" in capfd.readouterr().err


def test_whoever_sends_junk_while_something_is_given_back_fills_no_log(
    bench: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    brought_back = copied(bench, tmp_path)
    bench.clocks.pass_by(700)
    ordered(bench)
    brought_back()
    told_the_time(bench)
    for _ in range(50):
        bench.road.tick()
        bench.road.received(DOWN + "ack", b"junk")
    assert capfd.readouterr().err.count("receipts_returned") == 1


def test_a_shop_that_does_not_answer_is_left_in_peace(bench: Bench) -> None:
    ordered(bench)
    bench.time.lost = (Lost(now_s(bench) - 3_600, now_s(bench)),)
    sent = 0
    for _ in range(MOST_ATTEMPTS * 3):
        sent += len(bench.road.tick().publishes)
        bench.clocks.pass_by(60)
    assert sent == MOST_ATTEMPTS


def test_only_what_was_answered_in_the_lost_time_is_given_back(bench: Bench) -> None:
    ordered(bench)
    bench.clocks.pass_by(3_600)
    during = ordered(bench)
    bench.clocks.pass_by(3_600)
    after = ordered(bench)
    lost = (Lost(now_s(bench) - 4_000, now_s(bench) - 1_000),)
    assert bench.journal.to_return(lost) == [during]
    bench.journal.returned(during, lost)
    assert bench.journal.to_return(lost) == []
    later = (*lost, Lost(now_s(bench) - 100, now_s(bench) + 100))
    assert bench.journal.to_return(later) == [after], "what was given back is lost again only to another blow"
