"""A device changes its own signing key, on both databases: no order is lost on the way, and nobody else can
do it unseen."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import (
    KEY,
    STATUS,
    KeyData,
    StatusData,
    decode_data,
    decode_event,
    encode_event,
)
from agent.committing.keys import FileKeyStore, create_device_keys
from agent.committing.statements import CLOCK_SKEW_S, KeyClaims, KeyProofClaims
from agent.plumbing.errors import TrustError
from order_backend.backup import back_up, restore
from order_backend.cli import main
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, revoke
from tests.backend.test_backup import empty_database
from tests.backend.test_checks import both, forged
from tests.committing.kit import DEVICE, NOW_S, Bench
from tests.committing.renewing import Renewing

__all__ = ["empty_database"]  # a fixture

DAY_S = 86_400


@pytest.fixture
def device(bench: Bench, tmp_path: Path) -> Renewing:
    bench.trust_time()
    bench.road.link(True)
    return Renewing(bench, tmp_path)


def key_of(root: Path) -> ECKey:
    return jws.import_private_key((root / "keys" / "signing.pem").read_bytes())


def statement(
    bench: Bench, by: ECKey, key: ECKey, *, proof_by: ECKey | None = None, now_s: int = NOW_S, **other: Any
) -> bytes:
    """That `key` is to follow `by`, as whoever has both, or says so, would put it."""
    id_, new = uuid.uuid4(), jws.public_jwk(key)
    about = {"iss": DEVICE, "aud": bench.trust.shop_id, "env": "test"}
    proof = about | {"old": by.thumbprint(), "key": new.kid} | other.pop("proof", {})
    claims = about | {"jti": str(id_), "iat": now_s, "exp": now_s + 600} | other
    claims |= {
        "key": {"kid": new.kid, "x": new.x, "y": new.y, "kty": "EC", "crv": "P-256"},
        "proof": jws.sign(proof, proof_by or key, typ=other.pop("proof_typ", KeyProofClaims.typ)),
    }
    claims.pop("proof_typ", None)
    signed = jws.sign(claims, by, typ=KeyClaims.typ)
    return encode_event(KEY, id_=id_, source=DEVICE, now_s=now_s, data=KeyData(signed))


def new_key(root: Path, name: str) -> ECKey:
    FileKeyStore.create(root, name)
    return jws.import_private_key((root / name).read_bytes())


def order_by(bench: Bench, key: ECKey, now_s: int, iat_s: int = 0) -> str:
    payload = forged(bench, both(iat=iat_s or now_s, exp=now_s + 3_600), key=key)
    return bench.desk.intent(DEVICE, payload, now_s=now_s).code


def test_both_keys_sign_until_the_new_one_has_and_no_order_is_lost(
    device: Renewing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench, old_key, old = device.bench, key_of(tmp_path), device.bench.keys.device_kid
    unanswered = device.order()
    device.deliver(lose="ack")
    new = device.begin()
    assert device.deliver(lose="key") == ["replayed", "key_registered"]
    device.ordered(2)  # the old one signs on
    bench.clocks.pass_by(100)
    assert device.deliver() == ["key_registered"], "the answer was lost: asked again, answered alike"
    assert device.known() == (old, new) and bench.road.key_renewal.state == "agreed"
    queued = device.order(3)
    assert main(["keys", str(bench.folder.path), "--device", DEVICE]) == 0
    assert f"{DEVICE}  {new}  is to follow, since " in capsys.readouterr().out

    assert device.start() == new
    assert device.known() == (old, new), "it has signed nothing yet"
    bench.clocks.pass_by(60)
    assert device.deliver() == ["ordered"], "what was queued under the old key"
    device.ordered(4)
    assert device.known() == (new, "")
    assert [bench.journal.order(one).state for one in (unanswered, queued)] == ["ordered"] * 2  # type: ignore[union-attr]
    replaced_s = device.now_s
    assert order_by(bench, old_key, replaced_s + 60, replaced_s) == "ordered"
    later_s = replaced_s + CLOCK_SKEW_S + 1
    assert order_by(bench, old_key, later_s, later_s) == "signature_invalid"
    assert bench.road.key_renewal.state == bench.road.key_renewal.fault == ""
    assert not (tmp_path / "keys" / "signing-next.pem").exists()
    assert len(bench.desk.shop.orders()) == 5


def test_a_yes_that_is_days_under_way_is_taken_by_a_later_process(device: Renewing) -> None:
    new = device.begin()
    [publish] = device.bench.road.tick().publishes
    yes = device.bench.desk.key_changes.take(DEVICE, publish.payload, now_s=device.now_s)
    device.bench.clocks.pass_by(6 * DAY_S)
    assert device.start() != new
    device.bench.road.tick()
    device.hear(yes.what, yes.payload)
    assert device.start() == new
    device.ordered()


@pytest.mark.parametrize("says", ["status", "query", "cancel"])
def test_whatever_the_new_key_signs_first_ends_the_old_one(device: Renewing, says: str) -> None:
    bench = device.bench
    device.ordered()
    intent = bench.journal.orders()[0].intent_id
    new = device.renew()
    if says == "status":
        assert bench.desk.status(DEVICE, device.birth(), now_s=device.now_s) is not None
    elif says == "cancel":
        bench.road.cancel(intent, factors=("voice",))
        [publish] = bench.road.tick().publishes
        assert bench.desk.cancel(DEVICE, publish.payload, now_s=device.now_s).code == "cancelled"
    else:
        row = bench.journal.order(intent)
        assert row is not None
        [asked] = bench.road._leaving.questions([row])
        assert bench.desk.query(DEVICE, asked.payload, now_s=device.now_s).code == "replayed"
    assert device.known() == (new, "")


def test_two_order_services_end_the_old_key_once(device: Renewing) -> None:
    bench = device.bench
    new = device.renew()
    stale = bench.desk.shop.device(DEVICE)
    assert stale is not None and stale.next_key is not None
    signer = stale.signing_keys.signer(decode_signed(device.birth()), now_s=device.now_s)
    other = OrderDesk(bench.folder)
    try:
        device.ordered()
        before = bench.desk.shop.device(DEVICE)
        other.key_changes.used(stale, signer, now_s=device.now_s + 9)
        assert other.shop.device(DEVICE) == before and device.known() == (new, "")
    finally:
        other.close()


def decode_signed(status: bytes) -> str:
    return decode_data(decode_event(status, STATUS), StatusData).signed


def test_a_revoked_device_gets_no_key_and_loses_the_one_that_was_to_follow(
    device: Renewing, tmp_path: Path
) -> None:
    bench = device.bench
    device.begin()
    assert device.deliver(lose="key") == ["key_registered"]
    revoke(bench.folder, DEVICE, now=datetime.now(UTC))
    assert device.known()[1] == ""
    bench.clocks.pass_by(100)
    assert device.deliver() == ["device_revoked"]
    assert bench.road.key_renewal.fault == "device_revoked" and bench.road.key_renewal.state == "asked"
    following = jws.import_private_key((tmp_path / "keys" / "signing-next.pem").read_bytes())
    assert order_by(bench, following, NOW_S + 200) == "signature_invalid"


def test_with_the_old_key_a_thief_comes_second_and_is_seen(device: Renewing, tmp_path: Path) -> None:
    bench, stolen = device.bench, key_of(tmp_path)
    heir = new_key(tmp_path / "thief", "heir.pem")
    new = device.begin()
    device.deliver()
    said = bench.desk.key_changes.take(DEVICE, statement(bench, stolen, heir), now_s=device.now_s)
    assert said.code == "key_pending"
    assert device.start() == new
    device.ordered()
    late = statement(bench, stolen, heir, now_s=device.now_s)
    assert bench.desk.key_changes.take(DEVICE, late, now_s=device.now_s).code == "key_replaced"
    assert device.known() == (new, "")


def test_a_thief_who_comes_first_is_seen_and_undone(device: Renewing, tmp_path: Path) -> None:
    bench, stolen = device.bench, key_of(tmp_path)
    heir = new_key(tmp_path / "thief", "heir.pem")
    yes = bench.desk.key_changes.take(DEVICE, statement(bench, stolen, heir), now_s=NOW_S)
    assert yes.code == "key_registered"
    device.hear(yes.what, yes.payload)
    assert bench.road.key_renewal.fault == "key_not_ours"
    assert main(["keys", str(bench.folder.path), "--device", DEVICE, "--drop"]) == 0
    assert order_by(bench, heir, NOW_S + 1) == "signature_invalid"

    # Once more, and the thief uses it: then the true device hears so when it is connected next.
    bench.desk.key_changes.take(DEVICE, statement(bench, stolen, heir), now_s=NOW_S)
    device.begin()
    assert device.deliver()[-1] == "key_pending" and bench.road.key_renewal.fault == "key_not_ours"
    assert order_by(bench, heir, NOW_S + 20) == "ordered"
    assert device.known()[0] == heir.thumbprint()
    notice = bench.desk.key_changes.notice(DEVICE, device.birth(), now_s=device.now_s)
    assert notice is not None
    device.hear(notice.what, notice.payload)
    assert bench.road.key_renewal.fault == "key_replaced"

    requests = create_device_keys(tmp_path / "anew", DEVICE)
    at = datetime.fromtimestamp(NOW_S + 100, UTC)
    admit(bench.folder, DEVICE, requests, now=at, old_key_stolen=True)
    for key in (stolen, heir):
        assert order_by(bench, key, NOW_S + 110, NOW_S) == "signature_invalid"
        again = statement(bench, key, new_key(tmp_path / "thief", f"{uuid.uuid4()}.pem"), now_s=NOW_S + 110)
        with pytest.raises(TrustError, match="signature_key_unknown"):
            bench.desk.key_changes.take(DEVICE, again, now_s=NOW_S + 110)


def test_what_is_forged_altered_late_or_for_another_is_not_answered(device: Renewing, tmp_path: Path) -> None:
    bench, own = device.bench, key_of(tmp_path)
    next_, other = new_key(tmp_path / "a", "next.pem"), new_key(tmp_path / "b", "other.pem")
    moved = decode_event(statement(bench, own, next_), KEY)
    for payload, code in (
        (statement(bench, other, next_), "signature_key_unknown"),
        (statement(bench, own, next_, proof_by=other), "signature_key_unknown"),
        (statement(bench, own, next_, proof_by=own), "signature_key_unknown"),
        (statement(bench, own, next_, proof={"old": other.thumbprint()}), "statement_mismatch"),
        (statement(bench, own, next_, proof={"iss": "device-2"}), "statement_mismatch"),
        (statement(bench, own, next_, proof={"aud": "another"}), "statement_mismatch"),
        (statement(bench, own, next_, proof_typ=KeyClaims.typ), "signature_type"),
        (statement(bench, own, next_, env="demo"), "statement_environment"),
        (statement(bench, own, next_, aud="another"), "statement_audience"),
        (statement(bench, own, next_, iss="device-2"), "statement_other_device"),
        (statement(bench, own, next_, now_s=NOW_S + 1_000), "statement_late"),
        (statement(bench, own, next_, now_s=NOW_S - 1_000), "statement_late"),
        (statement(bench, own, next_, jti=str(uuid.uuid4())), "statement_mismatch"),
        (
            encode_event(
                KEY, id_=uuid.uuid4(), source=DEVICE, now_s=NOW_S,
                data=KeyData(decode_data(moved, KeyData).signed),
            ),
            "statement_mismatch",
        ),
    ):  # fmt: skip
        with pytest.raises(TrustError) as caught:
            bench.desk.key_changes.take(DEVICE, payload, now_s=NOW_S)
        assert caught.value.code == code
    assert device.known() == (own.thumbprint(), "")
    same = bench.desk.key_changes.take(DEVICE, statement(bench, own, own), now_s=NOW_S)
    assert same.code == "key_known"


def test_a_shop_that_was_restored_is_given_its_own_yes_back(
    bench: Bench, tmp_path: Path, empty_database: Callable[[], str]
) -> None:
    bench.clocks.wall_s = time.time()
    bench.trust_time()
    bench.road.link(True)
    device, key = Renewing(bench, tmp_path), bytes(range(32))
    back_up(bench.folder, tmp_path / "copy", key)
    bench.clocks.pass_by(10)
    new = device.renew()
    device.ordered()
    lost = bench.desk.shop.orders()
    third = device.renew()
    device.ordered(2)
    first = device.bench.live.keys  # the shop's own keys are the same
    bench.desk.close()
    bench.folder = ShopFolder(tmp_path / "back")
    ended_s = device.now_s + 5
    restore(bench.folder, tmp_path / "copy", key, ended_at_s=ended_s, database=empty_database(), skew_s=2)
    bench.desk = OrderDesk(bench.folder)
    assert bench.live.keys == first and device.known()[1] == ""
    bench.clocks.pass_by(20)

    waits = device.order(3)
    assert device.deliver() == ["in_doubt"], "nothing final is said of a key that may be of the lost time"
    notice = bench.desk.key_changes.notice(DEVICE, device.birth(), now_s=device.now_s)
    assert notice is not None and notice.code == "key_unknown"
    device.hear(notice.what, notice.payload)
    assert device.deliver() == ["key_given_back"] * 2
    assert device.known()[1] == third and bench.road.key_renewal.fault == ""
    bench.clocks.pass_by(60)
    assert bench.desk.status(DEVICE, device.birth(), now_s=device.now_s) is not None
    device.hear("time", bench.shop_time())
    assert sorted(device.deliver()) == ["ordered", "returned_ordered", "returned_ordered"]
    assert device.known() == (third, "") and new != third
    assert lost[0].order_id in {row.order_id for row in bench.desk.shop.orders()}
    row = bench.journal.order(waits)
    assert row is not None and row.state == "ordered"


def test_a_yes_that_was_not_lost_is_not_given_back(device: Renewing) -> None:
    bench = device.bench
    device.renew()
    assert main(["keys", str(bench.folder.path), "--device", DEVICE, "--drop"]) == 0
    notice = bench.desk.key_changes.notice(DEVICE, device.birth(), now_s=device.now_s)
    assert notice is not None
    device.hear(notice.what, notice.payload)
    [publish] = bench.road.tick().publishes
    with pytest.raises(TrustError, match="returned_nothing_lost"):
        bench.desk.key_changes.take(DEVICE, publish.payload, now_s=device.now_s)
