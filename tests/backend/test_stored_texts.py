"""Text that comes from outside and that PostgreSQL cannot keep is refused at the door, with a code, whichever
database there is: not by the row that it would have been."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from agent import cli as device_cli
from agent.committing import jws
from agent.committing.envelope import (
    ASK,
    INTENT,
    SignedData,
    claims_of,
    decode_event,
    encode_event,
    holds_nul,
)
from agent.committing.statements import AskClaims
from agent.plumbing.errors import TrustError
from order_backend.cli import main
from order_backend.enrolment import _EnrolmentDesk
from tests.backend.test_asks import ask
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is not the database's is tried on one."""


def intent(bench: Bench, **changes: str) -> bytes:
    """An order as the device signs it, with another person or title."""
    bench.trust_time()
    order = agreed(person=changes.get("person", "person-1"))
    if title := changes.get("title"):
        [line] = order.basket.lines
        basket = msgspec.structs.replace(order.basket, lines=(msgspec.structs.replace(line, title=title),))
        order = msgspec.structs.replace(order, basket=basket)
    return bench.road.commit(order).payload


def test_an_order_with_nul_in_a_text_is_answered_and_nothing_of_it_is_kept(bench: Bench) -> None:
    for payload in (intent(bench, person="person\0"), intent(bench, title="coffee\0")):
        reply = bench.desk.intent(DEVICE, payload, now_s=NOW_S)
        assert (reply.what, reply.code) == ("ack", "intent_malformed")
        assert bench.desk.shop.answer(DEVICE, decode_event(payload, INTENT).id) is None
    assert bench.desk.shop.orders() == []


def test_what_only_looks_like_nul_is_ordered(bench: Bench) -> None:
    reply = bench.desk.intent(DEVICE, intent(bench, title=r"coffee \u0000", person=r"\u0000"), now_s=NOW_S)
    assert reply.code == "ordered"
    [order] = bench.desk.shop.orders()
    assert order.person == r"\u0000" and r"coffee \\u0000" in order.lines


def test_a_question_with_nul_in_it_is_none(bench: Bench) -> None:
    abouts: list[dict[str, Any]] = [
        {"kind": "ticket", "sub": "p\0"},
        {"kind": "stock", "lines": [{"id": "rice\0", "quantity": 1}]},
    ]
    for about in abouts:
        with pytest.raises(TrustError) as caught:
            bench.desk.query(DEVICE, ask(bench, **about), now_s=NOW_S)
        assert caught.value.code == "statement_malformed"


@SQLITE
def test_nul_beside_what_is_signed_is_refused_too(bench: Bench) -> None:
    signed = SignedData(jws.sign({}, bench.keys._key, typ=AskClaims.typ))
    event = encode_event(ASK, id_=uuid.uuid4(), source=f"{DEVICE}\0", now_s=NOW_S, data=signed)
    with pytest.raises(TrustError, match="U\\+0000"):
        decode_event(event, ASK)


@pytest.mark.parametrize("half", [rb"\ud800", rb"\udc00 a", b"\xed\xa0\x80"])
def test_half_a_surrogate_pair_does_not_decode(half: bytes) -> None:
    with pytest.raises(TrustError) as caught:
        claims_of(b'{"claim":"' + half + b'","x":1}', dict, "some_code")
    assert caught.value.code == "some_code"


@pytest.mark.parametrize("text", [b'"\\u0000"', b'["a",{"b":["\\u0000c"]}]', b'{"\\u0000":1}'])
def test_nul_is_found_wherever_it_stands(text: bytes) -> None:
    assert holds_nul(text)
    assert not holds_nul(text.replace(b"\\u0000", b"\\\\u0000"))


def test_a_new_device_cannot_ask_for_a_code_that_no_database_can_look_up(bench: Bench) -> None:
    desk = _EnrolmentDesk(bench.folder)
    status, said = desk.answered("127.0.0.1", lambda: desk.claim("ABCD\0"))
    assert status == 404 and b"claim_unknown" in said
    body = b'{"claim":"ABCD\\u0000","password":"x","requests":"x"}'
    status, said = desk.answered("127.0.0.1", lambda: desk.enrolment(body))
    assert status == 403 and b"enrol_malformed" in said
    status, said = desk.answered("127.0.0.1", lambda: desk.enrolment(b'{"claim":"\xff"}'))
    assert status == 403 and b"enrol_malformed" in said


def test_a_command_says_that_bytes_which_are_no_text_are_none(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["owner", "--device", "kitchen\udcff", "--email", "anna@example.org"],
        ["tickets", "--close", "T-\udcff"],
        ["account", "--device", DEVICE, "--account", "\udcff"],
    ):
        assert main([words[0], str(bench.folder.path), *words[1:]]) == 1
        said = capsys.readouterr().err
        assert "words_not_utf8" in said and "\\udcff" in said


def test_the_devices_commands_say_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert device_cli.main(["people", "forget", "Ann\udcff"]) == 1
    assert "words_not_utf8" in capsys.readouterr().err
