"""Tickets, returns and quotes: each is taken once, whoever sends it again, and tells its number again."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from agent.committing import jws
from agent.committing.envelope import ASK, SignedData, encode_event
from agent.committing.statements import AskClaims
from agent.committing.told_claims import ToldClaims, verify_told
from order_backend.cli import main
from order_backend.kept_asks import QUOTE_DAYS
from tests.backend.test_asks import COFFEE, ask, placed, told
from tests.backend.test_at_once import at_once
from tests.committing.kit import DEVICE, NOW_S, Bench


def answered(bench: Bench, payload: bytes) -> ToldClaims:
    reply = bench.desk.query(DEVICE, payload, now_s=NOW_S)
    return verify_told(reply.payload, bench.trust, device_id=DEVICE)


def signed_again(bench: Bench, id_: uuid.UUID, **claims: Any) -> bytes:
    """Under that id, with another signature."""
    said = {
        "jti": str(id_), "iss": DEVICE, "aud": bench.trust.shop_id, "env": "test", "iat": NOW_S,
        "exp": NOW_S + 60, "kind": "ticket",
    } | claims  # fmt: skip
    token = jws.sign(said, bench.keys._key, typ=AskClaims.typ)
    return encode_event(ASK, id_=id_, source=DEVICE, now_s=NOW_S, data=SignedData(token))


def listed(bench: Bench, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main([words[0], str(bench.folder.path), *words[1:], "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_a_ticket_sent_thrice_is_one_and_holds_ids_and_codes(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    intent = placed(bench)
    [order] = bench.desk.shop.orders()
    context = {"orders": [intent, str(uuid.uuid4())], "codes": ["gave_up", "not_understood"]}
    asked = ask(bench, "ticket", lines=[{"id": COFFEE, "quantity": 2}], **context)
    first = answered(bench, asked)
    assert first.number.startswith("T-") and not first.code
    assert {answered(bench, asked).number for _ in range(2)} == {first.number}
    [row] = listed(bench, capsys, "tickets")
    about = {"orders": [order.order_id], "lines": [[COFFEE, 2]], "codes": ["gave_up", "not_understood"]}
    assert row["about"] == about
    assert listed(bench, capsys, "tickets", "--close", first.number) == []
    assert [row["state"] for row in listed(bench, capsys, "tickets", "--all")] == ["closed"]
    assert answered(bench, asked).number == first.number, "also after it was closed"
    assert main(["tickets", str(bench.folder.path), "--all"]) == 0
    assert f"{first.number}  " in capsys.readouterr().out
    assert main(["returns", str(bench.folder.path), "--close", first.number]) == 1


def test_under_one_id_one_thing_is_asked_however_it_is_signed(bench: Bench) -> None:
    id_ = uuid.uuid4()
    first = answered(bench, signed_again(bench, id_))
    assert answered(bench, signed_again(bench, id_)).number == first.number
    other = bench.desk.query(DEVICE, signed_again(bench, id_, codes=["gave_up"]), now_s=NOW_S)
    assert (other.code, other.payload) == ("idempotency_conflict", b"")


def test_two_replicas_that_take_one_ticket_at_once_open_one(bench: Bench) -> None:
    asked = ask(bench, "ticket")
    codes = at_once(bench, [lambda desk: desk.query(DEVICE, asked, now_s=NOW_S).code] * 2)
    assert codes == ["told_ticket"] * 2
    assert len(bench.desk.shop.requests.of_kind("ticket", closed=True, limit=9)) == 1


def test_only_what_was_handed_over_goes_back_and_once(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    intent = placed(bench)
    [order] = bench.desk.shop.orders()
    own = {"orders": [intent], "sub": "person-1"}
    assert told(bench, "return", **own).code == "order_not_accepted"
    assert told(bench, "return", orders=[intent], sub="person-2").code == "order_unknown"
    assert told(bench, "return", orders=[str(uuid.uuid4())], sub="person-1").code == "order_unknown"
    bench.desk.shop.ends.put(order.order_id, "accepted", now_s=NOW_S)
    first = told(bench, "return", **own)
    assert first.number.startswith("R-") and told(bench, "return", **own).number == first.number
    [row] = listed(bench, capsys, "returns")
    assert (row["order_id"], row["person"]) == (order.order_id, "person-1")


def test_what_was_cancelled_does_not_go_back(bench: Bench) -> None:
    intent = placed(bench)
    bench.desk.shop.ends.put(bench.desk.shop.orders()[0].order_id, "cancelled", now_s=NOW_S)
    assert told(bench, "return", orders=[intent], sub="person-1").code == "order_cancelled"


def test_a_quote_is_the_sum_at_the_shop_s_prices_and_orders_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"id": COFFEE, "quantity": 40}, {"id": "rice", "quantity": 3}]
    quote = told(bench, "quote", lines=lines)
    assert (quote.amount, quote.currency, quote.number[:2]) == (40 * 1_900 + 3 * 560, "PLN", "Q-")
    assert QUOTE_DAYS == 14 and quote.until == "2026-12-02"
    assert [row["told"]["amount"] for row in listed(bench, capsys, "quotes")] == [quote.amount]
    for code, id_, quantity in (("item_unknown", "dragon", 1), ("quantity", "rice", 1_001)):
        refused = told(bench, "quote", lines=[{"id": id_, "quantity": quantity}])
        assert (refused.code, refused.number) == (code, "")
    assert bench.desk.shop.orders() == [] and len(listed(bench, capsys, "quotes")) == 1


def test_what_is_open_of_one_device_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_backend.kept_asks.MOST_OPEN", 2)
    numbers = [told(bench, "ticket").number for _ in range(2)]
    assert told(bench, "ticket").code == "too_many_open"
    bench.desk.shop.requests.close("ticket", numbers[0])
    assert told(bench, "ticket").number
