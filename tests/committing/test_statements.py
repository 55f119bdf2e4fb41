"""What a device states is signed, and is nothing but what it is."""

from __future__ import annotations

import itertools
import uuid

import pytest

from agent.committing import jws, sd_jwt
from agent.committing.envelope import INTENT, QUERY, IntentData, QueryData, decode_data, decode_event
from agent.committing.statements import (
    CancelClaims,
    QueryClaims,
    Statement,
    StatusClaims,
    verify_statement,
)
from agent.plumbing.errors import TrustError
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed

KINDS: tuple[type[QueryClaims] | type[CancelClaims] | type[StatusClaims], ...] = (
    QueryClaims, CancelClaims, StatusClaims,
)  # fmt: skip


def statement(bench: Bench, kind: type[object]) -> Statement:
    said = {"jti": str(uuid.uuid4()), "iss": DEVICE, "aud": bench.trust.shop_id, "env": "test"}
    times = {"iat": NOW_S, "exp": NOW_S + 60}
    if kind is StatusClaims:
        return StatusClaims(**said, **times, online=True, session=str(uuid.uuid4()))
    if kind is QueryClaims:
        return QueryClaims(**said, **times, intent=str(uuid.uuid4()))
    return CancelClaims(
        **said, **times, sub="person-1", amr=("voice",), intent=str(uuid.uuid4()), intent_sha256="0" * 64
    )


def verified(
    bench: Bench, token: str, kind: type[QueryClaims] | type[CancelClaims] | type[StatusClaims]
) -> object:
    return verify_statement(
        token,
        kind,
        bench.keys.public_jwk(),
        device_id=DEVICE,
        audience=bench.trust.shop_id,
        environment="test",
    )


@pytest.mark.parametrize(("kind", "other"), list(itertools.product(KINDS, KINDS)))
def test_a_statement_is_taken_for_what_it_is_and_for_nothing_else(
    bench: Bench, kind: type[QueryClaims], other: type[QueryClaims]
) -> None:
    signed = statement(bench, kind)
    token = bench.keys.sign(signed)
    if kind is other:
        assert verified(bench, token, kind) == signed
        return
    with pytest.raises(TrustError) as error:
        verified(bench, token, other)
    assert error.value.code == "signature_type"


@pytest.mark.parametrize("kind", KINDS)
def test_no_statement_is_a_mandate_and_no_mandate_a_statement(bench: Bench, kind: type[QueryClaims]) -> None:
    with pytest.raises(TrustError, match="signed as"):
        sd_jwt.verify(bench.keys.sign(statement(bench, kind)) + "~", [bench.keys.public_jwk()])
    bench.trust_time()
    data = decode_data(decode_event(bench.road.commit(agreed()).payload, INTENT), IntentData)
    for mandate in (data.checkout, data.payment):
        with pytest.raises(TrustError) as error:
            verified(bench, mandate.rstrip("~"), kind)
        assert error.value.code == "signature_type"


def test_every_kind_has_a_type_of_its_own() -> None:
    assert len({kind.typ for kind in KINDS} | {sd_jwt.TYP}) == len(KINDS) + 1


def test_a_question_waits_for_the_time_and_is_signed(bench: Bench) -> None:
    """Nothing is signed by a clock that nobody vouches for; the shop tells the time on every birth."""
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    bench.road.tick()
    bench.clocks.pass_by(4_000)
    bench.road.tick()
    bench.clocks.boot_id, bench.clocks.boot_s = "boot-2", 5.0
    bench.restart_device()
    bench.road.link(True)
    assert bench.journal.open_orders()[0].state == "unknown"
    assert bench.road.tick().publishes == []
    bench.trust_time()
    [asks] = bench.road.tick().publishes
    assert bench.desk.query(DEVICE, asks.payload, now_s=int(bench.clocks.wall_s)).code == "not_placed"
    signed = decode_data(decode_event(asks.payload, QUERY), QueryData).signed
    assert jws._header(signed).typ == QueryClaims.typ
