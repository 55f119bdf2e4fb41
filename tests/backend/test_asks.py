"""What only the shop knows: answered to who may know it, signed, and nothing is kept of a question."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import ASK, SignedData, encode_event
from agent.committing.statements import AskClaims
from agent.committing.told_claims import ToldClaims, verify_told
from agent.plumbing.errors import TrustError
from agent.plumbing.told import ToldLine
from order_backend.asks import ASKS_AT_ONCE
from order_backend.cli import main
from order_backend.deliveries import Deliveries, Rule
from order_backend.desk import OrderDesk
from order_backend.provisioning import revoke
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, join

COFFEE = "coffee?roast=dark"
RICE: dict[str, Any] = {"kind": "stock", "lines": [{"id": "rice", "quantity": 1}]}


def ask(
    bench: Bench,
    kind: str,
    *,
    key: ECKey | None = None,
    device: str = DEVICE,
    typ: str = AskClaims.typ,
    **other: Any,
) -> bytes:
    """As the device would ask; `other` claims than those that go without saying."""
    id_ = uuid.uuid4()
    claims = {
        "jti": str(id_), "iss": device, "aud": bench.trust.shop_id, "env": "test", "iat": NOW_S,
        "exp": NOW_S + 60, "kind": kind,
    } | other  # fmt: skip
    token = jws.sign(claims, key or bench.keys._key, typ=typ)
    return encode_event(ASK, id_=id_, source=device, now_s=NOW_S, data=SignedData(token))


def told(bench: Bench, kind: str, **claims: Any) -> ToldClaims:
    reply = bench.desk.query(DEVICE, ask(bench, kind, **claims), now_s=NOW_S)
    assert reply.what == "rsp", reply.code
    return verify_told(reply.payload, bench.trust, device_id=DEVICE)


def placed(bench: Bench) -> str:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"
    return intent.intent_id


def test_stock_is_told_of_what_is_counted_of_what_is_not_and_of_what_is_not_sold(bench: Bench) -> None:
    bench.desk.shop.stock.count(COFFEE, 3)
    lines = [{"id": id_, "quantity": 4} for id_ in (COFFEE, "rice", "dragon", "coffee?roast=purple")]
    answer = told(bench, "stock", lines=lines)
    assert answer.lines == (
        ToldLine(COFFEE, left=3),
        ToldLine("rice"),
        ToldLine("dragon", sold=False),
        ToldLine("coffee?roast=purple", sold=False),
    )
    assert bench.desk.shop.stock.counted() == {COFFEE: 3}, "nothing is reserved"


def test_an_order_is_told_from_its_placing_to_its_end(bench: Bench) -> None:
    intent = placed(bench)
    [order] = bench.desk.shop.orders()
    answer = told(bench, "status", orders=[intent], sub="person-1")
    assert (answer.state, answer.number, answer.delivery_date) == (
        "placed",
        order.order_id,
        order.delivery_date,
    )
    assert main(["accept", str(bench.folder.path), order.order_id]) == 0
    assert told(bench, "status", orders=[intent], sub="person-1").state == "accepted"


def test_delivery_is_told_by_the_rule_that_orders_are_promised_by(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(bench.folder.path)  # NOW_S is a Wednesday, 11:06 UTC
    assert told(bench, "delivery").delivery_date == "2026-11-20"
    for options, day in (
        (["--days", "3"], "2026-11-23"),
        (["--cut-off", "11:07"], "2026-11-23"),
        (["--cut-off", "11:06"], "2026-11-24"),
        (["--as-in-shop-json"], "2026-11-20"),
    ):
        assert main(["delivery", folder, *options]) == 0
        bench.desk.close()
        bench.desk = OrderDesk(bench.folder)
        assert told(bench, "delivery").delivery_date == day
        placed(bench)
        assert bench.desk.shop.orders(1)[0].delivery_date == day, "what is promised is what was told"
    assert main(["delivery", folder]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith("3 business days, a day more after 11:06 UTC:")


@pytest.mark.parametrize("cut_off", [None, 0, 667, 1_439])
def test_until_it_says_the_day_is_that(bench: Bench, cut_off: int | None) -> None:
    deliveries = bench.desk.shop.deliveries
    with bench.desk.shop.transaction():
        deliveries.put(Rule(2, cut_off))
    days = []
    for now_s in range(NOW_S, NOW_S + 24 * 3600, 1_800):
        until_s = deliveries.until_s(now_s)
        assert now_s < until_s <= now_s + 24 * 3600
        assert deliveries.day(now_s, 9) == deliveries.day(until_s - 1, 9) <= deliveries.day(until_s, 9)
        days.append(until_s)
    assert len(set(days)) == 2, "a day is over once in a day"
    assert told(bench, "delivery").until_s == deliveries.until_s(NOW_S)


def test_another_rule_holds_for_a_service_that_runs(bench: Bench) -> None:
    clock = iter((0.0, 0.0, 1.0, 11.0, 11.0))
    deliveries = Deliveries(bench.desk.shop.database, lambda: next(clock))
    assert deliveries.day(NOW_S, 2).isoformat() == "2026-11-20"
    bench.desk.shop.deliveries.put(Rule(0, None))
    assert deliveries.day(NOW_S, 2).isoformat() == "2026-11-20"
    assert deliveries.day(NOW_S, 2).isoformat() == "2026-11-18"


def test_promotions_are_told_until_their_last_day(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(bench.folder.path)
    assert main(["promotions", folder, "--en", "two for one", "--item", "rice", "--until", "2099-01-01"]) == 0
    assert main(["promotions", folder, "--en", "winter sale", "--pl", "zimowa wyprzedaż"]) == 0
    shop = bench.desk.shop
    shop.promotions.add("", {"en": "over"}, "2026-11-17")
    shop.promotions.add("", {"en": "today only"}, "2026-11-18")
    offers = told(bench, "offers").offers
    assert [(one.words["en"], one.product, one.until) for one in offers] == [
        ("today only", "", "2026-11-18"), ("winter sale", "", ""), ("two for one", "rice", "2099-01-01"),
    ]  # fmt: skip
    capsys.readouterr()
    assert main(["promotions", folder, "--remove", "1"]) == 0
    assert "two for one" not in capsys.readouterr().out
    assert main(["promotions", folder, "--remove", "1"]) == 1
    assert main(["promotions", folder, "--en", "dragons", "--item", "dragon"]) == 1


def test_of_another_s_order_nobody_is_told_more_than_of_none(bench: Bench) -> None:
    intent = placed(bench)
    none = told(bench, "status", orders=[str(uuid.uuid4())], sub="person-1")
    assert none.code == "order_unknown"
    for_person_2 = told(bench, "status", orders=[intent], sub="person-2")
    for_nobody = told(bench, "status", orders=[intent])
    keys = bench.folder.path.parent / "keys-2"
    join(bench.folder, keys, "device-2")
    key = jws.import_private_key((keys / "signing.pem").read_bytes())
    question = ask(bench, "status", orders=[intent], sub="person-1", device="device-2", key=key)
    reply = bench.desk.query("device-2", question, now_s=NOW_S)
    for_device_2 = verify_told(reply.payload, bench.trust, device_id="device-2")
    for answer in (for_person_2, for_nobody, for_device_2):
        assert (answer.code, answer.state, answer.number, answer.delivery_date) == (
            "order_unknown",
            "",
            "",
            "",
        )


def test_an_answer_is_for_one_device_and_one_question(bench: Bench) -> None:
    question = ask(bench, **RICE)
    answer = bench.desk.query(DEVICE, question, now_s=NOW_S).payload
    with pytest.raises(TrustError) as error:
        verify_told(answer, bench.trust, device_id="device-2")
    assert error.value.code == "told_other"


def test_who_is_revoked_is_told_nothing(bench: Bench) -> None:
    intent = placed(bench)
    revoke(bench.folder, DEVICE, now=datetime.now(UTC))
    for kind, claims in (
        ("stock", {"lines": RICE["lines"]}),
        ("status", {"orders": [intent], "sub": "person-1"}),
    ):
        reply = bench.desk.query(DEVICE, ask(bench, kind, **claims), now_s=NOW_S)
        assert (reply.code, reply.payload) == ("device_revoked", b"")


def test_a_question_about_nothing_or_of_another_time_is_not_answered(bench: Bench) -> None:
    for code, claims in (
        ("ask_malformed", {"lines": []}),
        ("ask_malformed", {"kind": "status"}),
        ("ask_malformed", {"kind": "status", "orders": [str(uuid.uuid4()) for _ in range(2)]}),
        ("ask_late", {"iat": NOW_S - 61, "exp": NOW_S}),
        ("ask_late", {"iat": NOW_S + 301, "exp": NOW_S + 400}),
    ):
        reply = bench.desk.query(DEVICE, ask(bench, **RICE | claims), now_s=NOW_S)
        assert (reply.code, reply.payload) == (code, b""), claims


def test_a_question_that_is_not_the_device_s_or_holds_words_is_not_answered(bench: Bench) -> None:
    other_key = ECKey.generate_key("P-256")
    for code, other in (
        ("signature_type", {"typ": "earmark-query+jwt"}),
        ("signature_key_unknown", {"key": other_key}),
        ("statement_other_device", {"iss": "device-2"}),
        ("statement_audience", {"aud": "other-shop"}),
        ("statement_environment", {"env": "production"}),
        ("statement_mismatch", {"jti": str(uuid.uuid4())}),
        ("statement_malformed", {"kind": "secrets"}),
        ("statement_malformed", {"lines": [{"id": "rice", "quantity": 1}] * 21}),
        ("statement_malformed", {"lines": [{"id": "r" * 201, "quantity": 1}]}),
        ("statement_malformed", {"codes": ["she said: order coffee"]}),
    ):
        with pytest.raises(TrustError) as error:
            bench.desk.query(DEVICE, ask(bench, **RICE | other), now_s=NOW_S)
        assert error.value.code == code, other


def test_who_asks_without_end_is_not_answered_and_may_order_all_the_same(bench: Bench) -> None:
    question = ask(bench, **RICE)
    codes = [bench.desk.query(DEVICE, question, now_s=NOW_S).code for _ in range(ASKS_AT_ONCE + 5)]
    assert codes[0] == "told_stock" and codes[-1] == "asked_too_often"
    placed(bench)


def test_a_shop_of_the_release_before_takes_it_for_nothing_and_is_silent(bench: Bench) -> None:
    """There all that comes on up/query went to what answers "was it placed?"."""
    with pytest.raises(TrustError) as error:
        bench.desk._questions.query(DEVICE, ask(bench, **RICE), now_s=NOW_S)
    assert error.value.code == "envelope_malformed"
