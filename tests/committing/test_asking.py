"""The device's half of a question to the shop: what is signed, and which answer is believed."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.asking import MOST_AWAITED, Asked, Question
from agent.committing.envelope import (
    ASK,
    TOLD,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
)
from agent.committing.told_claims import TOLD_TYP, verify_told
from agent.plumbing.errors import TrustError
from tests.committing.kit import DEVICE, NOW_S, Bench

RICE = Question("stock", (("rice", 2),))


@pytest.fixture(autouse=True)
def ready(bench: Bench) -> None:
    bench.trust_time()


def answered(bench: Bench, asked: Asked) -> bytes:
    """The shop's."""
    return bench.desk.query(DEVICE, asked.publish.payload, now_s=int(bench.clocks.wall_s)).payload


def altered(
    bench: Bench, payload: bytes, *, key: ECKey | None = None, typ: str = TOLD_TYP, **other: Any
) -> bytes:
    """Other claims in an answer that whoever has `key` signed; by default the shop's own."""
    claims = to_claims(verify_told(payload, bench.trust, device_id=DEVICE)) | other
    token = jws.sign(claims, key or bench.folder.signing_key("receipts"), typ=typ)
    return encode_event(TOLD, id_=uuid.uuid4(), source="shop", now_s=NOW_S, data=SignedData(token))


def code_of(bench: Bench, payload: bytes) -> str:
    with pytest.raises(TrustError) as error:
        bench.road.asking.received(payload)
    return error.value.code


def test_a_question_names_what_it_is_about_and_nobody_who_is_not_concerned(bench: Bench) -> None:
    asked = bench.road.asking.ask(RICE)
    assert asked.publish.topic == f"va/v1/d/{DEVICE}/up/query" and not asked.publish.retain
    signed = decode_data(decode_event(asked.publish.payload, ASK), SignedData).signed
    claims = msgspec.json.decode(jws.verify(signed, [bench.keys.public_jwk()], typ="earmark-ask+jwt"))
    assert claims == {
        "jti": asked.id, "iss": DEVICE, "aud": "corner-shop", "env": "test", "iat": NOW_S, "exp": NOW_S + 60,
        "kind": "stock", "lines": [{"id": "rice", "quantity": 2}],
    }  # fmt: skip
    assert bench.journal.orders() == [] and not bench.road.tick().publishes, "nothing is kept of it"


def test_an_answer_is_taken_once(bench: Bench) -> None:
    first, second = bench.road.asking.ask(RICE), bench.road.asking.ask(RICE)
    told = bench.road.asking.received(answered(bench, second))
    assert told.ask == second.id and [line.id for line in told.lines] == ["rice"]
    assert code_of(bench, answered(bench, second)) == "told_unasked"
    assert bench.road.asking.received(answered(bench, first)).ask == first.id


def test_what_is_not_the_shop_s_answer_to_this_question_changes_nothing(bench: Bench) -> None:
    asked = bench.road.asking.ask(RICE)
    true = answered(bench, asked)
    for code, payload in (
        ("envelope_malformed", b"{}"),
        ("signature_key_unknown", altered(bench, true, key=ECKey.generate_key("P-256"))),
        ("signature_key_unknown", altered(bench, true, key=bench.folder.signing_key("offers"))),
        ("signature_key_unknown", altered(bench, true, key=bench.keys._key)),
        ("signature_type", altered(bench, true, typ="earmark-answer+jwt")),
        ("told_other", altered(bench, true, aud="device-2")),
        ("told_other", altered(bench, true, iss="other-shop")),
        ("told_other", altered(bench, true, env="production")),
        ("told_malformed", altered(bench, true, lines=[{"id": "rice", "left": -1}])),
        ("told_malformed", altered(bench, true, code="\x1b[2J")),
        ("told_malformed", altered(bench, true, number="E-1; rm -rf /")),
        ("told_differs", altered(bench, true, kind="delivery")),
        ("told_differs", altered(bench, true, lines=[{"id": "gold"}])),
        ("told_unasked", altered(bench, true, ask=str(uuid.uuid4()))),
    ):
        assert code_of(bench, payload) == code
    assert bench.road.asking.received(true).ask == asked.id


def test_what_nobody_waits_for_any_more_is_not_taken(bench: Bench) -> None:
    asked = bench.road.asking.ask(RICE)
    bench.road.asking.drop(asked.id)
    assert code_of(bench, answered(bench, asked)) == "told_unasked"
    oldest, *others = [bench.road.asking.ask(RICE) for _ in range(MOST_AWAITED + 1)]
    assert code_of(bench, answered(bench, oldest)) == "told_unasked"
    assert bench.road.asking.received(answered(bench, others[0])).ask == others[0].id


def test_without_the_time_nothing_is_asked(bench: Bench) -> None:
    bench.clocks.boot_id = "boot-2"
    bench.restart_device()
    with pytest.raises(TrustError) as error:
        bench.road.asking.ask(RICE)
    assert error.value.code == "clock_untrusted"
