"""An order is taken back once, whatever is lost on the way, and the shop's receipt says which came first."""

from __future__ import annotations

import base64
import json

import pytest

from agent.committing.envelope import CANCEL, SignedData, decode_data, decode_event
from agent.committing.road import CancelTooLate, OrderExpired, OrderPlaced, OrderRefused
from agent.plumbing.errors import JournalError, TrustError
from agent.plumbing.messages import Publish
from tests.committing.kit import DEVICE, Bench, agreed, answer, only_publish

ACK = f"va/v1/d/{DEVICE}/dn/ack"
RSP = f"va/v1/d/{DEVICE}/dn/rsp"


@pytest.fixture
def online(bench: Bench) -> Bench:
    bench.trust_time()
    bench.road.link(True)
    return bench


def now_s(bench: Bench) -> int:
    return int(bench.clocks.wall_s)


def cancelled(bench: Bench, publish: Publish) -> bytes:
    """The shop's answer."""
    return bench.desk.cancel(DEVICE, publish.payload, now_s=now_s(bench)).payload


def placed(bench: Bench) -> str:
    """An order of which the device has the receipt."""
    signed = bench.road.commit(agreed())
    [event] = bench.road.received(ACK, answer(bench, only_publish(bench)))
    assert isinstance(event, OrderPlaced)
    return signed.intent_id


def row(bench: Bench) -> tuple[str, str]:
    [order] = bench.journal.orders()
    return order.state, order.reason


def test_what_never_left_is_cancelled_on_the_device_alone(bench: Bench) -> None:
    bench.trust_time()
    intent_id = bench.road.commit(agreed()).intent_id
    assert bench.road.cancel(intent_id, factors=("voice",)) == "cancelled"
    [event] = bench.road.tick().events
    assert isinstance(event, OrderRefused) and event.code == "cancelled"
    bench.road.link(True)
    assert bench.road.tick() == ([], [])
    assert row(bench) == ("refused", "cancelled") and bench.journal.open_count() == 0


