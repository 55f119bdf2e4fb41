"""What a cancellation gives back at the shop, what comes too late, and who may not cancel."""

from __future__ import annotations

import json
import uuid
from collections import Counter

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import CANCEL, INTENT, SignedData, decode_event, encode_event
from agent.committing.intents import SignedIntent
from agent.committing.receipts import Receipt, verify_receipt
from agent.committing.statements import CancelClaims, QueryClaims
from agent.plumbing.errors import TrustError
from order_backend.cli import main
from order_backend.provisioning import revoke
from tests.backend.post_office import post_office, tell, turned, write_mail
from tests.backend.test_at_once import at_once
from tests.backend.test_reservations import COFFEE, set_config
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, question, unsigned_question
from tests.committing.network import now


def signed(bench: Bench, quantity: int = 2) -> SignedIntent:
    bench.trust_time()
    return bench.road.commit(agreed(quantity))


def placed(bench: Bench, quantity: int = 2) -> SignedIntent:
    intent = signed(bench, quantity)
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"
    return intent


def cancellation(bench: Bench, intent: SignedIntent, *, key: ECKey | None = None, **other: object) -> bytes:
    """As the device would sign it; `other` claims than true ones."""
    id_ = uuid.uuid4()
    claims = {
        "jti": str(id_), "iss": DEVICE, "aud": bench.trust.shop_id, "env": "test", "iat": NOW_S,
        "exp": NOW_S + 3_600, "sub": "person-1", "amr": ["voice"], "intent": intent.intent_id,
        "intent_sha256": intent.sha256,
    } | {name: value for name, value in other.items() if name != "typ"}  # fmt: skip
    token = jws.sign(claims, key or bench.keys._key, typ=str(other.get("typ", CancelClaims.typ)))
    return encode_event(CANCEL, id_=id_, source=DEVICE, now_s=NOW_S, data=SignedData(token))


def verdict(bench: Bench, payload: bytes, now_s: int = NOW_S) -> tuple[str, Receipt]:
    reply = bench.desk.cancel(DEVICE, payload, now_s=now_s)
    receipt = verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")
    return reply.code, receipt


def test_stock_and_credit_are_given_back_once(bench: Bench) -> None:
    shop = bench.desk.shop
    shop.stock.count(COFFEE, 5)
    intent = placed(bench, 3)
    assert shop.stock.counted() == {COFFEE: 2} and shop.accounts.lock(DEVICE).owed_minor == 5_700
    asks = cancellation(bench, intent)
    for payload in (asks, asks, cancellation(bench, intent)):
        code, receipt = verdict(bench, payload)
        assert (code, receipt.status, receipt.error) == ("cancelled", "refused", "cancelled")
        assert shop.stock.counted() == {COFFEE: 5} and shop.accounts.lock(DEVICE).owed_minor == 0


def test_it_is_given_back_to_the_account_that_owes_it(bench: Bench) -> None:
    accounts = bench.desk.shop.accounts
    accounts.join(DEVICE, "household")
    intent = placed(bench)
    accounts.join(DEVICE, "office")
    verdict(bench, cancellation(bench, intent))
    accounts.join(DEVICE, "household")
    assert accounts.lock(DEVICE).owed_minor == 0
    accounts.join(DEVICE, "office")
    assert accounts.lock(DEVICE).owed_minor == 0


def test_who_cancels_may_order_the_same_at_once(bench: Bench) -> None:
    set_config(bench.folder, same_basket_hold_s=60)
    bench.desk.close()
    bench.desk = type(bench.desk)(bench.folder)
    intent = placed(bench)
    held = signed(bench)
    assert bench.desk.intent(DEVICE, held.payload, now_s=NOW_S).code == "same_basket"
    verdict(bench, cancellation(bench, intent))
    assert bench.desk.intent(DEVICE, signed(bench).payload, now_s=NOW_S).code == "ordered"


def test_whoever_asks_after_a_cancelled_order_is_told_that_it_is(bench: Bench) -> None:
    intent = placed(bench)
    receipt = bench.desk.cancel(DEVICE, cancellation(bench, intent), now_s=NOW_S).payload
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).payload == receipt
    assert bench.desk.query(DEVICE, question(bench, intent.intent_id), now_s=NOW_S).payload == receipt
    assert bench.desk.query(DEVICE, unsigned_question(intent.intent_id), now_s=NOW_S).payload == receipt


