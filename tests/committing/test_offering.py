"""DIRECT mode at the device: which offer is believed, what is signed over it, and what its receipt has to
name."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
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
from agent.committing.keys import FileKeyStore, create_device_keys
from agent.committing.mandates import CheckoutMandate, PaymentMandate
from agent.committing.offering import Offered
from agent.committing.offers import OFFER_LIFETIME_S, OFFER_TYP, verify_offer
from agent.committing.road import OrderPlaced
from agent.deciding.basket import AgreedOrder
from agent.deciding.money import Money
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from order_backend.provisioning import admit
from order_backend.rotations import announcement, rotate, take_up
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


def test_an_offer_of_a_new_key_is_believed_once_that_is_announced(bench: Bench) -> None:
    now = datetime.fromtimestamp(NOW_S, UTC)
    rotate(bench.folder, "offers", now=now)
    assert take_up(bench.folder) == ["offers"]
    bench.desk.close()
    bench.desk = type(bench.desk)(bench.folder)
    good = answered(bench, bench.road.offering.ask(BASKET))
    refused(bench, good, "signature_key_unknown")
    bench.live.take(announcement(bench.folder, now_s=NOW_S))
    offer = bench.road.offering.received(good)
    [told] = bench.road.received(ACK, at_the_shop(bench, bench.road.commit(order(offer)).payload))
    assert isinstance(told, OrderPlaced)


def test_a_device_that_has_got_a_new_key_since_it_asked_takes_the_offer_with_that(
    bench: Bench, tmp_path: Path
) -> None:
    offer = offered(bench)
    requests = create_device_keys(tmp_path / "new", DEVICE)
    admit(bench.folder, DEVICE, requests, now=datetime.fromtimestamp(NOW_S, UTC))
    bench.keys = FileKeyStore.load(tmp_path / "new")
    bench.restart_device()
    bench.road.link(True)
    [told] = bench.road.received(ACK, at_the_shop(bench, bench.road.commit(order(offer)).payload))
    assert isinstance(told, OrderPlaced)


@given(data=st.data())
@settings(max_examples=150)
def test_whatever_comes_as_an_offer_is_the_true_one_or_none(bench: Bench, data: st.DataObject) -> None:
    good = answered(bench, bench.road.offering.ask(BASKET))
    at, bits = data.draw(st.integers(0, len(good) - 1)), data.draw(st.integers(1, 255))
    flipped = good[:at] + bytes([good[at] ^ bits]) + good[at + 1 :]
    for payload in (flipped, good[:at], data.draw(st.binary(max_size=200))):
        try:
            offer = bench.road.offering.received(payload)
        except TrustError:
            continue
        assert offer.basket == BASKET, "what was altered was not what is signed"
        break
    else:
        assert bench.road.offering.received(good).basket == BASKET


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
