from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from agent.committing import sd_jwt
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.intents import SignedIntent, sign_intent
from agent.deciding.basket import AgreedOrder
from agent.plumbing.errors import TrustError
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, ap2_schemas

INTENT_ID = UUID("2d6f7a0e-9a52-4d3c-8a35-0c8a8b2f4a11")


def signed(bench: Bench, order: AgreedOrder | None = None, environment: str = "test") -> SignedIntent:
    return sign_intent(
        order or agreed(),
        keys=bench.keys,
        trust=bench.trust,
        device_id=DEVICE,
        environment=environment,
        now_s=NOW_S,
        lifetime_s=3600,
        intent_id=INTENT_ID,
    )


def claims_of(bench: Bench, token: str) -> dict[str, object]:
    """As an independent verifier reads them."""
    key = JWK(**msgspec.to_builtins(bench.keys.public_jwk()))
    claims: dict[str, object] = SDJWTVerifier(token, lambda *_: key).get_verified_payload()
    return claims


def test_the_mandates_fit_the_published_ap2_schemas(bench: Bench) -> None:
    check_by = ap2_schemas()
    data = decode_data(decode_event(signed(bench).payload, INTENT), IntentData)
    for token, name in ((data.checkout, "open_checkout_mandate"), (data.payment, "open_payment_mandate")):
        validator = check_by(name)
        claims = claims_of(bench, token)
        validator.validate(claims)
        with_no_constraint = {**claims, "constraints": []}
        assert not validator.is_valid(with_no_constraint)


def test_the_intent_says_what_was_agreed_and_no_more(bench: Bench) -> None:
    intent = signed(bench)
    event = decode_event(intent.payload, INTENT)
    data = decode_data(event, IntentData)
    checkout, payment = claims_of(bench, data.checkout), claims_of(bench, data.payment)
    for claims in (checkout, payment):
        assert claims["jti"] == event.id == intent.intent_id == str(INTENT_ID)
        assert claims["iss"] == event.source == DEVICE
        assert (claims["aud"], claims["env"]) == ("corner-shop", "test")
        assert (claims["sub"], claims["amr"]) == ("person-1", ["voice"])
        assert (claims["iat"], claims["exp"]) == (NOW_S, NOW_S + 3600)
        assert claims["cnf"] == {"jwk": msgspec.to_builtins(bench.trust.shop_agent)}
    by_type = {constraint["type"]: constraint for constraint in payment["constraints"]}  # type: ignore[attr-defined,index]
    assert by_type["payment.amount_range"] == {"type": "payment.amount_range", "currency": "PLN", "max": 3800}
    assert by_type["payment.reference"]["conditional_transaction_id"] == sd_jwt.digest(data.checkout)
    [item] = checkout["constraints"][1]["items"]  # type: ignore[index]
    assert item["quantity"] == 2
    assert item["acceptable_items"] == [{"id": "coffee?roast=dark", "title": "dark roast coffee"}]
    assert intent.topic == "va/v1/d/device-1/up/intent"
    assert intent.sha256 == event.data_sha256


def test_the_intent_names_the_catalogue_whose_prices_were_read_back(bench: Bench) -> None:
    order = agreed()
    later = msgspec.structs.replace(
        order, basket=msgspec.structs.replace(order.basket, catalogue_version=4_711)
    )
    data = decode_data(decode_event(signed(bench, later).payload, INTENT), IntentData)
    assert claims_of(bench, data.checkout)["catalogue_version"] == 4_711


def test_an_intent_for_another_environment_is_not_signed(bench: Bench) -> None:
    with pytest.raises(TrustError) as caught:
        signed(bench, environment="production")
    assert caught.value.code == "environment_mismatch"


def test_nobody_verified_means_nothing_signed(bench: Bench) -> None:
    for order in (
        msgspec.structs.replace(agreed(), factors=()),
        msgspec.structs.replace(agreed(), person=""),
    ):
        with pytest.raises(TrustError) as caught:
            signed(bench, order)
        assert caught.value.code == "order_unverified"
