"""DIRECT mode at the device: which offer is believed, what is signed over it, and what its receipt has to
name."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import journal_mend, jws, leaving, sd_jwt
from agent.committing.direct_intents import TAKE_WITHIN_S
from agent.committing.envelope import (
    INTENT,
    OFFER,
    OFFER_REQUEST,
    IntentData,
    SignedData,
    claims_of,
    decode_data,
    decode_event,
    down_topic,
    encode_event,
    to_claims,
)
from agent.committing.intents import SignedIntent
from agent.committing.journal_mend import open_journal
from agent.committing.mandates import CheckoutMandate, PaymentMandate
from agent.committing.offering import Offered
from agent.committing.offers import OFFER_LIFETIME_S, OFFER_TYP, verify_offer
from agent.committing.outbox import GRACE_S
from agent.committing.read_back import SignedFacts, signed_facts
from agent.committing.receipts import ReceiptClaims
from agent.committing.road import OrderDiffers, OrderExpired, OrderPlaced, OrderRefused
from agent.deciding.basket import AgreedOrder
from agent.deciding.money import Money
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from order_backend.receipts import receipt_event
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed

Claims = dict[str, Any]
BASKET = agreed(2).basket
ACK = down_topic(DEVICE, "ack")


@pytest.fixture(autouse=True)
def ready(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)


def answered(bench: Bench, request: Publish) -> bytes:
    """The shop's offer."""
    reply = bench.desk.offer(DEVICE, request.payload, now_s=int(bench.clocks.wall_s))
    assert reply.code == "offered"
    return reply.payload


def offered(bench: Bench) -> Offered:
    return bench.road.offering.received(answered(bench, bench.road.offering.ask(BASKET)))


def altered(bench: Bench, payload: bytes, key: ECKey | None = None, **changes: Any) -> bytes:
    """Other claims in an offer that whoever has `key` signed; by default the shop's own."""
    token = decode_data(decode_event(payload, OFFER), SignedData).signed
    claims = to_claims(verify_offer(token, bench.trust.keys.offers)) | changes
    typ = claims.pop("typ", OFFER_TYP)
    signed = jws.sign(claims, key or bench.folder.signing_key("offers"), typ=typ)
    return encode_event(OFFER, id_=uuid.uuid4(), source="shop", now_s=NOW_S, data=SignedData(signed))


def at_price(bench: Bench, minor: int) -> Offered:
    """An offer of a shop with other prices than those of its catalogue."""
    payload = answered(bench, bench.road.offering.ask(BASKET))
    [line] = to_claims(read(bench, payload))["line_items"]
    line["item"]["price"] = minor
    both = [{"type": "total", "amount": 2 * minor}]
    return bench.road.offering.received(
        altered(bench, payload, line_items=[line | {"totals": both}], totals=both)
    )


def read(bench: Bench, payload: bytes) -> msgspec.Struct:
    token = decode_data(decode_event(payload, OFFER), SignedData).signed
    return verify_offer(token, bench.trust.keys.offers)


def order(offer: Offered) -> AgreedOrder:
    """Anna agreed to just that."""
    return msgspec.structs.replace(agreed(2), basket=offer.basket, offer=offer.offer)


def pair(bench: Bench, signed: SignedIntent) -> tuple[msgspec.Struct, msgspec.Struct]:
    data = decode_data(decode_event(signed.payload, INTENT), IntentData)
    kinds = (CheckoutMandate, PaymentMandate)
    tokens = ((data.checkout, kinds[0]), (data.payment, kinds[1]))
    keys = [bench.keys.public_jwk()]
    return tuple(claims_of(sd_jwt.verify(one, keys), kind, "x") for one, kind in tokens)  # type: ignore[return-value]


def is_bounded(bench: Bench, signed: SignedIntent) -> bool:
    data = decode_data(decode_event(signed.payload, INTENT), IntentData)
    claims = sd_jwt.verify(data.checkout, [bench.keys.public_jwk()])
    return b"mandate.checkout.open.1" in claims


def at_the_shop(bench: Bench, payload: bytes) -> bytes:
    return bench.desk.intent(DEVICE, payload, now_s=int(bench.clocks.wall_s)).payload


