"""The shop carries a phone's answer to its device: until the broker has it, to nobody else, and not after its
time. And it passes on what a device asks a phone."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.approvals import approval_in
from agent.committing.envelope import APPROVAL_REQUEST, APPROVAL_WITHDRAWN, SignedData, encode_event
from agent.committing.statements import APPROVAL_LIFETIME_S, AskedClaims
from agent.deciding.phone import Asked
from agent.plumbing.errors import TrustError
from order_backend.approval_desk import AT_ONCE, ApprovalDesk
from order_backend.approval_requests import MOST_OPEN
from order_backend.approvals import KEPT_S, Carrier
from order_backend.cli import main
from order_backend.provisioning import revoke
from order_backend.retention import Retention
from tests.committing.kit import DEVICE, NOW_S, Bench

NONCE = "0123456789abcdef" * 2
ASKED = Asked(
    *(DEVICE, "p-0123abcd", (("coffee?roast=dark", 2, 19_00), ("rice", 1, 8_00)), 46_00, "PLN", 1, NONCE)
)

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is not the database's is tried on one."""


class Broker:
    """What was published, and how it says that it has it."""

    def __init__(self, bench: Bench) -> None:
        self.sent: list[tuple[str, str]] = []
        self.carrier = Carrier(bench.desk.shop.approvals, self.publish)

    def publish(self, topic: str, event: bytes) -> int:
        self.sent.append((topic, approval_in(event)))
        return len(self.sent)

    def look(self, now_s: int = NOW_S) -> None:
        self.carrier._next_look = 0.0
        self.carrier.look(lambda: now_s)


def put(bench: Bench, answer: str, now_s: int = NOW_S) -> None:
    with bench.desk.shop.transaction("approvals"):
        bench.desk.shop.approvals.put(DEVICE, answer, shop_id="corner-shop", now_s=now_s)


def test_an_answer_is_carried_in_time_and_gone_when_the_broker_has_it(bench: Bench) -> None:
    broker = Broker(bench)
    put(bench, "late", NOW_S - KEPT_S - 1)
    put(bench, "a.b.c")
    broker.look()
    broker.look()
    assert broker.sent == [(f"va/v1/d/{DEVICE}/dn/approval", "a.b.c")], "once to this broker"
    broker.carrier.published(1)
    broker.look()
    assert bench.desk.shop.approvals.waiting(now_s=NOW_S) == []
    assert len(broker.sent) == 1


@SQLITE
def test_what_the_broker_never_said_that_it_had_is_carried_again(bench: Bench) -> None:
    """The order service ends, or the connection, between publishing and the broker's word."""
    put(bench, "a.b.c")
    Broker(bench).look()
    after = Broker(bench)
    after.carrier.published(1)  # of the connection before: the number of another message now
    after.look()
    assert after.sent == [(f"va/v1/d/{DEVICE}/dn/approval", "a.b.c")]
    Retention(bench.desk.shop.database, 1).look(lambda: NOW_S + KEPT_S + 1)
    assert bench.desk.shop.approvals.waiting(now_s=0) == [], "nobody takes it any more"