def test_a_cancellation_that_comes_first_refuses_the_intent_for_good(bench: Bench) -> None:
    intent = signed(bench)
    code, receipt = verdict(bench, cancellation(bench, intent))
    assert (code, receipt.intent_sha256) == ("cancelled", intent.sha256)
    reply = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
    assert reply.code == "replayed" and bench.desk.shop.orders() == []


def test_it_takes_the_place_of_not_placed(bench: Bench) -> None:
    intent = signed(bench)
    bench.desk.query(DEVICE, question(bench, intent.intent_id), now_s=NOW_S)
    assert verdict(bench, cancellation(bench, intent))[0] == "cancelled"
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "replayed"


def test_what_was_refused_stays_refused_and_the_device_hears_it_for_its_own_bytes(bench: Bench) -> None:
    intent = signed(bench)
    assert bench.desk.intent(DEVICE, intent.payload, now_s=intent.exp).code == "expired"
    _, receipt = verdict(bench, cancellation(bench, intent))
    assert (receipt.status, receipt.intent_sha256) == ("refused", intent.sha256)
    assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "replayed"


def test_what_is_being_handed_over_stands(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    shop = bench.desk.shop
    shop.stock.count(COFFEE, 5)
    intent = placed(bench)
    [order] = shop.orders()
    assert main(["accept", str(bench.folder.path), order.order_id]) == 0
    asks = cancellation(bench, intent)
    code, receipt = verdict(bench, asks)
    assert (code, receipt.status, receipt.order_id) == ("too_late", "ordered", order.order_id)
    assert receipt.cancel == decode_event(asks, CANCEL).id
    assert shop.stock.counted() == {COFFEE: 3} and shop.accounts.lock(DEVICE).owed_minor == 3_800
    capsys.readouterr()
    assert main(["orders", str(bench.folder.path)]) == 0
    assert capsys.readouterr().out.rstrip().endswith("accepted")


def test_what_was_cancelled_is_not_handed_over(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    intent = placed(bench)
    [order] = bench.desk.shop.orders()
    verdict(bench, cancellation(bench, intent))
    assert main(["accept", str(bench.folder.path), order.order_id]) == 1
    assert "order_cancelled" in capsys.readouterr().err
    assert main(["accept", str(bench.folder.path), "E-NONE"]) == 1
    assert "order_unknown" in capsys.readouterr().err
    assert main(["orders", str(bench.folder.path), "--json"]) == 0
    assert [row["end"] for row in json.loads(capsys.readouterr().out)] == ["cancelled"]


def test_what_was_said_to_stand_stands_at_a_replica_with_another_clock(bench: Bench) -> None:
    intent = placed(bench)
    asks = cancellation(bench, intent)
    assert verdict(bench, asks, NOW_S + 3_600)[0] == "too_late"
    assert verdict(bench, asks, NOW_S)[0] == "too_late"


def test_what_came_too_late_is_not_taken_for_handed_over(bench: Bench) -> None:
    """Nobody has: `earmark-backend orders` must not say so, and a cancellation in its time still counts."""
    intent = placed(bench)
    assert verdict(bench, cancellation(bench, intent), NOW_S + 3_600)[0] == "too_late"
    assert bench.desk.shop.ends.all() == {}
    anew = cancellation(bench, intent, iat=NOW_S + 3_600, exp=NOW_S + 7_200)
    assert verdict(bench, anew, NOW_S + 3_601)[0] == "cancelled"


def test_a_device_whose_clock_is_ahead_is_answered_at_once(bench: Bench) -> None:
    """Without an answer it would ask for as long as its clock is ahead, and its person would hear nothing."""
    intent = placed(bench)
    asks = cancellation(bench, intent, iat=NOW_S + 86_400, exp=NOW_S + 90_000)
    assert verdict(bench, asks)[0] == "cancelled"


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("signature_key_unknown", {"key": ECKey.generate_key("P-256")}),
        ("signature_type", {"typ": QueryClaims.typ}),
        ("statement_other_device", {"iss": "device-2"}),
        ("statement_audience", {"aud": "another-shop"}),
        ("statement_environment", {"env": "production"}),
        ("statement_mismatch", {"jti": str(uuid.uuid4())}),
        ("statement_malformed", {"intent_sha256": "short"}),
        ("statement_malformed", {"amr": []}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_one_wrong_thing_and_the_order_stands(bench: Bench, code: str, wrong: dict[str, object]) -> None:
    intent = placed(bench)
    with pytest.raises(TrustError) as error:
        bench.desk.cancel(DEVICE, cancellation(bench, intent, **wrong), now_s=NOW_S)  # type: ignore[arg-type]
    assert error.value.code == code and bench.desk.shop.ends.all() == {}


def test_a_revoked_device_cancels_nothing(bench: Bench) -> None:
    intent = placed(bench)
    revoke(bench.folder, DEVICE, now=now())
    with pytest.raises(TrustError, match="device_revoked"):
        bench.desk.cancel(DEVICE, cancellation(bench, intent), now_s=NOW_S)
    assert bench.desk.shop.ends.all() == {}


def test_one_device_cannot_cancel_anothers_order(bench: Bench) -> None:
    intent = placed(bench)
    with pytest.raises(TrustError, match="device_unknown"):
        bench.desk.cancel("device-2", cancellation(bench, intent), now_s=NOW_S)


def test_an_intent_and_its_cancellation_at_once_end_in_one_way(bench: Bench) -> None:
    bench.desk.shop.stock.count(COFFEE, 100)
    ends: Counter[tuple[str, ...]] = Counter()
    for _ in range(10):
        intent = signed(bench, 1)
        asks = cancellation(bench, intent)
        codes = at_once(
            bench,
            [
                lambda desk, payload=intent.payload: desk.intent(DEVICE, payload, now_s=NOW_S).code,
                lambda desk, asks=asks: desk.cancel(DEVICE, asks, now_s=NOW_S).code,
                lambda desk, asks=asks: desk.cancel(DEVICE, asks, now_s=NOW_S).code,
            ],
        )
        ends[tuple(codes)] += 1
        again = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
        error = verify_receipt(again.payload, bench.trust, device_id=DEVICE, environment="test").error
        assert (again.code, error) == ("replayed", "cancelled")
    assert set(ends) <= {("cancelled", "cancelled", "ordered"), ("cancelled", "cancelled", "replayed")}
    assert bench.desk.shop.stock.counted() == {COFFEE: 100}
    assert bench.desk.shop.accounts.lock(DEVICE).owed_minor == 0


def test_of_handing_over_and_cancelling_at_once_one_is_first(bench: Bench) -> None:
    for _ in range(10):
        intent = placed(bench, 1)
        order = bench.desk.shop.order(DEVICE, intent.intent_id)
        assert order is not None
        asks = cancellation(bench, intent)
        codes = at_once(
            bench,
            [
                lambda desk, id_=order.order_id: str(desk.shop.ends.put(id_, "accepted", now_s=NOW_S)),
                lambda desk, asks=asks: desk.cancel(DEVICE, asks, now_s=NOW_S).code,
            ],
        )
        assert codes in (["False", "cancelled"], ["True", "too_late"])


def test_the_owner_is_told_of_an_order_and_of_its_end(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        intent = placed(bench)
        with turned(bench.folder) as by_hand:
            by_hand.turn()
            verdict(bench, cancellation(bench, intent, amr=["operator"]))
            by_hand.turn()
            verdict(bench, cancellation(bench, intent))
            by_hand.turn()
            assert by_hand.rows() == [("sent", 1, "")]
        first, second = mailbox.mails()
    assert first["Message-ID"] != second["Message-ID"] and second["Subject"].endswith("was cancelled")
    assert "Cancelled by:  whoever looks after the device" in second.get_content()


def test_an_owner_who_was_not_told_yet_is_told_of_the_end_only(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench, language="pl")
        intent = placed(bench)
        verdict(bench, cancellation(bench, intent))
        with turned(bench.folder) as by_hand:
            by_hand.turn()
            by_hand.turn()
        [mail] = mailbox.mails()
    assert "anulowano" in mail["Subject"] and "głosem" in mail.get_content()


def test_a_mail_that_was_under_way_does_not_swallow_the_end(bench: Bench) -> None:
    tell(bench)
    intent = placed(bench)
    [notice] = bench.desk.shop.notices.due(NOW_S)
    verdict(bench, cancellation(bench, intent))
    bench.desk.shop.notices.settle(notice, "sent")
    [due] = bench.desk.shop.notices.due(NOW_S)
    assert due.about == "cancelled" and msgspec.structs.replace(due, about="placed", amr=notice.amr) == notice


def test_its_answer_is_an_intents_receipt_and_says_what_it_answers(bench: Bench) -> None:
    intent = placed(bench)
    asks = cancellation(bench, intent)
    _, receipt = verdict(bench, asks)
    assert receipt.cancel == decode_event(asks, CANCEL).id
    assert receipt.intent_id == decode_event(intent.payload, INTENT).id
