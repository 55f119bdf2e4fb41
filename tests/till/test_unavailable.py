"""A shop that has not all of an order refuses the whole, and the person hears what it could send."""

from __future__ import annotations

import base64
import json
import uuid

import msgspec
import pytest

from agent.committing.envelope import RECEIPT, SignedData, decode_data, decode_event
from agent.committing.receipts import ReceiptClaims, ReceiptLine, verify_receipt
from agent.committing.road import OrderRefused
from agent.deciding.basket import parts_of
from agent.plumbing import messages
from agent.till.shop_link import ShopLink
from order_backend.receipts import receipt_event
from tests.backend.test_checks import Claims
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, agreed
from tests.till.kit import Till

COFFEE = "coffee?roast=dark"
ACK = f"va/v1/d/{DEVICE}/dn/ack"


def ordered(till: Till, words: str) -> str:
    """The last sentence, once the shop has answered."""
    till.desk.online = False
    till.wake_and_say(words)
    till.answer("yes place my order")
    till.finish_speaking()
    shop = ShopLink(till.desk, lambda _: None, till.spoken.receipt, lambda _, then: till.timers.append(then))
    till.desk.road.link(True)
    for publish in till.desk.road.tick().publishes:
        reply = till.bench.desk.intent(DEVICE, publish.payload, now_s=int(till.bench.clocks.wall_s))
        shop.received(messages.Received(ACK, reply.payload))
    return till.said


def test_the_person_hears_what_could_be_sent_and_may_order_that(till: Till) -> None:
    till.bench.desk.shop.stock.count(COFFEE, 1)
    said = ordered(till, "two bags of dark roast coffee")
    assert said == (
        "The shop does not have all of two bags of dark roast coffee, so nothing is ordered."
        " It could send one bag of dark roast coffee. You can order that."
    )
    assert till.bench.desk.shop.orders() == [] and till.bench.desk.shop.stock.counted() == {COFFEE: 1}
    assert ordered(till, "one bag of dark roast coffee").startswith("The shop has your order")
    assert till.bench.desk.shop.stock.counted() == {COFFEE: 0}


def test_where_there_is_nothing_nothing_is_offered(till: Till) -> None:
    till.bench.desk.shop.stock.count(COFFEE, 0)
    said = ordered(till, "two bags of dark roast coffee")
    assert said.endswith("so nothing is ordered. You can order less.")


def test_the_receipt_says_what_is_there_of_each_thing(till: Till) -> None:
    bench = till.bench
    bench.desk.shop.stock.count(COFFEE, 1)
    order = agreed(2)
    tea = CATALOGUE.line("green-tea", {}, 3, "en")
    basket = msgspec.structs.replace(order.basket, lines=(*order.basket.lines, tea))
    payload = bench.road.commit(msgspec.structs.replace(order, basket=basket)).payload
    reply = bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    receipt = verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")
    assert (receipt.status, receipt.error) == ("refused", "unavailable")
    assert {line.id: line.quantity for line in receipt.available} == {COFFEE: 1, "green-tea": 3}


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ([(COFFEE, 1)], ((COFFEE, 1),)),
        ([(COFFEE, 9)], ((COFFEE, 2),)),
        ([("caviar", 1), (COFFEE, 1)], ((COFFEE, 1),)),
        ([(COFFEE, 0)], ()),
        ([], ()),
    ],
)
def test_no_more_is_believed_than_was_ordered(
    till: Till, said: list[tuple[str, int]], believed: tuple[tuple[str, int], ...]
) -> None:
    bench = till.bench
    bench.road.link(True)
    bench.road.commit(agreed(2))
    [publish] = bench.road.tick().publishes
    bench.desk.shop.stock.count(COFFEE, 0)
    reply = bench.desk.intent(DEVICE, publish.payload, now_s=NOW_S)
    token = decode_data(decode_event(reply.payload, RECEIPT), SignedData).signed
    claims: Claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    changed = msgspec.structs.replace(
        msgspec.convert(claims, ReceiptClaims), available=tuple(ReceiptLine(*one) for one in said)
    )
    payload = receipt_event(changed, bench.folder.signing_key("receipts"), event_id=uuid.uuid4())
    [event] = bench.road.received(ACK, payload)
    assert isinstance(event, OrderRefused) and event.available == believed


def test_a_sku_is_taken_apart_as_it_was_put_together() -> None:
    assert parts_of(COFFEE) == ("coffee", {"roast": "dark"})
    assert parts_of("rice") == ("rice", {})
    assert parts_of("milk?fat=2&size=l") == ("milk", {"fat": "2", "size": "l"})
