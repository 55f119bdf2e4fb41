"""A closed pair that the device signs over the shop's offer, before the verifier that knows nothing of
Earmark."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from jwcrypto.jwk import JWK
from referencing import Registry, Resource

from agent.committing import sd_jwt
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event, to_claims
from tests.backend.test_offers import Change, both, in_offer, in_payment, offered, pair
from tests.committing import ap2_verifier as ap2
from tests.committing.ap2_verifier import Refused
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, shared_data

Claims = dict[str, Any]


def tokens(bench: Bench, change: Change | None = None) -> tuple[str, str]:
    checkout, payment = (to_claims(one) for one in pair(bench, offered(bench)))
    if change is None:
        checkout_mandate, payment_mandate = pair(bench, offered(bench))
        return bench.keys.sign(checkout_mandate), bench.keys.sign(payment_mandate)
    change(bench, checkout, payment)
    return sd_jwt.issue(checkout, bench.keys._key), sd_jwt.issue(payment, bench.keys._key)


def signed_by_the_device(bench: Bench) -> tuple[str, str]:
    """The pair as its own road makes it."""
    bench.trust_time()
    bench.road.link(True)
    offer = bench.desk.offer(DEVICE, bench.road.offering.ask(agreed().basket).payload, now_s=NOW_S)
    basket, taken = bench.road.offering.received(offer.payload)
    signed = bench.road.commit(msgspec.structs.replace(agreed(), basket=basket, offer=taken))
    data = decode_data(decode_event(signed.payload, INTENT), IntentData)
    return data.checkout, data.payment


def verify(bench: Bench, pair: tuple[str, str], now_s: int = NOW_S) -> Claims:
    def public(jwk: object) -> JWK:
        return JWK(**msgspec.to_builtins(jwk))

    root, merchant = public(bench.keys.public_jwk()), public(bench.trust.keys.offers[0])
    return ap2.verify_direct(*pair, root=root, merchant_key=merchant, now_s=now_s)


def test_an_independent_verifier_takes_the_pair_that_the_device_closes(bench: Bench) -> None:
    for one in (tokens(bench), signed_by_the_device(bench)):
        basket = verify(bench, one)
        [line] = basket["line_items"]
        assert line["quantity"] == 2 and basket["status"] == "ready_for_complete"
        assert basket["totals"][-1] == {"type": "total", "amount": 2 * line["item"]["price"]}


def test_it_fits_the_published_schemas(bench: Bench) -> None:
    folder = shared_data("ap2")
    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("**/*.json")}
    registry = Registry().with_resources(
        (
            "https://ap2-protocol.org/schemas/" + str(path.relative_to(folder)),
            Resource.from_contents(schemas[path.name]),
        )
        for path in folder.glob("**/*.json")
    )
    for mandate, kind in zip(pair(bench, offered(bench)), ("checkout", "payment"), strict=True):
        check = Draft202012Validator(schemas[f"{kind}_mandate.json"], registry=registry)
        check.validate(json.loads(msgspec.json.encode(mandate)))
        assert not check.is_valid({**to_claims(mandate), "vct": "mandate.other.1"})
    for token, kind in zip(signed_by_the_device(bench), ("checkout", "payment"), strict=True):
        claims = sd_jwt.verify(token, [bench.keys.public_jwk()])
        Draft202012Validator(schemas[f"{kind}_mandate.json"], registry=registry).validate(json.loads(claims))


MUTATIONS: list[tuple[str, Change]] = [
    ("vct", lambda _, checkout, __: checkout.update(vct="mandate.checkout.open.1")),
    ("vct", in_payment(vct="mandate.checkout.1")),
    ("terminal", both(cnf={"jwk": {}})),
    ("time", both(iat=NOW_S + 1)),
    ("time", in_payment(exp=NOW_S)),
    ("checkout_hash", lambda _, checkout, __: checkout.update(checkout_hash="0" * 43)),
    ("merchant_signature", in_offer("receipts")),
    ("offer_time", in_offer(exp=NOW_S)),
    ("transaction_id", in_payment(transaction_id="0" * 43)),
    ("payee", in_payment(payee={"id": "other-shop", "name": "Corner Shop"})),
    ("payment_amount", in_payment(payment_amount={"amount": 1, "currency": "PLN"})),
]


@pytest.mark.parametrize(("rule", "change"), MUTATIONS)
def test_one_thing_wrong_and_it_falls_by_that_rule(bench: Bench, rule: str, change: Change) -> None:
    with pytest.raises(Refused) as refused:
        verify(bench, tokens(bench, change))
    assert refused.value.rule == rule


def test_unchanged_it_stands(bench: Bench) -> None:
    verify(bench, tokens(bench, both()))
