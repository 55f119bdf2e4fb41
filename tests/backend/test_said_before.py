"""What the shop has said about an intent binds it, and only what the device signed makes it do so."""

from __future__ import annotations

import base64
import json
import uuid

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import outbox
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.receipts import verify_answer, verify_receipt
from agent.committing.statements import CancelClaims, StatusClaims
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from order_backend.desk import OrderDesk
from tests.backend.test_checks import both, forged, verdict
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, question, unsigned_question

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def asked(bench: Bench, intent_id: str, now_s: int) -> str:
    return bench.desk.query(DEVICE, question(bench, intent_id, now_s), now_s=now_s).code


def test_what_was_said_not_to_be_placed_is_refused_by_a_replica_whose_clock_is_behind(bench: Bench) -> None:
    """The device believed it and told the person, who has ordered again since."""
    bench.trust_time()
    intent = bench.road.commit(agreed())
    assert asked(bench, intent.intent_id, intent.exp + 301) == "not_placed"
    behind = OrderDesk(bench.folder)
    codes = [behind.intent(DEVICE, intent.payload, now_s=NOW_S).code for _ in range(2)]
    behind.close()
    assert codes == ["not_placed", "replayed"]
    assert bench.desk._shop.orders() == []


def test_the_late_bytes_are_answered_for_good_and_the_question_then_gets_that_answer(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    asked(bench, intent.intent_id, NOW_S)
    first = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
    receipt = verify_receipt(first.payload, bench.trust, device_id=DEVICE, environment="test")
    assert (receipt.status, receipt.error) == ("refused", "not_placed")
    assert receipt.intent_sha256 == decode_event(intent.payload, INTENT).data_sha256
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).payload == first.payload
    again = question(bench, intent.intent_id)
    assert bench.desk.query(DEVICE, again, now_s=NOW_S).payload == first.payload


def test_not_placed_is_said_anew_with_the_time_at_which_it_is_asked(bench: Bench) -> None:
    """The device takes it only when it was said after the order's time was over."""
    bench.trust_time()
    intent = bench.road.commit(agreed())
    for now_s in (NOW_S, intent.exp + 1):
        said = bench.desk.query(DEVICE, question(bench, intent.intent_id, now_s), now_s=now_s)
        answer = verify_answer(said.payload, bench.trust, device_id=DEVICE, environment="test")
        assert (answer.iat, answer.intent) == (now_s, intent.intent_id)