def test_a_request_is_signed_and_names_what_was_heard_and_a_new_intent(bench: Bench) -> None:
    requests = [bench.road.offering.ask(BASKET) for _ in range(2)]
    claims = []
    for request in requests:
        assert request.topic == f"va/v1/d/{DEVICE}/up/offer" and not request.retain
        signed = decode_data(decode_event(request.payload, OFFER_REQUEST), SignedData).signed
        claims.append(
            msgspec.json.decode(
                jws.verify(signed, [bench.keys.public_jwk()], typ="earmark-offer-request+jwt")
            )
        )
    assert claims[0]["intent"] != claims[1]["intent"] and claims[0]["jti"] != claims[1]["jti"]
    assert claims[0]["lines"] == [{"id": "coffee?roast=dark", "title": BASKET.lines[0].title, "quantity": 2}]
    assert claims[0]["catalogue_version"] == CATALOGUE.version
    assert bench.journal.orders() == [], "nothing is kept of it"


def test_the_offer_is_taken_at_its_price_and_becomes_one_order(bench: Bench) -> None:
    offer = offered(bench)
    assert offer.basket == BASKET and offer.offer.heard == BASKET
    signed = bench.road.commit(order(offer))
    assert signed.intent_id == offer.offer.intent_id
    assert signed.exp == offer.offer.exp == NOW_S + OFFER_LIFETIME_S
    checkout, payment = pair(bench, signed)
    assert isinstance(checkout, CheckoutMandate) and isinstance(payment, PaymentMandate)
    assert checkout.checkout_jwt == offer.offer.token
    assert payment.payment_amount.amount == BASKET.total.minor
    [publish] = bench.road.tick().publishes
    assert publish.payload == signed.payload
    [event] = bench.road.received(ACK, at_the_shop(bench, publish.payload))
    assert isinstance(event, OrderPlaced)
    [placed] = bench.desk.shop.orders()
    assert (placed.intent_id, placed.open_checkout) == (signed.intent_id, "")


def test_an_offer_of_another_price_is_what_is_agreed_to_and_signed(bench: Bench) -> None:
    offer = at_price(bench, 1_850)
    assert offer.basket.total == Money(3_700, "PLN") and offer.offer.heard == BASKET
    signed = bench.road.commit(order(offer))
    assert pair(bench, signed)[1].payment_amount.amount == 3_700  # type: ignore[attr-defined]
    [row] = bench.journal.orders()
    assert row.total == Money(3_700, "PLN") and row.basket_key == BASKET.key
    [event] = bench.road.received(ACK, at_the_shop(bench, signed.payload))
    assert isinstance(event, OrderPlaced)


def test_it_signs_no_longer_than_its_own_window(bench: Bench) -> None:
    offer = offered(bench)
    bench.road._orders = msgspec.structs.replace(bench.road._orders, intent_lifetime_seconds=120)
    assert bench.road.commit(order(offer)).exp == NOW_S + 120


WRONG: list[tuple[str, Claims]] = [
    ("offer_unasked", {"request": str(uuid.uuid4())}),
    ("offer_unasked", {"id": str(uuid.uuid4())}),
    ("offer_other", {"aud": "device-2"}),
    ("offer_other", {"iss": "other-shop"}),
    ("offer_other", {"env": "production"}),
    ("offer_other", {"merchant": {"id": "corner-shop", "name": "Another name"}}),
    ("offer_lines", {"catalogue_version": CATALOGUE.version + 1}),
    ("offer_currency", {"currency": "EUR"}),
    ("offer_expired", {"exp": NOW_S + TAKE_WITHIN_S - 1}),
    ("offer_expired", {"iat": NOW_S + 301, "exp": NOW_S + 900}),
    ("offer_malformed", {"totals": [{"type": "total", "amount": 1}]}),
    ("offer_malformed", {"status": "incomplete"}),
    ("signature_type", {"typ": "earmark-checkout+jwt"}),
]


