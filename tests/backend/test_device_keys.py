"""A device gets a new signing key: what the old one signed before still counts, and nothing that it signs
after."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event, encode_event
from agent.committing.keys import create_device_keys
from agent.committing.rotation import OLD_FOR_S
from agent.committing.statements import CLOCK_SKEW_S
from agent.plumbing.errors import TrustError
from order_backend.cli import main
from order_backend.provisioning import admit, revoke
from tests.backend.test_cancelling import cancellation, placed, signed, verdict
from tests.backend.test_checks import both, forged
from tests.backend.test_offers import offered, request, taken
from tests.committing.kit import DEVICE, NOW_S, Bench, question

REPLACED_S = NOW_S + 1_000
LIFETIME_S = 3_600


def replace(bench: Bench, keys_dir: Path, *, stolen: bool = False, at_s: int = REPLACED_S) -> ECKey:
    """The device's new signing key, which the shop has admitted."""
    requests = create_device_keys(keys_dir, DEVICE)
    (keys_dir / "request.pem").write_bytes(requests)
    again(bench, keys_dir, stolen=stolen, at_s=at_s)
    return jws.import_private_key((keys_dir / "signing.pem").read_bytes())


def again(bench: Bench, keys_dir: Path, *, stolen: bool = False, at_s: int = REPLACED_S) -> None:
    requests, now = (keys_dir / "request.pem").read_bytes(), datetime.fromtimestamp(at_s, UTC)
    admit(bench.folder, DEVICE, requests, now=now, old_key_stolen=stolen)


def order(bench: Bench, payload: bytes, now_s: int = REPLACED_S + 60) -> str:
    return bench.desk.intent(DEVICE, payload, now_s=now_s).code


def signed_at(bench: Bench, iat_s: int, key: ECKey | None = None) -> bytes:
    return forged(bench, both(iat=iat_s, exp=iat_s + LIFETIME_S), key=key)


def test_what_the_old_key_signed_before_counts_and_nothing_that_it_signs_after(
    bench: Bench, tmp_path: Path
) -> None:
    waiting = signed(bench)
    new = replace(bench, tmp_path / "new")
    assert order(bench, waiting.payload) == "ordered"
    assert order(bench, signed_at(bench, REPLACED_S + 1, new)) == "ordered"
    assert order(bench, signed_at(bench, REPLACED_S + CLOCK_SKEW_S)) == "ordered"
    late = signed_at(bench, REPLACED_S + CLOCK_SKEW_S + 1)
    assert order(bench, late) == "signature_invalid"
    assert order(bench, late, REPLACED_S + CLOCK_SKEW_S + 60) == "signature_invalid"
    assert order(bench, waiting.payload) == "replayed"
    assert len(bench.desk.shop.orders()) == 3


def test_both_mandates_are_signed_by_one_key(bench: Bench, tmp_path: Path) -> None:
    new = replace(bench, tmp_path / "new")
    old_half, new_half = signed_at(bench, NOW_S), signed_at(bench, NOW_S, new)
    assert order(bench, mixed(old_half, new_half)) == "signature_invalid"
    assert order(bench, mixed(new_half, old_half)) == "signature_invalid"


def test_a_pair_that_it_closed_itself_counts_alike(bench: Bench, tmp_path: Path) -> None:
    tokens = [offered(bench) for _ in range(4)]
    replaced_s = NOW_S + 100
    waiting, halves = taken(bench, tokens[0]), taken(bench, tokens[3])
    new = replace(bench, tmp_path / "new", at_s=replaced_s)
    assert order(bench, waiting, replaced_s + 60) == "ordered"
    in_time = taken(bench, tokens[1], iat=replaced_s + CLOCK_SKEW_S)
    assert order(bench, in_time, replaced_s + 60) == "ordered"
    late = taken(bench, tokens[2], iat=replaced_s + CLOCK_SKEW_S + 1)
    assert order(bench, late, replaced_s + CLOCK_SKEW_S + 60) == "signature_invalid"
    by_new = taken(bench, tokens[2], key=new, iat=replaced_s + CLOCK_SKEW_S + 1)
    assert order(bench, by_new, replaced_s + CLOCK_SKEW_S + 60) == "ordered", "it decided nothing"
    for one in (mixed(halves, by_new), mixed(by_new, halves)):
        assert order(bench, one, replaced_s + 60) == "signature_invalid"


def test_a_pair_of_before_that_is_written_otherwise_is_no_other_order(bench: Bench, tmp_path: Path) -> None:
    token = offered(bench)
    first, again_signed = taken(bench, token), taken(bench, token)
    assert decode_event(first, INTENT).data_sha256 != decode_event(again_signed, INTENT).data_sha256
    assert order(bench, first, NOW_S + 60) == "ordered"
    new = replace(bench, tmp_path / "new", at_s=NOW_S + 100)
    assert order(bench, again_signed, NOW_S + 160) == "replayed"
    for other in (taken(bench, token, key=new), taken(bench, token, sub="person-2")):
        assert order(bench, other, NOW_S + 160) == "idempotency_conflict"
    assert len(bench.desk.shop.orders()) == 1


def test_a_request_of_before_is_offered_and_a_later_one_is_not(bench: Bench, tmp_path: Path) -> None:
    replaced_s = NOW_S + 10
    waiting = request(bench)
    replace(bench, tmp_path / "new", at_s=replaced_s)
    assert bench.desk.offer(DEVICE, waiting, now_s=replaced_s + 5).code == "offered"
    late_s = replaced_s + CLOCK_SKEW_S + 1
    with pytest.raises(TrustError, match="signature_key_replaced"):
        bench.desk.offer(DEVICE, request(bench, iat=late_s, exp=late_s + 60), now_s=late_s)