def test_a_question_for_one_device_binds_nothing_of_another(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    asked_by_another = unsigned_question(intent.intent_id, "device-2")
    assert bench.desk.query("device-2", asked_by_another, now_s=NOW_S).code == "not_placed"
    assert verdict(bench, intent.payload).status == "ordered"


def test_who_has_the_tls_key_and_no_more_cannot_have_an_intent_refused_by_asking_early(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    said = bench.desk.query(DEVICE, unsigned_question(intent.intent_id), now_s=NOW_S)
    assert said.code == "not_placed"
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S + 1).code == "ordered"


def test_a_device_of_an_earlier_release_is_answered_and_what_it_believes_stays_true(bench: Bench) -> None:
    """It asks when its order's time is over, and believes "not placed" if that was said later than that."""
    bench.trust_time()
    intent = bench.road.commit(agreed())
    said = bench.desk.query(DEVICE, unsigned_question(intent.intent_id), now_s=intent.exp + 301)
    assert verify_answer(said.payload, bench.trust, device_id=DEVICE, environment="test").iat > intent.exp
    behind = OrderDesk(bench.folder)
    assert behind.intent(DEVICE, intent.payload, now_s=NOW_S).code == "expired"
    behind.close()
    assert bench.desk.shop.orders() == []


def test_it_gets_the_receipt_of_what_was_placed(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    receipt = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).payload
    assert bench.desk.query(DEVICE, unsigned_question(intent.intent_id), now_s=NOW_S).payload == receipt


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("signature_key_unknown", {"key": ECKey.generate_key("P-256")}),
        ("signature_type", {"typ": CancelClaims.typ}),
        ("signature_type", {"typ": StatusClaims.typ}),
        ("signature_type", {"typ": "earmark-receipt+jwt"}),
        ("statement_malformed", {"intent": "no uuid"}),
        ("statement_other_device", {"iss": "device-2"}),
        ("statement_audience", {"aud": "another-shop"}),
        ("statement_environment", {"env": "production"}),
        ("statement_mismatch", {"jti": str(uuid.uuid4())}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_question_wrong_in_one_thing_gets_no_answer_and_binds_nothing(
    bench: Bench, code: str, wrong: dict[str, object]
) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    with pytest.raises(TrustError) as error:
        bench.desk.query(DEVICE, question(bench, intent.intent_id, **wrong), now_s=NOW_S)  # type: ignore[arg-type]
    assert error.value.code == code
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"


@pytest.mark.parametrize("wrong", [{"iat": NOW_S + 301}, {"exp": NOW_S}], ids=["early", "late"])
def test_a_question_of_another_time_is_answered_and_binds_nothing_that_is_in_time(
    bench: Bench, wrong: dict[str, int]
) -> None:
    """A device whose clock is wrong has to come to an end too; one that is replayed later binds no more than
    that of anybody."""
    bench.trust_time()
    intent = bench.road.commit(agreed())
    asks = question(bench, intent.intent_id, **wrong)  # type: ignore[arg-type]
    assert bench.desk.query(DEVICE, asks, now_s=NOW_S).code == "not_placed"
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"


def test_a_question_signed_for_one_intent_asks_for_no_other(bench: Bench) -> None:
    bench.trust_time()
    one, other = bench.road.commit(agreed()), bench.road.commit(agreed(3))
    event = json.loads(question(bench, one.intent_id))
    event["data"]["intent"] = other.intent_id
    with pytest.raises(TrustError, match="another intent"):
        bench.desk.query(DEVICE, json.dumps(event).encode(), now_s=NOW_S)
    assert bench.desk.intent(DEVICE, other.payload, now_s=NOW_S).code == "ordered"


def test_a_question_that_comes_again_changes_nothing(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    asks = question(bench, intent.intent_id)
    receipt = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).payload
    assert {bench.desk.query(DEVICE, asks, now_s=NOW_S).payload for _ in range(3)} == {receipt}
    assert len(bench.desk.shop.orders()) == 1


def not_signed_by_the_device(bench: Bench, intent: Publish, kind: str) -> bytes:
    """Under the intent's id, as somebody could write it who has the device's TLS key and no more."""
    event = json.loads(intent.payload)
    data = decode_data(decode_event(intent.payload, INTENT), IntentData)
    match kind:
        case "no tokens":
            event["data"] = {"checkout": "a.b.c~", "payment": "a.b.c~"}
        case "no intent":
            event["data"] = {"something": "else"}
        case "another key":
            return forged(bench, both(jti=intent.ref), key=ECKey.generate_key("P-256"), id_=intent.ref)
        case "the tokens of another intent":
            other = decode_event(bench.road.commit(agreed(3)).payload, INTENT)
            event["data"] = json.loads(bytes(other.data))
        case "half of another intent":
            other = decode_event(bench.road.commit(agreed(3)).payload, INTENT)
            payment = decode_data(other, IntentData).payment
            event["data"] = msgspec.to_builtins(IntentData(data.checkout, payment))
        case _:
            event["source"] = "device-2"
            event["data"]["payment"] = event["data"]["payment"][:-2] + "A~"
    return json.dumps(event).encode()


@pytest.mark.parametrize(
    "kind",
    [
        "no tokens",
        "no intent",
        "another key",
        "the tokens of another intent",
        "half of another intent",
        "another source",
    ],
)
def test_what_the_device_did_not_sign_is_answered_and_does_not_harm_the_id(bench: Bench, kind: str) -> None:
    bench.trust_time()
    signed = bench.road.commit(agreed())
    intent = Publish(signed.intent_id, "", signed.payload)
    bad = not_signed_by_the_device(bench, intent, kind)
    first = bench.desk.intent(DEVICE, bad, now_s=NOW_S)
    assert first.code in ("signature_invalid", "intent_malformed", "envelope_mismatch")
    assert (
        verify_receipt(first.payload, bench.trust, device_id=DEVICE, environment="test").error == first.code
    )
    assert bench.desk._shop.answer(DEVICE, intent.ref) is None
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"
    assert bench.desk.intent(DEVICE, bad, now_s=NOW_S).code != "ordered"
    assert bench.desk.unauthenticated[DEVICE] == 2
    assert len(bench.desk._shop.orders()) == 1


def test_what_a_revoked_device_signed_stays_refused_when_it_is_admitted_again(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    bench.desk._shop.revoke(DEVICE)
    assert verdict(bench, intent.payload).error == "device_revoked"
    bench.desk._shop.register(DEVICE, bench.keys.public_jwk(), certificate_serial=7, now_s=NOW_S)
    assert verdict(bench, intent.payload).error == "device_revoked"
    assert verdict(bench, bench.road.commit(agreed()).payload).status == "ordered"


def rewritten(payload: bytes, kind: str) -> bytes:
    """What a broker could make of it: the same signed claims in other bytes."""
    event = json.loads(payload)
    if kind == "order of the fields":
        event["data"] = dict(reversed(event["data"].items()))
    else:  # (r, n - s) is as good an ECDSA signature as (r, s)
        head, _, signature = event["data"]["payment"].removesuffix("~").rpartition(".")
        raw = jws_bytes(signature)
        s = P256_ORDER - int.from_bytes(raw[32:], "big")
        event["data"]["payment"] = f"{head}.{jws_text(raw[:32] + s.to_bytes(32, 'big'))}~"
    return json.dumps(event).encode()


def jws_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jws_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("kind", ["order of the fields", "the other half of the signature"])
def test_an_order_placed_from_rewritten_bytes_is_the_devices_order(bench: Bench, kind: str) -> None:
    """Were its own bytes refused, the device would say "refused" while the shop delivers."""
    bench.trust_time()
    bench.road.link(True)
    intent = bench.road.commit(agreed())
    [publish] = bench.road.tick().publishes
    other = rewritten(publish.payload, kind)
    assert bench.desk.intent(DEVICE, other, now_s=NOW_S).code == "ordered"
    mine = bench.desk.intent(DEVICE, publish.payload, now_s=NOW_S)
    assert mine.code == "replayed"
    [event] = bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", mine.payload)
    assert type(event).__name__ == "OrderPlaced"
    [order] = bench.desk._shop.orders()
    assert (event.order_id, order.intent_id) == (order.order_id, intent.intent_id)


@pytest.mark.parametrize("in_time", [True, False])
def test_bytes_rewritten_on_the_way_end_no_order_unresolved(bench: Bench, in_time: bool) -> None:
    """They alone reach the shop, and the device asks. `bench chaos` found it on PostgreSQL."""
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    [publish] = bench.road.tick().publishes
    exp = bench.journal.orders()[0].exp
    other = rewritten(publish.payload, "order of the fields")
    came = bench.desk.intent(DEVICE, other, now_s=NOW_S if in_time else exp + 1)
    assert came.code == ("ordered" if in_time else "expired")
    bench.clocks.pass_by(exp - NOW_S + outbox.GRACE_S + 1)
    [question] = [one for _ in range(2) for one in bench.road.tick().publishes if one.topic.endswith("query")]
    reply = bench.desk.query(DEVICE, question.payload, now_s=int(bench.clocks.wall_s))
    said = [
        type(event).__name__
        for what, answer in ((reply.what, reply.payload), ("rsp", reply.not_placed))
        if answer
        for event in bench.road.received(f"va/v1/d/{DEVICE}/dn/{what}", answer)
    ]
    assert said == ["OrderPlaced" if in_time else "OrderExpired"]
    assert bench.desk.intent(DEVICE, publish.payload, now_s=NOW_S).code != "ordered"
    assert len(bench.desk._shop.orders()) == in_time


def test_the_devices_own_bytes_that_were_refused_are_told_as_refused_once(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    [publish] = bench.road.tick().publishes
    exp = bench.journal.orders()[0].exp
    bench.desk.intent(DEVICE, publish.payload, now_s=exp + 1)
    bench.clocks.pass_by(exp - NOW_S + outbox.GRACE_S + 1)
    [question] = [one for _ in range(2) for one in bench.road.tick().publishes if one.topic.endswith("query")]
    reply = bench.desk.query(DEVICE, question.payload, now_s=int(bench.clocks.wall_s))
    [event] = bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload)
    assert type(event).__name__ == "OrderRefused"
    assert bench.road.received(f"va/v1/d/{DEVICE}/dn/rsp", reply.not_placed) == []
    assert [row.state for row in bench.journal.orders()] == ["refused"]