@pytest.mark.parametrize(("code", "changes"), WRONG, ids=[f"{at}-{one[0]}" for at, one in enumerate(WRONG)])
def test_one_thing_wrong_in_an_offer_and_it_is_not_believed(bench: Bench, code: str, changes: Claims) -> None:
    good = answered(bench, bench.road.offering.ask(BASKET))
    refused(bench, altered(bench, good, **changes), code)
    assert bench.road.offering.received(good).basket == BASKET, "the true one may still come"


@pytest.mark.parametrize(
    "changes",
    [{"item": {"id": "coffee?roast=light"}}, {"item": {"title": "tea"}}, {"quantity": 3}, {"quantity": 1}],
)
def test_other_things_or_counts_than_were_heard_are_not_believed(bench: Bench, changes: Claims) -> None:
    good = answered(bench, bench.road.offering.ask(BASKET))
    [line] = to_claims(read(bench, good))["line_items"]
    line["item"] |= changes.get("item", {})
    line["quantity"] = changes.get("quantity", 2)
    amount = [{"type": "total", "amount": line["item"]["price"] * line["quantity"]}]
    refused(bench, altered(bench, good, line_items=[line | {"totals": amount}], totals=amount), "offer_lines")
    lines = to_claims(read(bench, good))["line_items"]
    twice = [{"type": "total", "amount": 2 * BASKET.total.minor}]
    refused(bench, altered(bench, good, line_items=lines * 2, totals=twice), "offer_lines")


def test_only_the_key_for_offers_offers(bench: Bench) -> None:
    good = answered(bench, bench.road.offering.ask(BASKET))
    refused(bench, altered(bench, good, ECKey.generate_key("P-256")), "signature_key_unknown")
    for purpose in ("receipts", "time", "catalogue", "agent"):
        refused(bench, altered(bench, good, bench.folder.signing_key(purpose)), "signature_key_unknown")


def refused(bench: Bench, payload: bytes, code: str) -> None:
    with pytest.raises(TrustError) as error:
        bench.road.offering.received(payload)
    assert error.value.code == code


def test_an_offer_counts_once_and_only_for_the_question_that_is_open(bench: Bench) -> None:
    offering = bench.road.offering
    first = answered(bench, offering.ask(BASKET))
    second = answered(bench, offering.ask(BASKET))
    refused(bench, first, "offer_unasked")
    offering.received(second)
    refused(bench, second, "offer_unasked")
    third = answered(bench, offering.ask(BASKET))
    offering.drop()
    refused(bench, third, "offer_unasked")
    bench.restart_device()
    refused(bench, third, "offer_unasked")


def test_without_the_time_nothing_is_asked(bench: Bench) -> None:
    bench.clocks.boot_id = "boot-2"
    bench.restart_device()
    with pytest.raises(TrustError, match="clock_untrusted"):
        bench.road.offering.ask(BASKET)


# An offer that cannot be taken any more


@pytest.mark.parametrize("why", ["over", "away"])
def test_what_was_read_back_is_bounded_where_the_offer_cannot_be_taken(bench: Bench, why: str) -> None:
    offer = offered(bench)
    if why == "over":
        bench.clocks.pass_by(OFFER_LIFETIME_S - TAKE_WITHIN_S + 1)
    bench.road.link(why != "away")
    signed = bench.road.commit(order(offer))
    assert is_bounded(bench, signed) and signed.intent_id != offer.offer.intent_id
    assert signed.exp - signed.iat == bench.settings.orders.intent_lifetime_seconds
    [event] = bench.road.received(ACK, at_the_shop(bench, signed.payload))
    assert isinstance(event, OrderPlaced)


@pytest.mark.parametrize("why", ["over", "away"])
def test_another_price_than_the_catalogue_s_is_never_bounded(bench: Bench, why: str) -> None:
    offer = at_price(bench, 1_850)
    if why == "over":
        bench.clocks.pass_by(OFFER_LIFETIME_S - TAKE_WITHIN_S + 1)
    bench.road.link(why != "away")
    with pytest.raises(TrustError, match="offer_over"):
        bench.road.commit(order(offer))
    assert bench.journal.orders() == []


# The road of a closed pair


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