@SQLITE
def test_the_command_takes_it_for_an_admitted_device_only(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["approval", str(bench.folder.path), "a.b.c", "--device"]
    assert main([*command, DEVICE]) == 0
    assert main([*command, "another"]) == 1
    assert "approval_device" in capsys.readouterr().err
    assert main([*command, DEVICE]) == 0
    assert len(bench.desk.shop.approvals.waiting(now_s=0)) == 2


def asks(bench: Bench, of: Asked = ASKED) -> bytes:
    bench.trust_time()
    return bench.road.approval_asking.ask(of).payload


def signed(bench: Bench, key: ECKey | None = None, typ: str = AskedClaims.typ, **other: Any) -> bytes:
    id_, about = uuid.uuid4(), msgspec.to_builtins(ASKED)
    claims = {
        "jti": str(id_), "iss": DEVICE, "aud": bench.trust.shop_id, "env": "test", "iat": NOW_S,
        "exp": NOW_S + APPROVAL_LIFETIME_S, "sub": about["person"], "lines": about["lines"],
        "total_minor": 46_00, "currency": "PLN", "catalogue_version": 1, "nonce": NONCE,
    } | other  # fmt: skip
    token = jws.sign(claims, key or bench.keys._key, typ=typ)
    return encode_event(APPROVAL_REQUEST, id_=id_, source=DEVICE, now_s=NOW_S, data=SignedData(token))


def take(bench: Bench, payload: bytes, now_s: int = NOW_S) -> str:
    reply = bench.desk.approval_desk.take(DEVICE, payload, now_s=now_s)
    assert reply.payload == b"", "only the phone answers"
    return reply.code


def passed_on(bench: Bench, now_s: int = NOW_S, **of: str) -> list[Asked]:
    found = bench.desk.shop.approval_requests.open_ones(now_s, **of)
    return [msgspec.json.decode(msgspec.json.encode(one.asked), type=Asked) for one in found]


def test_what_a_device_of_a_release_before_nonces_asks_is_approved_by_the_digest_that_it_knows(
    bench: Bench,
) -> None:
    old = msgspec.structs.replace(ASKED, nonce="")
    assert take(bench, asks(bench, old)) == "approval_asked"
    [shown] = bench.desk.shop.approval_requests.open_ones(NOW_S)
    known = {name: value for name, value in msgspec.structs.asdict(ASKED).items() if name != "nonce"}
    assert msgspec.json.encode(shown.asked) == msgspec.json.encode(known)
    assert old.digest == hashlib.sha256(msgspec.json.encode(known)).hexdigest()


def test_what_a_device_asks_stands_there_once_for_that_phone_until_its_time_is_over(bench: Bench) -> None:
    request = asks(bench)
    assert [take(bench, request) for _ in range(3)] == ["approval_asked"] * 3
    assert passed_on(bench) == passed_on(bench, person=ASKED.person, device_id=DEVICE) == [ASKED]
    assert passed_on(bench)[0].digest == ASKED.digest, "what the phone signs is what the device asked"
    assert passed_on(bench, person="p-other") == passed_on(bench, device_id="other") == []
    assert passed_on(bench, NOW_S + APPROVAL_LIFETIME_S) == []
    Retention(bench.desk.shop.database, 1).look(lambda: NOW_S + APPROVAL_LIFETIME_S)
    assert passed_on(bench, 0) == []


def test_what_is_withdrawn_is_shown_no_more_and_leaves_room_for_another(bench: Bench) -> None:
    bench.trust_time()
    asking = bench.road.approval_asking
    asked = [asking.ask(ASKED) for _ in range(MOST_OPEN + 1)]
    said = [take(bench, one.payload) for one in asked]
    assert said == ["approval_asked"] * MOST_OPEN + ["approval_too_many"]
    withdrawn = asking.withdraw(ASKED, asked[0])
    assert [take(bench, withdrawn.payload) for _ in range(2)] == ["approval_withdrawn"] * 2
    assert len(passed_on(bench)) == MOST_OPEN - 1
    assert take(bench, asked[-1].payload) == "approval_asked" and len(passed_on(bench)) == MOST_OPEN
    assert take(bench, withdrawn.payload, NOW_S + APPROVAL_LIFETIME_S) == "approval_late"
    Retention(bench.desk.shop.database, 1).look(lambda: NOW_S + APPROVAL_LIFETIME_S)
    assert passed_on(bench, 0) == []


@SQLITE
def test_what_a_device_asks_is_no_word_that_it_is_withdrawn(bench: Bench) -> None:
    """Each says by its own type what it is: whoever may publish cannot make one of the other."""
    asked = msgspec.json.decode(asks(bench))
    turned = msgspec.json.encode({**asked, "type": APPROVAL_WITHDRAWN})
    with pytest.raises(TrustError):
        take(bench, turned)


@SQLITE
def test_what_the_device_has_not_signed_so_is_passed_on_to_nobody(bench: Bench) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"total_minor": 1_00}, "approval_malformed"),
        ({"lines": [["rice", 1, 8_00], ["coffee", 1, 38_00]]}, "approval_malformed"),
        ({"lines": []}, "statement_malformed"),
        ({"sub": ""}, "statement_malformed"),
        ({"nonce": "0123"}, "statement_malformed"),
        ({"lines": [["", 1, 46_00]]}, "statement_malformed"),
        ({"aud": "other"}, "statement_audience"),
        ({"iss": "other"}, "statement_other_device"),
        ({"env": "production"}, "statement_environment"),
        ({"jti": str(uuid.uuid4())}, "statement_mismatch"),
        ({"typ": "earmark-ask+jwt"}, "signature_type"),
        ({"key": ECKey.generate_key("P-256")}, "signature_key_unknown"),
    ]
    for other, code in wrong:
        with pytest.raises(TrustError) as caught:
            take(bench, signed(bench, **other))
        assert caught.value.code == code, other
    for times in ({"iat": NOW_S + 400}, {"exp": NOW_S}, {"exp": NOW_S + 1_000_000}):
        assert take(bench, signed(bench, **times)) == "approval_late"
    assert passed_on(bench) == []


@SQLITE
def test_a_revoked_device_asks_nobody(bench: Bench) -> None:
    revoke(bench.folder, DEVICE, now=datetime.now(UTC))
    assert take(bench, asks(bench)) == "device_revoked"


@SQLITE
def test_a_device_that_asks_on_and_on_fills_nothing(bench: Bench) -> None:
    bench.desk.approval_desk = ApprovalDesk(bench.desk.shop, bench.desk._questions, limited=False)
    codes = [take(bench, asks(bench)) for _ in range(MOST_OPEN + 2)]
    assert codes == ["approval_asked"] * MOST_OPEN + ["approval_too_many"] * 2
    assert len(passed_on(bench)) == MOST_OPEN
    later_s = NOW_S + APPROVAL_LIFETIME_S
    assert take(bench, signed(bench, iat=later_s, exp=later_s + 60), later_s) == "approval_asked"
    bench.desk.approval_desk = ApprovalDesk(bench.desk.shop, bench.desk._questions, monotonic_s=lambda: 0.0)
    request = asks(bench)
    codes = [take(bench, request) for _ in range(AT_ONCE + 1)]
    assert codes[-1] == "asked_too_often" and "asked_too_often" not in codes[:-1]


@SQLITE
def test_the_command_shows_it_and_a_phone_page_reads_it(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["approvals", str(bench.folder.path)]) == 0
    assert capsys.readouterr().out == ""
    now_s = int(bench.desk.shop.clock.read().now_s)
    take(bench, signed(bench, iat=now_s, exp=now_s + 60), now_s)
    assert main(["approvals", str(bench.folder.path), "--person", ASKED.person]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{DEVICE}  p-0123abcd  2 × coffee?roast=dark  1 × rice  46.00 PLN  until ")
    assert main(["approvals", str(bench.folder.path), "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert msgspec.convert(told["asked"], Asked) == ASKED and told["until_s"] == now_s + 60
    assert main(["approvals", str(bench.folder.path), "--device", "other", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