def mixed(checkout_of: bytes, payment_of: bytes) -> bytes:
    """The event of the first with the payment mandate of the second."""
    event = decode_event(checkout_of, INTENT)
    halves = [decode_data(decode_event(one, INTENT), IntentData) for one in (checkout_of, payment_of)]
    data = IntentData(halves[0].checkout, halves[1].payment)
    return encode_event(INTENT, id_=UUID(event.id), source=DEVICE, now_s=NOW_S, data=data)


def test_a_question_and_a_cancellation_of_before_are_heard_and_later_ones_are_not(
    bench: Bench, tmp_path: Path
) -> None:
    intent, asked = placed(bench), signed(bench)
    takes_back = cancellation(bench, intent)
    asks = question(bench, asked.intent_id, REPLACED_S)
    late_s = REPLACED_S + CLOCK_SKEW_S + 1
    new = replace(bench, tmp_path / "new")
    with pytest.raises(TrustError, match="signature_key_replaced"):
        bench.desk.query(DEVICE, question(bench, asked.intent_id, late_s), now_s=late_s)
    with pytest.raises(TrustError, match="signature_key_replaced"):
        late = cancellation(bench, intent, iat=late_s, exp=late_s + 60)
        bench.desk.cancel(DEVICE, late, now_s=late_s)
    assert bench.desk.query(DEVICE, asks, now_s=REPLACED_S + 60).code == "not_placed"
    assert order(bench, asked.payload) == "not_placed"  # the question bound the shop
    assert verdict(bench, takes_back, REPLACED_S + 60)[0] == "cancelled"
    by_new = question(bench, asked.intent_id, late_s, key=new)
    assert bench.desk.query(DEVICE, by_new, now_s=late_s).code == "replayed"  # heard, as well


def test_its_time_is_over_after_the_last_order_and_48_hours(bench: Bench, tmp_path: Path) -> None:
    replace(bench, tmp_path / "new")
    end_s = REPLACED_S + bench.folder.config().longest_lifetime_s + OLD_FOR_S
    waiting = signed_at(bench, NOW_S)
    assert order(bench, waiting, end_s) == "signature_invalid"  # nothing is kept of it
    assert order(bench, waiting, end_s - 1) == "expired"


def test_several_replaced_keys_each_have_their_own_end(bench: Bench, tmp_path: Path) -> None:
    first = signed_at(bench, NOW_S)
    second_key = replace(bench, tmp_path / "second")
    second = signed_at(bench, REPLACED_S + 400, second_key)
    replace(bench, tmp_path / "third", at_s=REPLACED_S + 500)
    assert order(bench, signed_at(bench, REPLACED_S + 400), REPLACED_S + 600) == "signature_invalid"
    assert order(bench, first, REPLACED_S + 600) == "ordered"
    assert order(bench, second, REPLACED_S + 600) == "ordered"


def test_a_stolen_key_is_refused_at_once_or_when_that_is_found_out(bench: Bench, tmp_path: Path) -> None:
    replace(bench, tmp_path / "second", stolen=True)
    assert order(bench, signed_at(bench, NOW_S)) == "signature_invalid"
    second = jws.import_private_key((tmp_path / "second" / "signing.pem").read_bytes())
    third = replace(bench, tmp_path / "third", at_s=REPLACED_S + 10)
    waiting = [signed_at(bench, NOW_S, second) for _ in range(2)]
    assert order(bench, waiting[0]) == "ordered"
    again(bench, tmp_path / "third", stolen=True)  # nothing new, but the word
    assert order(bench, waiting[1]) == "signature_invalid"
    assert order(bench, signed_at(bench, NOW_S, third)) == "ordered"


def test_a_stolen_key_does_not_come_back(bench: Bench, tmp_path: Path) -> None:
    replace(bench, tmp_path / "second")
    replace(bench, tmp_path / "third")
    again(bench, tmp_path / "second")  # nobody said that it was stolen
    replace(bench, tmp_path / "fourth", stolen=True)
    for keys in ("second", "third"):
        with pytest.raises(TrustError) as error:
            again(bench, tmp_path / keys)
        assert error.value.code == "admission_key_refused"


def test_all_keys_of_a_revoked_device_are_refused(bench: Bench, tmp_path: Path) -> None:
    waiting = signed_at(bench, NOW_S)
    second = replace(bench, tmp_path / "second")
    by_second = [signed_at(bench, NOW_S, second) for _ in range(2)]
    revoke(bench.folder, DEVICE, now=datetime.now(UTC))
    assert order(bench, waiting) == "signature_invalid"
    assert order(bench, by_second[0]) == "device_revoked"
    third = replace(bench, tmp_path / "third")
    assert order(bench, waiting) == "signature_invalid"
    assert order(bench, by_second[1]) == "signature_invalid"
    assert order(bench, signed_at(bench, NOW_S, third)) == "ordered"


def test_the_operator_says_so(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = signed(bench)
    (tmp_path / "request.pem").write_bytes(create_device_keys(tmp_path / "newer", DEVICE))
    (tmp_path / "out").mkdir()
    arguments = ["admit", str(bench.folder.path), "--device", DEVICE, "--out", str(tmp_path / "out")]
    arguments += ["--request", str(tmp_path / "request.pem"), "--old-key-stolen"]
    assert main(arguments) == 0, capsys.readouterr().err
    assert order(bench, waiting.payload, NOW_S) == "signature_invalid"
