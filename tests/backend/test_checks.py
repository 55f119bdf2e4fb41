"""What the shop refuses: each intent here is signed by the device's real key and wrong in one thing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.envelope import (
    INTENT,
    RECEIPT,
    IntentData,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
)
from agent.committing.receipts import Receipt, verify_receipt
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend.desk import Reply
from order_backend.price_list import parse_price_list
from tests.committing.kit import CATALOGUE, CATALOGUE_FILE, DEVICE, NOW_S, Bench, agreed

Claims = dict[str, Any]
Edit = Callable[[Claims, Claims], None]


def signing_key(bench: Bench) -> ECKey:
    return bench.keys._key


def forged(
    bench: Bench, edit: Edit, *, key: ECKey | None = None, source: str = DEVICE, id_: str = ""
) -> bytes:
    """An intent whose claims were edited before a compromised device signed them."""
    bench.trust_time()
    good = bench.road.commit(agreed())
    data = decode_data(decode_event(good.payload, INTENT), IntentData)
    public = [bench.keys.public_jwk()]
    checkout, payment = (json.loads(sd_jwt.verify(token, public)) for token in (data.checkout, data.payment))
    edit(checkout, payment)
    key = key or signing_key(bench)
    new_checkout = sd_jwt.issue(checkout, key)
    reference = constraint(payment, "payment.reference")
    if reference and reference["conditional_transaction_id"] == sd_jwt.digest(data.checkout):
        reference["conditional_transaction_id"] = sd_jwt.digest(new_checkout)
    tokens = IntentData(new_checkout, sd_jwt.issue(payment, key))
    return encode_event(INTENT, id_=uuid.UUID(id_ or good.intent_id), source=source, now_s=NOW_S, data=tokens)


def constraint(claims: Claims, type_: str) -> Claims:
    return next((one for one in claims["constraints"] if one["type"] == type_), {})


def verdict(bench: Bench, payload: bytes, *, device: str = DEVICE, now_s: int = NOW_S) -> Receipt:
    reply: Reply = bench.desk.intent(device, payload, now_s=now_s)
    return verify_receipt(reply.payload, bench.trust, device_id=device, environment="test")


def both(**changes: object) -> Edit:
    def edit(checkout: Claims, payment: Claims) -> None:
        checkout.update(changes)
        payment.update(changes)

    return edit


def item(claims: Claims) -> Claims:
    first: Claims = constraint(claims, "checkout.line_items")["items"][0]
    return first


OTHER_KEY = msgspec.to_builtins(jws.public_jwk(ECKey.generate_key("P-256")))

WRONG: list[tuple[str, Edit]] = [
    ("audience", both(aud="other-shop")),
    ("environment", both(env="production")),
    ("expired", both(exp=NOW_S)),
    ("not_yet_valid", both(iat=NOW_S + 301)),
    ("lifetime", both(exp=NOW_S + 8 * 86_400)),
    ("lifetime", both(iat=NOW_S + 200, exp=NOW_S + 100)),
    ("confirmation_key", both(cnf={"jwk": OTHER_KEY})),
    ("envelope_mismatch", both(iss="device-2")),
    ("envelope_mismatch", both(jti=str(uuid.uuid4()))),
    ("claims_disagree", lambda checkout, payment: payment.update(sub="person-2")),
    ("claims_disagree", lambda checkout, payment: payment.update(exp=NOW_S + 3601)),
    ("intent_malformed", both(amr=[])),
    ("intent_malformed", both(amr=["luck"])),
    ("intent_malformed", both(exp=None)),
    ("intent_malformed", lambda checkout, payment: checkout.pop("jti")),
    ("intent_malformed", lambda checkout, payment: checkout.update(vct="mandate.checkout.1")),
    (
        "intent_malformed",
        lambda checkout, payment: payment["constraints"].append({"type": "payment.unheard_of"}),
    ),
    ("intent_malformed", lambda checkout, payment: payment["constraints"].pop(0)),
    ("intent_malformed", lambda checkout, payment: payment["constraints"].append(payment["constraints"][0])),
    ("intent_malformed", lambda checkout, payment: item(checkout).update(quantity=0)),
    ("intent_malformed", lambda checkout, payment: item(checkout).update(quantity=1.5)),
    ("merchant", lambda c, p: constraint(c, "checkout.allowed_merchants")["allowed"][0].update(id="other")),
    ("merchant", lambda c, p: constraint(p, "payment.allowed_payees")["allowed"][0].update(id="other")),
    (
        "payment_reference",
        lambda c, p: constraint(p, "payment.reference").update(conditional_transaction_id="x"),
    ),
    ("payment_instrument", lambda c, p: p["constraints"][3]["allowed"][0].update(id="someone-elses-card")),
    ("currency", lambda c, p: constraint(p, "payment.amount_range").update(currency="EUR")),
    ("over_limit", lambda c, p: constraint(p, "payment.amount_range").update(max=3799)),
    ("over_limit", lambda c, p: item(c).update(quantity=3)),
    ("quantity", lambda c, p: item(c).update(quantity=1001)),
    ("item_unknown", lambda c, p: item(c)["acceptable_items"][0].update(id="gold")),
    ("item_unknown", lambda c, p: item(c)["acceptable_items"][0].update(id="coffee?roast=burnt")),
    ("item_unknown", lambda c, p: item(c)["acceptable_items"][0].update(id="coffee?roast=dark&roast=dark")),
    ("item_unknown", lambda c, p: item(c)["acceptable_items"][0].update(id="coffee?colour=red")),
]


@pytest.mark.parametrize(("code", "edit"), WRONG, ids=[f"{n}-{code}" for n, (code, _) in enumerate(WRONG)])
def test_one_wrong_thing_is_refused_with_its_code(bench: Bench, code: str, edit: Edit) -> None:
    receipt = verdict(bench, forged(bench, edit))
    assert (receipt.status, receipt.error, receipt.order_id) == ("refused", code, "")
    assert bench.desk._shop.orders() == []


def test_the_same_road_without_a_fault_is_accepted(bench: Bench) -> None:
    receipt = verdict(bench, forged(bench, lambda checkout, payment: None))
    assert (receipt.status, receipt.error) == ("ordered", "")
    [order] = bench.desk._shop.orders()
    assert (order.total_minor, order.person, order.order_id) == (3800, "person-1", receipt.order_id)
    assert receipt.total is not None and receipt.total.amount == 3800


def test_a_signature_by_another_key_is_refused(bench: Bench) -> None:
    payload = forged(bench, lambda checkout, payment: None, key=ECKey.generate_key("P-256"))
    assert verdict(bench, payload).error == "signature_invalid"


def test_the_topic_says_who_it_is_whatever_the_envelope_claims(bench: Bench) -> None:
    payload = forged(bench, both(iss="device-2"), source="device-2")
    assert verdict(bench, payload).error == "envelope_mismatch"
    assert verdict(bench, payload, device="device-2").error == "device_unknown"


def test_a_revoked_device_is_refused_at_once(bench: Bench) -> None:
    payload = forged(bench, lambda checkout, payment: None)
    assert bench.desk.knows(DEVICE)
    bench.desk._shop.revoke(DEVICE)
    assert verdict(bench, payload).error == "device_revoked" and not bench.desk.knows(DEVICE)


def test_a_replay_gets_the_same_receipt_even_when_late_and_no_second_order(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    first = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
    late = bench.desk.intent(DEVICE, intent.payload, now_s=intent.exp + 10_000)
    assert first.payload == late.payload and late.code == "replayed"
    assert len(bench.desk._shop.orders()) == 1


def test_other_content_under_the_same_id_is_a_conflict_and_changes_nothing(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    first = verdict(bench, intent.payload)
    event = decode_event(intent.payload, INTENT)
    other = forged(bench, both(jti=event.id), id_=event.id)
    assert verdict(bench, other).error == "idempotency_conflict"
    assert verdict(bench, intent.payload) == first
    assert len(bench.desk._shop.orders()) == 1


def test_a_refusal_stays_a_refusal_when_repeated(bench: Bench) -> None:
    payload = forged(bench, both(exp=NOW_S))
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S).code == "expired"
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S - 100).code == "replayed"
    assert bench.desk._shop.orders() == []


@pytest.mark.parametrize("payload", [b"", b"{}", b"[" * 50_000, b"\xff", bytes(70_000)], ids=range(5))
def test_what_names_no_intent_is_not_answered(bench: Bench, payload: bytes) -> None:
    with pytest.raises(TrustError) as caught:
        bench.desk.intent(DEVICE, payload, now_s=NOW_S)
    assert caught.value.code == "envelope_malformed"


def test_an_id_that_is_no_uuid_is_not_answered(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    for other in ("x", intent.intent_id.upper(), ""):
        payload = intent.payload.replace(intent.intent_id.encode(), other.encode())
        with pytest.raises(TrustError):
            bench.desk.intent(DEVICE, payload, now_s=NOW_S)


def test_the_closed_pair_is_kept_and_names_the_open_one(bench: Bench) -> None:
    receipt = verdict(bench, forged(bench, lambda checkout, payment: None))
    [order] = bench.desk._shop.orders()
    agent = [bench.trust.shop_agent]
    hops = [
        json.loads(sd_jwt.verify(token, agent, typ="kb+sd-jwt"))
        for token in (order.closed_checkout, order.closed_payment)
    ]
    assert [hop["sd_hash"] for hop in hops] == [
        sd_jwt.digest(token) for token in (order.open_checkout, order.open_payment)
    ]
    [checkout], [payment] = (hop["delegate_payload"] for hop in hops)
    assert payment["transaction_id"] == checkout["checkout_hash"]
    assert payment["payment_amount"] == {"amount": 3800, "currency": "PLN"}
    reply = bench.desk._shop.answer(DEVICE, order.intent_id)
    assert reply is not None
    signed = decode_data(decode_event(reply.receipt, RECEIPT), SignedData).signed
    claims = json.loads(jws.verify(signed, bench.trust.keys.receipts, typ="earmark-receipt+jwt"))
    assert claims["reference"] == sd_jwt.digest(order.closed_checkout)
    assert claims["order_id"] == receipt.order_id


def test_shop_and_device_read_the_same_prices_from_one_catalogue() -> None:
    prices = parse_price_list(CATALOGUE_FILE.read_bytes())
    for product in CATALOGUE.products:
        choices: list[dict[str, str]] = [{}]
        for option_id in product.options:
            option = CATALOGUE.option(option_id)
            choices = [{**one, option_id: choice.id} for one in choices for choice in option.choices]
        for chosen in choices:
            line = CATALOGUE.line(product.id, chosen, 1, "en")
            assert prices.unit_price(line.sku) == line.unit_price.minor


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["products"].append(c["products"][0]),
        lambda c: c["products"][0].update(price_minor=-1),
        lambda c: c["products"][0].update(options=["absent"]),
        lambda c: c["options"][0]["choices"][0].update(price_delta_minor=-100_000),
        lambda c: c.pop("currency"),
    ],
)
def test_a_price_list_that_cannot_be_sold_from_is_refused(change: Callable[[Claims], None]) -> None:
    catalogue = json.loads(CATALOGUE_FILE.read_bytes())
    change(catalogue)
    with pytest.raises(ConfigurationError) as caught:
        parse_price_list(json.dumps(catalogue).encode())
    assert caught.value.code == "price_list_invalid"
