"""The shop's keys are replaced one by one while devices order, are off, or are lied to."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.catalogue_manifest import TYP as MANIFEST_TYP
from agent.committing.envelope import (
    CATALOGUE,
    POLICY,
    TRUST,
    SignedData,
    TrustData,
    catalogue_topic,
    decode_data,
    decode_event,
    down_topic,
    encode_event,
    shop_topic,
)
from agent.committing.live_trust import AGAIN_S, FILE_NAME, LiveTrust
from agent.committing.rotation import OLD_FOR_S, PURPOSES, TYP, Purpose, fold, follow, pinned
from agent.committing.shop_policy import TYP as POLICY_TYP
from agent.committing.shop_policy import Limits
from agent.committing.trust import TrustBundle, load_trust
from agent.plumbing import durable
from agent.plumbing.errors import TrustError
from order_backend import cli
from order_backend.announcing import Announcer
from order_backend.broker import PrivateBroker
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder, write_file
from order_backend.provisioning import trust_bundle
from order_backend.published import claims_of_version
from order_backend.publishing import publish
from order_backend.rotations import announcement, old_keys, rotate, rotations, take_up
from tests.committing.kit import CATALOGUE_FILE, DEVICE, NOW_S, Bench, agreed, answer, join, only_publish
from tests.committing.network import Device, eventually, serving, write_settings

TRUST_TOPIC = shop_topic("corner-shop", "trust")
NOW = datetime.fromtimestamp(NOW_S, UTC)


class Authority:
    """Keys of one purpose, and statements that they sign."""

    def __init__(self, bench: Bench, purpose: Purpose = "receipts") -> None:
        self.bundle: TrustBundle = load_trust(Path(bench.settings.paths.trust_file))
        self.purpose = purpose
        self.keys = [bench.folder.signing_key(purpose)]

    def turn(self, *, by: int = -1, serial: int | None = None, typ: str = TYP, **other: Any) -> str:
        """The statement that names one more key, signed by the key numbered `by`."""
        signer = self.keys[by]
        self.keys.append(ECKey.generate_key("P-256", private=True))
        claims = {
            "iss": "corner-shop", "env": "test", "iat": NOW_S, "purpose": self.purpose,
            "serial": serial or len(self.keys) - 1, "not_after": NOW_S + 1_000,
            "keys": [vars_of(self.keys[-1])],
        } | other  # fmt: skip
        return jws.sign(claims, signer, typ=typ)

    def kids(self, *numbers: int) -> list[str]:
        return [self.keys[number].thumbprint() for number in numbers]


def vars_of(key: ECKey) -> dict[str, str]:
    public = jws.public_jwk(key)
    return {"kid": public.kid, "x": public.x, "y": public.y, "kty": "EC", "crv": "P-256"}


def told(*statements: str) -> bytes:
    return encode_event(TRUST, id_=uuid4(), source="corner-shop", now_s=NOW_S, data=TrustData(statements))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_new_key_signs_and_the_old_one_verifies_until_its_end(bench: Bench, purpose: Purpose) -> None:
    one = Authority(bench, purpose)
    rings = follow(pinned(one.bundle), one.turn(), one.bundle)
    assert [key.kid for key in rings[purpose].current] == one.kids(1)
    kids = {
        now_s: [key.kid for key in rings[purpose].verifying(now_s)] for now_s in (NOW_S, NOW_S + 1_000, None)
    }
    assert kids == {NOW_S: one.kids(1, 0), NOW_S + 1_000: one.kids(1), None: one.kids(1)}
    others = set(PURPOSES) - {purpose}
    assert all(rings[other] == pinned(one.bundle)[other] for other in others)


def test_a_chain_is_followed_link_by_link_and_no_link_is_left_out(bench: Bench) -> None:
    one = Authority(bench)
    chain = [one.turn() for _ in range(4)]
    followed = fold(one.bundle, chain)
    assert followed.statements == tuple(chain)
    assert [key.kid for key in followed.rings["receipts"].current] == one.kids(4)
    gap = fold(one.bundle, [chain[0], *chain[2:]])
    assert [key.kid for key in gap.rings["receipts"].current] == one.kids(1)
    later = one.bundle.__class__(
        **{name: getattr(one.bundle, name) for name in one.bundle.__struct_fields__}
        | {"keys": type(one.bundle.keys)(
            **{name: getattr(one.bundle.keys, name) for name in one.bundle.keys.__struct_fields__}
            | {"receipts": (jws.public_jwk(one.keys[2]),)})}
    )  # fmt: skip
    assert fold(later, chain).statements == tuple(chain[2:]), "provisioned between the second and the third"


def refused(bench: Bench, statement: str, *before: str) -> str:
    bundle = load_trust(Path(bench.settings.paths.trust_file))
    rings = fold(bundle, before).rings
    with pytest.raises(TrustError) as caught:
        follow(rings, statement, bundle)
    return caught.value.code


def test_what_is_not_the_keys_own_word_changes_nothing(bench: Bench) -> None:
    one, other = Authority(bench), Authority(bench, "time")
    first = one.turn()
    assert refused(bench, one.turn(by=0, serial=2), first) == "rotation_retired_key"
    assert refused(bench, one.turn(by=1, serial=1), first) == "rotation_replayed"
    assert refused(bench, first, first) == "rotation_replayed"
    assert refused(bench, one.turn(by=3), first) == "signature_key_unknown"
    by_another_purpose = other.turn(purpose="receipts")
    assert refused(bench, by_another_purpose) == "rotation_retired_key"
    for wrong, code in (
        ({"env": "demo"}, "rotation_environment"),
        ({"env": "production"}, "rotation_environment"),
        ({"iss": "other-shop"}, "rotation_other_shop"),
        ({"typ": "earmark-receipt+jwt"}, "signature_type"),
        ({"keys": []}, "rotation_malformed"),
        ({"keys": [vars_of(one.keys[0]) | {"kid": "x"}]}, "key_unusable"),
        ({"purpose": "broker"}, "rotation_malformed"),
        ({"serial": 0.5}, "rotation_malformed"),
    ):
        assert refused(bench, Authority(bench).turn(**wrong)) == code


def test_the_device_keeps_what_it_followed_in_a_file_of_its_own(bench: Bench, tmp_path: Path) -> None:
    one = Authority(bench)
    pinned_file = Path(bench.settings.paths.trust_file).read_bytes()
    chain = [one.turn(), one.turn()]
    assert bench.live.take(told(*chain)) == 2
    assert bench.live.take(told(*chain)) == 0
    with pytest.raises(TrustError):
        bench.live.take(told(*chain, one.turn(by=0, serial=3)))
    bench.restart_device()
    assert [key.kid for key in bench.live.keys.receipts] == one.kids(2)
    assert Path(bench.settings.paths.trust_file).read_bytes() == pinned_file
    file = Path(bench.settings.paths.state_dir) / FILE_NAME
    file.write_bytes(b"\xff{")
    bench.restart_device()
    assert [key.kid for key in bench.live.keys.receipts] == one.kids(0)
    assert bench.live.take(told(*chain)) == 2, "the broker has all of it"
    file.unlink()
    file.mkdir()  # cannot be written, and the device goes on
    again = LiveTrust(one.bundle, file)
    assert again.take(told(*chain)) == 2 and again.take(told(*chain)) == 0


def test_rotations_that_the_disk_did_not_take_are_written_when_it_does(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    one = Authority(bench)
    file = Path(bench.settings.paths.state_dir) / FILE_NAME
    chain: tuple[str, ...] = ()
    for number in (1, 2):  # by the shop's repetition, and by the road's own turn
        chain += (one.turn(), one.turn())
        file.unlink(missing_ok=True)
        file.mkdir()
        bench.road.received(TRUST_TOPIC, told(*chain))
        for _ in range(3):
            bench.road.received(TRUST_TOPIC, told(*chain))
        assert capfd.readouterr().err.count("rotations_unwritable") == 3, "the 1st, 2nd and 4th"
        file.rmdir()
        if number == 1:
            bench.road.received(TRUST_TOPIC, told(*chain))
        else:
            bench.road.tick()
        bench.restart_device()
        assert [key.kid for key in bench.live.keys.receipts] == one.kids(2 * number)


def test_a_disk_that_takes_nothing_is_asked_now_and_then(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def write(*_: object, **__: object) -> None:
        nonlocal calls
        calls += 1
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable, "write", write)
    bench.road.received(TRUST_TOPIC, told(Authority(bench).turn()))
    for _ in range(100):
        bench.road.tick()
    assert calls == 2
    bench.clocks.pass_by(AGAIN_S)
    bench.road.tick()
    assert calls == 3


def test_only_the_shops_own_topic_is_listened_to(bench: Bench) -> None:
    statement = Authority(bench).turn()
    for topic in (shop_topic("other-shop", "trust"), f"va/v1/d/{DEVICE}/dn/trust"):
        bench.road.received(topic, told(statement))
    assert bench.road.refused["topic_unknown"] == 2
    bench.road.received(TRUST_TOPIC, told(statement))
    assert len(bench.live.keys.receipts) == 1 != bench.road.refused["signature_key_unknown"]
    bench.road.received(TRUST_TOPIC, b"junk")
    assert bench.road.refused["envelope_malformed"] == 1


def turned(bench: Bench, *purposes: Purpose) -> None:
    """The shop has announced new keys, and uses them."""
    for purpose in purposes:
        rotate(bench.folder, purpose, now=NOW)
    take_up(bench.folder)
    bench.desk.close()
    bench.desk = OrderDesk(bench.folder)


def test_receipts_and_times_of_new_keys_are_believed_once_they_are_announced(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    publish = only_publish(bench)
    turned(bench, "receipts", "time", "offers")
    receipt = answer(bench, publish)
    assert bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt) == []
    assert bench.road.refused["receipt_key_unknown"] == 1
    bench.road.received(TRUST_TOPIC, announcement(bench.folder, now_s=NOW_S))
    assert len(bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt)) == 1
    bench.clocks.pass_by(60)
    assert bench.time.accept_event(bench.shop_time()) in (True, False)


def test_a_receipt_of_the_old_key_counts_until_its_intents_are_over_and_48_hours(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    receipt = answer(bench, only_publish(bench))
    longest = bench.folder.config().longest_lifetime_s
    turned(bench, "receipts")
    bench.road.received(TRUST_TOPIC, announcement(bench.folder, now_s=NOW_S))
    before = len(bench.live.keys.receipts)
    bench.clocks.pass_by(longest + OLD_FOR_S - 1)
    assert (before, len(bench.live.keys.receipts)) == (2, 2)
    bench.clocks.pass_by(1)
    assert len(bench.live.keys.receipts) == 1
    assert bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", receipt) == []
    assert bench.road.refused["receipt_key_unknown"] == 1


def test_orders_that_name_the_old_agent_are_closed_by_it_until_they_are_over(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed(person="person-1"))
    publish = only_publish(bench)
    turned(bench, "agent")
    [old] = old_keys(bench.folder, "agent")
    assert bench.desk.intent(DEVICE, publish.payload, now_s=NOW_S).code == "ordered"
    [order] = bench.desk.shop.orders()
    header = jws._header(order.closed_payment.split("~")[0])
    assert header.kid == old.public.kid

    bench.road.received(TRUST_TOPIC, announcement(bench.folder, now_s=NOW_S))
    bench.road.commit(agreed(person="person-2"))
    [new] = [one for one in bench.road.tick().publishes if one.ref != publish.ref]
    assert bench.desk.intent(DEVICE, new.payload, now_s=NOW_S).code == "ordered"
    kids = {jws._header(one.closed_payment.split("~")[0]).kid for one in bench.desk.shop.orders()}
    assert kids == {old.public.kid, bench.folder.public_key("agent").kid}

    later = bench.desk._measures._terms
    assert later.may_close(old.public, old.until_s - 1) and not later.may_close(old.public, old.until_s)


def test_a_device_that_is_new_believes_what_an_old_key_has_signed_and_no_longer_than_others(
    bench: Bench,
) -> None:
    """Between the announcement and its next look an order service still signs with the old one."""
    old = bench.folder.public_key("receipts")
    for _ in range(3):
        rotate(bench.folder, "receipts", now=datetime.now(UTC))
        take_up(bench.folder)
    bundle = trust_bundle(bench.folder)
    assert len(bundle.keys.receipts) == 4 and bundle.keys.receipts[0] == bench.folder.public_key("receipts")
    trust = LiveTrust(bundle)
    assert old in trust.keys.receipts
    assert trust.take(announcement(bench.folder, now_s=NOW_S)) == 3
    assert trust.keys.receipts == (bench.folder.public_key("receipts"),), "the time is not known"
    trust.clock = lambda: rotations(bench.folder)[-1].claims.not_after - 1
    assert len(trust.keys.receipts) >= 2
    trust.clock = lambda: rotations(bench.folder)[-1].claims.not_after
    assert trust.keys.receipts == (bench.folder.public_key("receipts"),)


def test_an_agent_is_known_as_soon_as_a_device_may_name_it(bench: Bench) -> None:
    """Announced by another order service than this one, which has not looked yet."""
    bench.trust_time()
    bench.road.link(True)
    rotate(bench.folder, "agent", now=NOW)
    bench.road.received(TRUST_TOPIC, announcement(bench.folder, now_s=NOW_S))
    bench.road.commit(agreed())
    assert bench.desk.intent(DEVICE, only_publish(bench).payload, now_s=NOW_S).code == "ordered"


def test_a_rotation_that_was_cut_short_is_taken_up_again_and_makes_no_third_key(bench: Bench) -> None:
    folder, before = bench.folder, bench.folder.public_key("receipts")
    first = rotate(folder, "receipts", now=NOW)
    assert rotate(folder, "receipts", now=NOW + timedelta(hours=1)) == first
    assert folder.public_key("receipts") == before, "not before it is announced"
    assert take_up(folder) == ["receipts"] and take_up(folder) == []
    assert folder.public_key("receipts") == first.keys[0]
    write_file(
        folder.signing_key_file("time-next"), folder.signing_key_file("offers").read_bytes(), private=True
    )
    assert take_up(folder) == [], "made, and never announced"
    second = rotate(folder, "receipts", now=NOW)
    assert (second.serial, len(rotations(folder))) == (2, 2)
    take_up(folder)
    assert [key.public.kid for key in old_keys(folder, "receipts")] == sorted((before.kid, first.keys[0].kid))
    private = list(folder.path.rglob("*.pem"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)
    assert trust_bundle(folder).keys.receipts[:1] == second.keys


@pytest.fixture
def announced(folder: ShopFolder, broker: PrivateBroker) -> Iterator[PrivateBroker]:
    with serving(folder, broker.port):
        yield broker


def test_every_key_is_replaced_while_orders_go_through(
    folder: ShopFolder, announced: PrivateBroker, device: Device, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    join(folder, away / "keys", "device-2")
    device.until(device.road.clock_trusted, "the shop's time")
    wanted = 0
    for purpose in ("receipts", "time", "agent", "offers", "policy", "catalogue", "receipts"):
        before = folder.signing_key(purpose).thumbprint()
        assert cli.main(["rotate", str(folder.path), purpose]) == 0
        device.road.commit(agreed(wanted % 5 + 1))
        wanted += 1
        device.until(lambda p=purpose, b=before: folder.signing_key(p).thumbprint() != b, purpose)
        device.road.commit(agreed(wanted % 5 + 1))
        wanted += 1
        device.until(lambda: set(device.states()) == {"ordered"}, "all receipts")
    rings = device.trust._followed.rings
    for purpose in PURPOSES:
        assert rings[purpose].current == (folder.public_key(purpose),)

    # One that was off all the while, and one that is new.
    late = Device(away, write_settings(away, announced.port, device_id="device-2"))
    late.until(late.road.clock_trusted, "the time, of a key that it has never seen")
    late.road.commit(agreed())
    late.until(lambda: late.states() == ["ordered"], "a receipt")
    assert late.trust.shop_agent == folder.public_key("agent")
    late.close()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    join(folder, fresh / "keys", "device-3")
    new = Device(fresh, write_settings(fresh, announced.port, device_id="device-3"))
    new.until(new.road.clock_trusted, "the shop's time")
    new.road.commit(agreed())
    new.until(lambda: new.states() == ["ordered"], "a receipt")
    new.close()


def test_a_broker_that_lost_everything_is_told_again(folder: ShopFolder, tmp_path: Path) -> None:
    with PrivateBroker(folder) as broker:
        with serving(folder, broker.port):
            rotate(folder, "receipts", now=datetime.now(UTC))
            old = folder.public_key("receipts")
            eventually(lambda: folder.public_key("receipts") != old, "the new key")
        broker.stop()
        for path in (folder.broker / "state").iterdir():
            path.unlink()
        broker.start()
        with serving(folder, broker.port):
            device = Device(tmp_path, write_settings(tmp_path, broker.port))
            device.until(lambda: device.trust.keys.receipts[0] == folder.public_key("receipts"), "the key")
            device.close()


def test_what_devices_go_on_reading_is_signed_anew_after_a_rotation(bench: Bench) -> None:
    shop, now_s = bench.desk.shop, NOW_S
    first = publish(bench.folder, shop, CATALOGUE_FILE.read_bytes(), now_s=now_s)
    shop.policies.put(bench.folder, DEVICE, Limits(most_lines=3), now_s=now_s)

    def told() -> dict[str, bytes]:
        kept: dict[str, bytes] = {}
        Announcer(shop, bench.folder, kept.__setitem__).look(lambda: now_s)
        return kept

    before = told()
    assert told() == before, "where no key has changed nothing is signed anew"
    for purpose in ("catalogue", "policy"):
        rotate(bench.folder, purpose, now=NOW)
    assert take_up(bench.folder) == ["catalogue", "policy"]
    after = told()
    topics = (catalogue_topic("corner-shop"), down_topic(DEVICE, "policy"))
    for topic, purpose, type_, typ in (
        (topics[0], "catalogue", CATALOGUE, MANIFEST_TYP),
        (topics[1], "policy", POLICY, POLICY_TYP),
    ):
        signed = decode_data(decode_event(after[topic], type_), SignedData).signed
        jws.verify(signed, [bench.folder.public_key(purpose)], typ=typ)
        assert after[topic] != before[topic]
    assert claims_of_version(shop.published.newest()) == claims_of_version(first)
    assert shop.policies.limits(DEVICE) == (2, Limits(most_lines=3))
