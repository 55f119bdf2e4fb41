"""Whom the shop lets order a product: kept at the intent where a device does not know it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from agent.committing import jws
from agent.committing.envelope import decode_event, to_claims
from agent.deciding.basket import AgreedOrder
from order_backend.published import claims_of_version
from order_backend.publishing import publish
from order_backend.tables import catalogue_parts
from tests.backend.test_details_published import details_of
from tests.backend.test_offers import offered, pair, request, signed
from tests.backend.test_publishing import version
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed

DETAILS = details_of(version(2), products={"coffee": {"who": ["fitter"]}, "butter": {}})
JUDGED_BY = hashlib.sha256(DETAILS).hexdigest()


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.trust_time()
    bench.road.link(True)
    publish(bench.folder, bench.desk.shop, version(2), now_s=NOW_S, details=DETAILS)
    return bench


def of_two(order: AgreedOrder, **changes: Any) -> AgreedOrder:
    """At the prices of version 2."""
    basket = msgspec.structs.replace(order.basket, catalogue_version=2)
    return msgspec.structs.replace(order, basket=basket, **changes)


def butter() -> AgreedOrder:
    order = agreed()
    line = CATALOGUE.line("butter", {}, 1, "en")
    return msgspec.structs.replace(order, basket=msgspec.structs.replace(order.basket, lines=(line,)))


def say(bench: Bench, order: AgreedOrder) -> str:
    intent = bench.road.commit(order)
    return bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code


@pytest.mark.parametrize(
    ("judged_by", "factors", "code"),
    [
        ("", ("voice",), "restricted"),
        ("0" * 64, ("voice",), "restricted"),
        (JUDGED_BY, ("voice",), "ordered"),
        ("", ("voice", "badge"), "ordered"),
        ("", ("phone",), "ordered"),
    ],
)
def test_by_a_voice_alone_only_a_device_that_has_judged_by_it_orders_such_goods(
    shop: Bench, judged_by: str, factors: Any, code: str
) -> None:
    assert say(shop, of_two(agreed(), details=judged_by, factors=factors)) == code


def test_all_else_is_ordered_as_ever(shop: Bench) -> None:
    assert say(shop, of_two(butter())) == "ordered"
    assert say(shop, agreed()) == "ordered", "of the version before nothing was told"


def test_a_device_that_knows_no_details_signs_as_before(shop: Bench) -> None:
    def claims(order: AgreedOrder) -> dict[str, Any]:
        event = decode_event(shop.road.commit(order).payload, "earmark.intent.v1")
        token = json.loads(bytes(event.data))["checkout"]
        return dict(json.loads(jws.unverified(token)))

    assert "details" not in claims(of_two(agreed()))
    assert claims(of_two(agreed(), details=JUDGED_BY))["details"] == JUDGED_BY


@pytest.mark.parametrize(("judged_by", "code"), [("", "restricted"), (JUDGED_BY, "ordered")])
def test_an_offer_is_no_way_around_it(shop: Bench, judged_by: str, code: str) -> None:
    token = offered(shop, request(shop, catalogue_version=2))
    checkout, payment = pair(shop, token)
    checkout = msgspec.structs.replace(checkout, details=judged_by or msgspec.UNSET)
    payload = signed(shop, to_claims(checkout), to_claims(payment), checkout.jti)
    assert shop.desk.intent(DEVICE, payload, now_s=NOW_S).code == code


@pytest.mark.parametrize(
    ("judged_by", "factors", "code"),
    [
        ("", ("voice",), "restricted"),
        ("0" * 64, ("voice",), "restricted"),
        (JUDGED_BY, ("voice",), "ordered"),
        ("", ("voice", "badge"), "ordered"),
    ],
)
def test_what_the_shop_has_lost_itself_frees_nothing(
    shop: Bench, judged_by: str, factors: Any, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows then what butter is for, either."""
    lost(shop)
    assert say(shop, of_two(butter(), details=judged_by, factors=factors)) == code
    asked = factors == ("voice",)
    assert caplog.text.count("details_lost catalogue_version=2") == asked


def test_while_a_part_is_lost_none_is_unpacked_at_an_order(
    shop: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(shop)
    monkeypatch.setattr(shop.desk.shop.published, "part", lambda _: pytest.fail("a part was read"))
    assert say(shop, of_two(butter())) == "restricted"


def test_it_is_as_before_when_it_is_there_again(shop: Bench) -> None:
    parts = lost(shop)
    assert say(shop, of_two(butter())) == "restricted"
    with shop.desk.shop.transaction():
        for sha256, payload in parts.items():
            put = {"sha256": sha256, "payload": payload, "dropped_at": None}
            shop.desk.shop.published._db.execute(catalogue_parts.insert().values(put))
    assert say(shop, of_two(butter())) == "ordered"
    assert say(shop, of_two(agreed())) == "restricted"


def lost(shop: Bench) -> dict[str, bytes]:
    """The parts of the details of version 2, which the shop has no more."""
    published = shop.desk.shop.published
    told = published.version(2)
    assert told is not None
    details = claims_of_version(told).details
    assert details is not None
    parts = {part.sha256: published.part(part.sha256) or b"" for part in details.parts}
    with shop.desk.shop.transaction():
        published._db.execute(delete(catalogue_parts).where(catalogue_parts.c.sha256.in_(parts)))
    return parts
