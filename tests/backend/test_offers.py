"""DIRECT mode at the shop: what it offers, and which closed pair it takes for its own offer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.envelope import (
    INTENT,
    OFFER,
    OFFER_REQUEST,
    IntentData,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
)
from agent.committing.mandates import CheckoutMandate, Paid, PaymentMandate
from agent.committing.offers import OFFER_LIFETIME_S, OFFER_TYP, OfferClaims, verify_offer
from agent.committing.receipts import Receipt, verify_receipt
from agent.committing.statements import OfferRequestClaims, RequestedLine
from agent.plumbing.errors import TrustError
from order_backend.provisioning import revoke, trust_bundle
from order_backend.rotations import rotate, take_up
from order_backend.shop import Shop
from order_backend.standing_keys import StandingKeys
from tests.backend.test_at_once import at_once
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, question

Claims = dict[str, Any]
COFFEE = agreed().basket.lines[0]
TOTAL_MINOR = agreed(2).basket.total.minor


def request(bench: Bench, *, key: ECKey | None = None, **other: Any) -> bytes:
    """Two coffees, please; `other` claims than true ones."""
    id_ = uuid.uuid4()
    claims = to_claims(
        OfferRequestClaims(
            jti=str(id_),
            iss=DEVICE,
            aud=bench.trust.shop_id,
            env="test",
            iat=NOW_S,
            exp=NOW_S + OFFER_LIFETIME_S,
            intent=str(uuid.uuid4()),
            lines=(RequestedLine(COFFEE.sku, COFFEE.title, 2),),
        )
    )
    claims |= {name: value for name, value in other.items() if name != "typ"}
    token = jws.sign(claims, key or bench.keys._key, typ=str(other.get("typ", OfferRequestClaims.typ)))
    return encode_event(OFFER_REQUEST, id_=id_, source=DEVICE, now_s=NOW_S, data=SignedData(token))


def offered(bench: Bench, payload: bytes | None = None) -> str:
    reply = bench.desk.offer(DEVICE, payload or request(bench), now_s=NOW_S)
    assert (reply.what, reply.code) == ("offer", "offered")
    return decode_data(decode_event(reply.payload, OFFER), SignedData).signed


def read(bench: Bench, token: str) -> OfferClaims:
    return verify_offer(token, bench.trust.keys.offers)


def pair(bench: Bench, token: str, **changes: Any) -> tuple[CheckoutMandate, PaymentMandate]:
    """The closed pair that takes the offer `token`."""
    offer = read(bench, token)
    claims: Any = {
        "jti": offer.id, "iss": DEVICE, "aud": bench.trust.shop_id, "sub": "person-1", "iat": NOW_S,
        "exp": offer.exp, "env": "test", "amr": ("voice",),
    } | changes  # fmt: skip
    digest = sd_jwt.digest(token)
    return (
        CheckoutMandate(checkout_jwt=token, checkout_hash=digest, **claims),
        PaymentMandate(
            transaction_id=digest,
            payee=bench.trust.merchant,
            payment_amount=Paid(offer.total_minor, offer.currency),
            payment_instrument=bench.trust.payment_instrument,
            **claims,
        ),
    )


def signed(bench: Bench, checkout: Claims, payment: Claims, id_: str, key: ECKey | None = None) -> bytes:
    key = key or bench.keys._key
    data = IntentData(sd_jwt.issue(checkout, key), sd_jwt.issue(payment, key))
    return encode_event(INTENT, id_=uuid.UUID(id_), source=DEVICE, now_s=NOW_S, data=data)


def taken(bench: Bench, token: str, *, key: ECKey | None = None, **changes: Any) -> bytes:
    """The intent that takes the offer `token`."""
    checkout, payment = pair(bench, token, **changes)
    return signed(bench, to_claims(checkout), to_claims(payment), checkout.jti, key)


def verdict(bench: Bench, payload: bytes, now_s: int = NOW_S) -> Receipt:
    reply = bench.desk.intent(DEVICE, payload, now_s=now_s)
    return verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")


def test_an_offer_names_all_that_it_is_for_and_what_it_costs(bench: Bench) -> None:
    payload = request(bench)
    offer = read(bench, offered(bench, payload))
    asked = msgspec.json.decode(
        jws.verify(
            decode_data(decode_event(payload, OFFER_REQUEST), SignedData).signed,
            [bench.keys.public_jwk()],
            typ=OfferRequestClaims.typ,
        ),
        type=OfferRequestClaims,
    )
    assert (offer.request, offer.id) == (asked.jti, asked.intent)
    assert (offer.iss, offer.aud, offer.env) == (bench.trust.shop_id, DEVICE, "test")
    assert (offer.total_minor, offer.currency) == (TOTAL_MINOR, "PLN")
    assert (offer.iat, offer.exp) == (NOW_S, NOW_S + OFFER_LIFETIME_S)
    [line] = offer.line_items
    assert (line.item.id, line.item.title, line.quantity) == (COFFEE.sku, COFFEE.title, 2)
    assert offer == read(bench, offered(bench, payload)), "asked twice, the same is offered"


def test_what_is_taken_is_ordered_at_the_offered_total(bench: Bench) -> None:
    payload = taken(bench, offered(bench))
    first = bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    receipt = verdict(bench, payload)
    assert first.code == "ordered" and receipt.total is not None
    assert (receipt.status, receipt.total.amount) == ("ordered", TOTAL_MINOR)
    assert [(line.id, line.quantity) for line in receipt.lines] == [(COFFEE.sku, 2)]
    [order] = bench.desk.shop.orders()
    data = decode_data(decode_event(payload, INTENT), IntentData)
    assert (order.closed_checkout, order.closed_payment) == (data.checkout, data.payment)
    assert (order.open_checkout, order.open_payment, order.person) == ("", "", "person-1")


def test_same_bytes_same_receipt_and_same_claims_signed_again_no_second_order(bench: Bench) -> None:
    token = offered(bench)
    payload = taken(bench, token)
    first = bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S).payload == first.payload
    assert bench.desk.intent(DEVICE, taken(bench, token), now_s=NOW_S).code == "replayed"
    assert bench.desk.intent(DEVICE, taken(bench, token, sub="person-2"), now_s=NOW_S).code == (
        "idempotency_conflict"
    )
    assert len(bench.desk.shop.orders()) == 1


def test_of_two_offers_for_one_order_one_is_taken(bench: Bench) -> None:
    intent = str(uuid.uuid4())
    first, other = (offered(bench, request(bench, intent=intent)) for _ in range(2))
    assert first != other
    assert verdict(bench, taken(bench, first)).status == "ordered"
    assert verdict(bench, taken(bench, other)).error == "idempotency_conflict"
    assert bench.desk.offer(DEVICE, request(bench, intent=intent), now_s=NOW_S).code == "offer_used"
    assert len(bench.desk.shop.orders()) == 1


def test_two_replicas_that_take_one_offer_at_once_place_one_order(bench: Bench) -> None:
    payload = taken(bench, offered(bench))
    replies = at_once(bench, [lambda desk: desk.intent(DEVICE, payload, now_s=NOW_S).code] * 2)
    assert sorted(replies) == ["ordered", "replayed"]


def test_an_offer_reserves_nothing_and_what_is_gone_is_refused(bench: Bench) -> None:
    stock = bench.desk.shop.stock
    stock.count(COFFEE.sku, 2)
    token = offered(bench)
    assert stock.counted() == {COFFEE.sku: 2}
    stock.count(COFFEE.sku, 1)
    assert bench.desk.offer(DEVICE, request(bench), now_s=NOW_S).code == "unavailable"
    receipt = verdict(bench, taken(bench, token))
    assert receipt.error == "unavailable" and [line.quantity for line in receipt.available] == [1]


def test_an_offer_waits_for_nobody_who_orders(bench: Bench) -> None:
    bench.desk.shop.stock.count(COFFEE.sku, 2)
    with Shop.open(bench.folder.database) as other, other.transaction(DEVICE):
        assert other.stock.left([COFFEE.sku]) == {COFFEE.sku: 2}
        offered(bench)


def test_who_was_told_not_placed_cannot_have_the_offer_placed_afterwards(bench: Bench) -> None:
    token = offered(bench)
    offer = read(bench, token)
    assert bench.desk.query(DEVICE, question(bench, offer.id), now_s=NOW_S).code == "not_placed"
    assert verdict(bench, taken(bench, token)).error == "not_placed"


def test_an_offer_of_the_key_before_a_rotation_still_binds(bench: Bench) -> None:
    token = offered(bench)
    payload = taken(bench, token)
    rotate(bench.folder, "offers", now=datetime.fromtimestamp(NOW_S, UTC))
    assert take_up(bench.folder) == ["offers"]
    bench.desk.close()
    bench.desk = type(bench.desk)(bench.folder)
    assert verdict(bench, payload).status == "ordered"


def test_an_offer_binds_an_order_service_that_has_not_seen_the_key_yet(bench: Bench) -> None:
    before = bench.desk
    rotate(bench.folder, "offers", now=datetime.fromtimestamp(NOW_S, UTC))
    assert take_up(bench.folder) == ["offers"]
    bench.desk, bench.trust = type(before)(bench.folder), trust_bundle(bench.folder)
    payload = taken(bench, offered(bench))
    bench.desk.close()
    bench.desk = before
    assert verdict(bench, payload).status == "ordered"


def test_the_key_files_are_read_once_and_not_at_each_offer_that_is_taken(bench: Bench) -> None:
    payload = taken(bench, offered(bench))
    keys = bench.folder.signing_key_file("offers").parent
    keys.rename(keys.with_name("elsewhere"))
    assert verdict(bench, payload).status == "ordered"


def test_a_key_of_before_counts_until_its_end(bench: Bench) -> None:
    old = bench.folder.public_key("offers")
    end_s = rotate(bench.folder, "offers", now=datetime.fromtimestamp(NOW_S, UTC)).not_after
    assert take_up(bench.folder) == ["offers"]
    standing = StandingKeys.of(bench.folder, "offers")
    assert old in standing.at(end_s - 1) and old not in standing.at(end_s)
    assert standing.current in standing.at(end_s)


@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("offer_late", {"iat": NOW_S + 301, "exp": NOW_S + 900}),
        ("offer_late", {"exp": NOW_S}),
        ("offer_late", {"iat": NOW_S - OFFER_LIFETIME_S}),
        ("item_unknown", {"lines": [{"id": "gold", "title": "gold", "quantity": 1}]}),
        ("quantity", {"lines": [{"id": COFFEE.sku, "title": "coffee", "quantity": 1_001}]}),
    ],
)
def test_where_there_is_nothing_to_offer_there_is_no_answer(bench: Bench, code: str, other: Claims) -> None:
    reply = bench.desk.offer(DEVICE, request(bench, **other), now_s=NOW_S)
    assert (reply.code, reply.payload) == (code, b"")


def test_a_revoked_device_is_offered_nothing_and_its_pair_is_refused(bench: Bench) -> None:
    payload = taken(bench, offered(bench))
    revoke(bench.folder, DEVICE, now=datetime.now(UTC))
    assert bench.desk.offer(DEVICE, request(bench), now_s=NOW_S).code == "device_revoked"
    assert verdict(bench, payload).error == "device_revoked"


@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("signature_type", {"typ": "earmark-query+jwt"}),
        ("statement_other_device", {"iss": "device-2"}),
        ("statement_audience", {"aud": "other-shop"}),
        ("statement_environment", {"env": "production"}),
        ("statement_mismatch", {"jti": str(uuid.uuid4())}),
        ("statement_malformed", {"lines": []}),
    ],
)
def test_a_request_that_is_not_the_device_s_is_not_answered(bench: Bench, code: str, other: Claims) -> None:
    with pytest.raises(TrustError) as error:
        bench.desk.offer(DEVICE, request(bench, **other), now_s=NOW_S)
    assert error.value.code == code


def offer_again(bench: Bench, checkout: Claims, payment: Claims, key: str = "offers", **changes: Any) -> None:
    """Puts another offer into both, that whoever has `key` signed."""
    before = to_claims(read(bench, checkout["checkout_jwt"]))
    signing = bench.folder.signing_key(key) if key else ECKey.generate_key("P-256")
    checkout["checkout_jwt"] = jws.sign(before | changes, signing, typ=changes.get("typ", OFFER_TYP))
    checkout["checkout_hash"] = payment["transaction_id"] = sd_jwt.digest(checkout["checkout_jwt"])


Change = Callable[[Bench, Claims, Claims], None]


def both(**changes: object) -> Change:
    def change(_: Bench, checkout: Claims, payment: Claims) -> None:
        checkout.update(changes)
        payment.update(changes)

    return change


def in_payment(**changes: object) -> Change:
    return lambda _, __, payment: payment.update(changes)


def in_offer(key: str = "offers", **changes: object) -> Change:
    return lambda bench, checkout, payment: offer_again(bench, checkout, payment, key, **changes)


WRONG: list[tuple[str, Change]] = [
    ("audience", both(aud="other-shop")),
    ("environment", both(env="production")),
    ("not_yet_valid", both(iat=NOW_S + 301)),
    ("expired", both(exp=NOW_S)),
    ("lifetime", both(iat=NOW_S + 200, exp=NOW_S + 100)),
    ("claims_disagree", in_payment(sub="person-2")),
    ("claims_disagree", in_payment(amr=["pin"])),
    ("claims_disagree", in_payment(exp=NOW_S + 60)),
    ("checkout_hash", lambda _, checkout, __: checkout.update(checkout_hash="0" * 43)),
    ("intent_malformed", lambda _, checkout, __: checkout.update(checkout_jwt="ż")),
    ("payment_reference", in_payment(transaction_id="0" * 43)),
    ("offer_unknown", in_offer("")),
    ("offer_unknown", in_offer("receipts")),
    ("offer_unknown", in_offer("agent")),
    ("offer_unknown", in_offer(typ="earmark-checkout+jwt")),
    ("offer_unknown", in_offer(totals=[{"type": "total", "amount": 1}])),
    ("offer_other", in_offer(aud="device-2")),
    ("offer_other", in_offer(id=str(uuid.uuid4()))),
    ("offer_other", in_offer(iss="other-shop")),
    ("offer_other", in_offer(env="production")),
    ("offer_expired", in_offer(exp=NOW_S)),
    ("offer_expired", both(exp=NOW_S + OFFER_LIFETIME_S + 1)),
    ("merchant", in_payment(payee={"id": "other-shop", "name": "Corner Shop"})),
    ("merchant", in_offer(merchant={"id": "other-shop", "name": "Corner Shop"})),
    ("payment_instrument", in_payment(payment_instrument={"id": "other", "type": "card"})),
    ("amount", in_payment(payment_amount={"amount": TOTAL_MINOR - 1, "currency": "PLN"})),
    ("amount", in_payment(payment_amount={"amount": TOTAL_MINOR, "currency": "EUR"})),
    ("envelope_mismatch", both(iss="device-2")),
    ("envelope_mismatch", both(jti=str(uuid.uuid4()))),
    ("intent_malformed", in_payment(vct="mandate.payment.open.1")),
    ("intent_malformed", in_payment(payment_amount={"amount": -1, "currency": "PLN"})),
]


@pytest.mark.parametrize(("code", "change"), WRONG, ids=[f"{at}-{one[0]}" for at, one in enumerate(WRONG)])
def test_one_thing_wrong_in_the_closed_pair_and_nothing_is_ordered(
    bench: Bench, code: str, change: Change
) -> None:
    mandates = pair(bench, offered(bench))
    checkout, payment = (to_claims(one) for one in mandates)
    change(bench, checkout, payment)
    assert verdict(bench, signed(bench, checkout, payment, mandates[0].jti)).error == code
    assert bench.desk.shop.orders() == []


def test_signed_by_another_key_it_is_nobody_s(bench: Bench) -> None:
    checkout, payment = pair(bench, offered(bench))
    forged = signed(bench, to_claims(checkout), to_claims(payment), checkout.jti, ECKey.generate_key("P-256"))
    assert verdict(bench, forged).error == "signature_invalid"
    assert verdict(bench, taken(bench, checkout.checkout_jwt)).status == "ordered", "it decided nothing"


def test_what_comes_after_the_offer_s_time_is_refused(bench: Bench) -> None:
    assert verdict(bench, taken(bench, offered(bench)), NOW_S + OFFER_LIFETIME_S).error == "expired"