def test_what_may_have_left_is_signed_and_on_disk_before_it_is_said(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    only_publish(online)
    assert online.road.cancel(intent_id, factors=("voice", "pin")) == "asked"
    online.restart_device()
    online.road.link(True)
    publish = only_publish(online)
    assert publish.topic == f"va/v1/d/{DEVICE}/up/cancel"
    signed = decode_data(decode_event(publish.payload, CANCEL), SignedData).signed
    claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    [order] = online.journal.orders()
    assert (claims["intent"], claims["intent_sha256"]) == (intent_id, order.sha256)
    assert (claims["sub"], claims["amr"]) == ("person-1", ["voice", "pin"])


def test_a_journal_that_was_put_back_does_not_know_that_an_order_never_left(bench: Bench) -> None:
    bench.trust_time()
    intent_id = bench.road.commit(agreed()).intent_id
    bench.restart_device()
    assert bench.road.cancel(intent_id, factors=("voice",)) == "asked"


def test_the_same_bytes_go_out_until_the_answer_comes_and_the_order_rests(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    only_publish(online)
    online.road.cancel(intent_id, factors=("voice",))
    sent = []
    for _ in range(4):
        sent.append(only_publish(online))
        online.clocks.pass_by(10)
    assert len({publish.payload for publish in sent}) == 1 and {p.ref for p in sent} == {
        f"cancel-{intent_id}"
    }
    [event] = online.road.received(ACK, cancelled(online, sent[0]))
    assert isinstance(event, OrderRefused) and event.code == "cancelled"
    online.clocks.pass_by(10)
    assert online.road.tick() == ([], [])


def test_a_cancellation_that_comes_first_has_the_order_refused(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    intent = only_publish(online)
    online.road.cancel(intent_id, factors=("voice",))
    receipt = cancelled(online, only_publish(online))
    late = online.desk.intent(DEVICE, intent.payload, now_s=now_s(online))
    assert late.code == "replayed" and online.desk.shop.orders() == []
    [event] = online.road.received(ACK, late.payload)
    assert isinstance(event, OrderRefused) and row(online) == ("refused", "cancelled")
    assert online.road.received(ACK, receipt) == []


def test_an_order_that_was_placed_is_undone_and_counts_no_more(online: Bench) -> None:
    intent_id = placed(online)
    [order] = online.desk.shop.orders()
    assert online.journal.spent_since("person-1", 0, "PLN") == order.total_minor
    online.road.cancel(intent_id, factors=("voice",))
    [event] = online.road.received(ACK, cancelled(online, only_publish(online)))
    assert isinstance(event, OrderRefused) and event.code == "cancelled"
    assert row(online) == ("refused", "cancelled")
    assert online.journal.orders()[0].order_id == order.order_id
    assert online.journal.spent_since("person-1", 0, "PLN") == 0
    assert online.desk.shop.ends.of(order.order_id) == "cancelled"


def test_the_receipt_of_the_order_that_comes_after_all_changes_nothing(online: Bench) -> None:
    """Both receipts were lost or overtook each other."""
    intent_id = online.road.commit(agreed()).intent_id
    ordered = answer(online, only_publish(online))
    online.road.cancel(intent_id, factors=("voice",))
    undone = cancelled(online, only_publish(online))
    assert [type(event) for event in online.road.received(ACK, undone)] == [OrderRefused]
    assert online.road.received(ACK, ordered) == [] and row(online) == ("refused", "cancelled")
    assert online.road.refused["receipt_contradicts"] == 1


def test_an_order_that_is_being_handed_over_stands_and_that_is_told_once(online: Bench) -> None:
    intent_id = placed(online)
    [order] = online.desk.shop.orders()
    assert online.desk.shop.ends.put(order.order_id, "accepted", now_s=1)
    online.road.cancel(intent_id, factors=("voice",))
    receipt = cancelled(online, only_publish(online))
    [event] = online.road.received(ACK, receipt)
    assert isinstance(event, CancelTooLate) and row(online) == ("ordered", "")
    assert online.road.received(ACK, receipt) == []
    online.clocks.pass_by(100)
    assert online.road.tick() == ([], [])
    with pytest.raises(TrustError) as error:
        online.road.cancel(intent_id, factors=("voice",))
    assert error.value.code == "cancel_too_late"


def test_both_are_told_where_the_device_knew_of_neither(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    answer(online, only_publish(online))
    [order] = online.desk.shop.orders()
    online.desk.shop.ends.put(order.order_id, "accepted", now_s=1)
    online.road.cancel(intent_id, factors=("voice",))
    events = online.road.received(ACK, cancelled(online, only_publish(online)))
    assert [type(event) for event in events] == [OrderPlaced, CancelTooLate]
    assert row(online) == ("ordered", "")


def test_without_an_answer_the_shop_is_asked_and_that_ends_both(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    only_publish(online)
    online.road.cancel(intent_id, factors=("voice",))
    online.clocks.pass_by(3_600 + 301)
    online.road.tick()
    online.clocks.pass_by(100)
    question = next(one for one in online.road.tick().publishes if one.topic.endswith("query"))
    reply = online.desk.query(DEVICE, question.payload, now_s=now_s(online))
    [event] = online.road.received(RSP, reply.payload)
    assert isinstance(event, OrderExpired)
    online.clocks.pass_by(100)
    assert online.road.tick() == ([], [])


def test_a_receipt_for_other_bytes_or_without_a_cancellation_undoes_nothing(online: Bench) -> None:
    intent_id = placed(online)
    online.road.cancel(intent_id, factors=("voice",))
    publish = only_publish(online)
    online.journal._db.execute("UPDATE orders SET sha256 = ?", ("0" * 64,))
    assert online.road.received(ACK, cancelled(online, publish)) == []
    assert row(online) == ("ordered", "") and online.road.refused["receipt_other_intent"] == 1


def test_there_is_nothing_to_take_back_of_what_is_over_or_unknown(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    only_publish(online)
    online.road.cancel(intent_id, factors=("voice",))
    online.road.received(ACK, cancelled(online, only_publish(online)))
    with pytest.raises(TrustError) as error:
        online.road.cancel(intent_id, factors=("voice",))
    assert error.value.code == "order_over"
    with pytest.raises(JournalError) as unknown:
        online.road.cancel("no such", factors=("voice",))
    assert unknown.value.code == "journal_no_such_order"


def test_bytes_that_storage_altered_never_leave_and_the_order_goes_on(online: Bench) -> None:
    intent_id = online.road.commit(agreed()).intent_id
    only_publish(online)
    online.road.cancel(intent_id, factors=("voice",))
    online.journal._db.execute("UPDATE cancels SET payload = zeroblob(length(payload))")
    turn = online.road.tick()
    assert turn.publishes == [] and [type(event) for event in turn.events] == [CancelTooLate]
    assert online.journal.untold_cancels(now_s(online)) == [intent_id]
    online.clocks.pass_by(10)
    assert only_publish(online).ref == intent_id


def test_what_stands_is_to_be_told_until_it_was(online: Bench) -> None:
    intent_id = placed(online)
    [order] = online.desk.shop.orders()
    online.desk.shop.ends.put(order.order_id, "accepted", now_s=1)
    online.clocks.pass_by(50)
    online.road.cancel(intent_id, factors=("voice",))
    online.clocks.pass_by(50)
    online.road.received(ACK, cancelled(online, only_publish(online)))
    online.restart_device()
    assert online.journal.untold_cancels(now_s(online)) == [intent_id]
    assert online.journal.untold_cancels(now_s(online) + 1) == []
    online.journal.told_cancel(intent_id, now_s=now_s(online))
    assert online.journal.untold_cancels(0) == []


def test_it_needs_the_time_and_leaves_nothing_without(bench: Bench) -> None:
    bench.trust_time()
    intent_id = bench.road.commit(agreed()).intent_id
    bench.clocks.boot_id, bench.clocks.boot_s = "boot-2", 5.0
    bench.restart_device()
    with pytest.raises(TrustError) as error:
        bench.road.cancel(intent_id, factors=("voice",))
    assert error.value.code == "clock_untrusted" and bench.journal.open_cancels() == []


def test_the_last_order_of_a_person_is_known(online: Bench) -> None:
    assert online.journal.last_order("person-1") is None
    online.road.commit(agreed())
    last = online.road.commit(agreed(3)).intent_id
    online.road.commit(agreed(person="person-2"))
    assert online.journal.last_order("person-1") == last
