"""Which authorities a device believes: the shop's newest list, signed by the key for `policy`, and nothing
else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.authorities import TYP, Believed, fingerprint, follow, pem_of, pinned
from agent.committing.broker_authorities import keep_authorities, kept_authorities
from agent.committing.envelope import AUTHORITIES, SignedData, encode_event
from agent.committing.live_authorities import FILE_NAME
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.renewal import SPREAD_S, Renewal
from agent.committing.trust import BrokerTrust
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import ClientCertificate
from order_backend import certificates
from order_backend.authorities import announce, announcement, make_successor, trusted
from order_backend.rotations import announcement as keys_announced
from order_backend.rotations import rotate, take_up
from tests.committing.kit import DEVICE, NOW_S, Bench
from tests.committing.network import now

ENV, SHOP = "test", "corner-shop"
TOPIC = f"va/v1/b/{SHOP}/authorities"


def authority(days_later: int, name: str = "authority") -> x509.Certificate:
    key = certificates.new_key()
    return certificates.authority(f"{name} {days_later}", key, now=now() + timedelta(days=days_later - 100))


FIRST, SECOND, THIRD = (authority(days) for days in (1, 2, 3))


def listed(key: ECKey, serial: int, *named: x509.Certificate | str, typ: str = TYP, **other: Any) -> str:
    pems = [one if isinstance(one, str) else pem_of(one) for one in named]
    claims = {"iss": SHOP, "env": ENV, "iat": NOW_S, "serial": serial, "authorities": pems} | other
    return jws.sign(claims, key, typ=typ)


def believe(before: Believed, statement: str, key: ECKey) -> Believed:
    return follow(before, statement, [jws.public_jwk(key)], shop_id=SHOP, environment=ENV)


KEY = ECKey.generate_key("P-256", private=True)


def test_a_list_takes_the_place_of_the_one_before_and_the_newest_is_enough() -> None:
    one = pinned(pem_of(FIRST))
    both = believe(one, listed(KEY, 1, FIRST, SECOND), KEY)
    assert both == Believed(1, (FIRST, SECOND)) and both.signs == fingerprint(SECOND)
    assert believe(both, listed(KEY, 1, FIRST, SECOND), KEY) == both
    assert believe(both, listed(KEY, 2, SECOND), KEY) == Believed(2, (SECOND,))
    assert believe(one, listed(KEY, 5, THIRD), KEY) == Believed(5, (THIRD,)), "off for two replacements"
    assert believe(pinned(pem_of(SECOND)), listed(KEY, 2, SECOND), KEY) == Believed(2, (SECOND,))


def test_it_never_goes_back_not_even_on_a_device_that_is_new() -> None:
    after = believe(pinned(pem_of(FIRST)), listed(KEY, 2, SECOND), KEY)
    for before, statement, code in (
        (after, listed(KEY, 1, FIRST, SECOND), "authorities_replayed"),
        (after, listed(KEY, 2, FIRST, SECOND), "authorities_replayed"),
        (after, listed(KEY, 2, SECOND, THIRD), "authorities_replayed"),
        (after, listed(KEY, 3, FIRST, SECOND), "authorities_older"),
        # Provisioned after the first was dropped: no serial number protects it yet.
        (pinned(pem_of(SECOND)), listed(KEY, 1, FIRST, SECOND), "authorities_older"),
        (pinned(pem_of(THIRD)), listed(KEY, 2, SECOND), "authorities_older"),
    ):
        with pytest.raises(TrustError) as caught:
            believe(before, statement, KEY)
        assert caught.value.code == code


def test_what_is_not_the_shops_own_list_changes_nothing() -> None:
    leaf_key = certificates.new_key()
    leaf = certificates.client_certificate("x", leaf_key.public_key(), SECOND, leaf_key, now=now())
    altered = listed(KEY, 1, FIRST, SECOND)
    head, payload, signature = altered.split(".")
    payload = jws.base64url(jws.from_base64url(payload).replace(b'"serial":1', b'"serial":7'))
    stranger = ECKey.generate_key("P-256", private=True)
    for statement, code in (
        (listed(KEY, 1, FIRST, SECOND, env="demo"), "authorities_environment"),
        (listed(KEY, 1, FIRST, SECOND, env="production"), "authorities_environment"),
        (listed(KEY, 1, FIRST, SECOND, iss="other-shop"), "authorities_other_shop"),
        (listed(KEY, 1, FIRST, SECOND, typ="earmark-policy+jwt"), "signature_type"),
        (listed(stranger, 1, FIRST, SECOND), "signature_key_unknown"),
        (f"{head}.{payload}.{signature}", "signature_invalid"),
        (listed(KEY, 1), "authorities_malformed"),
        (listed(KEY, 1, "junk"), "authorities_malformed"),
        (listed(KEY, 1, SECOND, FIRST), "authorities_malformed"),
        (listed(KEY, 1, SECOND, SECOND), "authorities_malformed"),
        (listed(KEY, 1, pem_of(FIRST) + pem_of(SECOND)), "authorities_malformed"),
        (listed(KEY, 1, leaf), "authorities_malformed"),
        (listed(KEY, 0, FIRST, SECOND), "authorities_malformed"),
        (listed(KEY, 1, *[authority(days) for days in range(10, 15)]), "authorities_malformed"),
    ):
        with pytest.raises(TrustError) as caught:
            believe(pinned(pem_of(FIRST)), statement, KEY)
        assert caught.value.code == code, statement


def begun(bench: Bench) -> x509.Certificate:
    """The shop has a successor and tells it."""
    made = make_successor(bench.folder, now=now())
    announce(bench.folder, trusted(bench.folder))
    return made.certificate


def tell(bench: Bench) -> None:
    bench.road.received(TOPIC, announcement(bench.folder, now_s=NOW_S))


def test_the_device_keeps_the_list_in_a_file_of_its_own(bench: Bench) -> None:
    trust_file = Path(bench.settings.paths.trust_file)
    before, successor = trust_file.read_bytes(), begun(bench)
    tell(bench)
    both = bench.live.authorities.believed
    assert both.serial == 1 and both.authorities[-1] == successor
    bench.restart_device()
    assert bench.live.authorities.believed == both and trust_file.read_bytes() == before
    bench.road.received(TOPIC, b"junk")
    bench.road.received(TOPIC.replace(SHOP, "other-shop"), announcement(bench.folder, now_s=NOW_S))
    assert bench.road.refused == {"envelope_malformed": 1, "topic_unknown": 1}
    file = Path(bench.settings.paths.state_dir) / FILE_NAME
    kept = file.read_bytes()
    for damaged in (b"\xff{", kept.replace(b"eyJ", b"eyK"), b"{}"):
        file.write_bytes(damaged)
        bench.restart_device()
        assert bench.live.authorities.serial == 0, "what was pinned"
        tell(bench)
        assert bench.live.authorities.believed == both, "the broker has it"


def test_a_device_that_is_provisioned_anew_begins_with_what_it_pins_then(bench: Bench) -> None:
    successor = begun(bench)
    tell(bench)
    announce(bench.folder, [successor])
    tell(bench)
    assert bench.live.authorities.believed.authorities == (successor,)
    broker = BrokerTrust("localhost", 1, pem_of(THIRD))
    bench.trust = type(bench.trust)(
        **{name: getattr(bench.trust, name) for name in bench.trust.__struct_fields__} | {"broker": broker}
    )
    bench.restart_device()
    assert bench.live.authorities.believed == Believed(0, (THIRD,))


def test_the_same_list_of_a_newer_key_is_kept_instead(bench: Bench) -> None:
    """The key that signed the older one may be forgotten when the device starts again."""
    begun(bench)
    tell(bench)
    file = Path(bench.settings.paths.state_dir) / FILE_NAME
    before = file.read_bytes()
    rotate(bench.folder, "policy", now=now())
    take_up(bench.folder)
    bench.road.received(f"va/v1/b/{SHOP}/trust", keys_announced(bench.folder, now_s=NOW_S))
    bench.restart_device()
    assert bench.live.authorities.serial == 1, "of a key that it knows to have been the right one"
    tell(bench)
    assert file.read_bytes() != before
    bench.restart_device()
    assert bench.live.authorities.serial == 1
    again = file.read_bytes()
    tell(bench)
    assert file.read_bytes() == again, "nothing is written for nothing"


def test_the_shop_is_told_of_a_list_when_it_is_on_disk_and_not_before(bench: Bench) -> None:
    """It moves to another authority on that word; a device that starts again has to know it then."""
    begun(bench)
    file = Path(bench.settings.paths.state_dir) / FILE_NAME
    for again in (tell, lambda bench: bench.road.tick()):
        file.unlink(missing_ok=True)
        file.mkdir()  # cannot be written
        bench.restart_device()
        tell(bench)
        tell(bench)
        assert (bench.live.authorities.serial, bench.road.renewal.holds()[1]) == (1, 0)
        bench.restart_device()
        assert bench.live.authorities.serial == 0
        tell(bench)
        file.rmdir()
        again(bench)
        assert bench.road.renewal.holds()[1] == 1
        bench.restart_device()
        assert (bench.live.authorities.serial, bench.road.renewal.holds()[1]) == (1, 1)


def test_a_list_whose_key_is_not_on_disk_is_no_list_that_is_kept(bench: Bench) -> None:
    rotations = Path(bench.settings.paths.state_dir) / ROTATIONS
    rotations.mkdir()
    rotate(bench.folder, "policy", now=now())
    take_up(bench.folder)
    begun(bench)
    bench.road.received(f"va/v1/b/{SHOP}/trust", keys_announced(bench.folder, now_s=NOW_S))
    tell(bench)
    assert (bench.live.authorities.serial, bench.road.renewal.holds()[1]) == (1, 0)
    rotations.rmdir()
    bench.road.tick()
    assert bench.road.renewal.holds()[1] == 1
    bench.restart_device()
    assert bench.live.authorities.serial == 1


def test_only_the_key_for_policy_names_authorities(bench: Bench) -> None:
    for purpose in ("receipts", "time", "catalogue", "offers", "agent"):
        signed = listed(bench.folder.signing_key(purpose), 1, THIRD)
        event = encode_event(AUTHORITIES, id_=uuid4(), source=SHOP, now_s=NOW_S, data=SignedData(signed))
        bench.road.received(TOPIC, event)
    assert bench.road.refused == {"signature_key_unknown": 5} and bench.live.authorities.serial == 0


def test_another_authority_is_asked_for_a_certificate_soon_and_not_again_and_again(bench: Bench) -> None:
    bench.trust_time()
    renewal, year = bench.road.renewal, 365 * 86_400
    pinned_one = bench.live.authorities.believed.signs
    one = ClientCertificate(NOW_S - 1_000, NOW_S + year, "aa", pinned_one)
    renewal.certificate(one)
    assert renewal.tick() is None and renewal.holds() == ("aa", 0)
    successor = begun(bench)
    tell(bench)
    assert renewal.tick() is not None and renewal.holds() == ("aa", 1)
    # The shop gives one of the old authority all the same, again and again.
    asked = 0
    for number in range(1, 3_600):
        renewal.certificate(ClientCertificate(NOW_S, NOW_S + year + number, "bb", pinned_one))
        asked += renewal.tick() is not None
        bench.clocks.pass_by(1)
    assert 1 <= asked <= 4
    renewal.certificate(ClientCertificate(NOW_S, NOW_S + 2 * year, "cc", fingerprint(successor)))
    bench.clocks.pass_by(86_400)
    assert renewal.tick() is None


def test_a_fleet_does_not_ask_at_the_same_moment(bench: Bench) -> None:
    bench.trust_time()
    begun(bench)
    tell(bench)
    live, shown = bench.live, ClientCertificate(NOW_S - 1_000, NOW_S + 365 * 86_400, "aa", "")
    first_asked = []
    for share in (0.0, 0.5, 1.0):
        renewal = Renewal(
            bench.keys, live, bench.time, DEVICE,
            monotonic_s=lambda: bench.clocks.boot_s, authorities=live.authorities, jitter=lambda s=share: s,
        )  # fmt: skip
        renewal.certificate(shown)
        began_s = bench.clocks.boot_s
        while renewal.tick() is None:
            bench.clocks.pass_by(1)
        first_asked.append(bench.clocks.boot_s - began_s)
    assert first_asked == [0, SPREAD_S / 2, SPREAD_S]


def test_the_uplinks_copy_counts_over_what_it_was_kept_over(tmp_path: Path) -> None:
    trust = BrokerTrust("localhost", 1, pem_of(FIRST))
    assert kept_authorities(tmp_path, trust) == trust.ca_pem
    keep_authorities(tmp_path, trust, pem_of(SECOND))
    assert kept_authorities(tmp_path, trust) == pem_of(SECOND)
    again = BrokerTrust("localhost", 1, pem_of(THIRD))
    assert kept_authorities(tmp_path, again) == again.ca_pem, "provisioned anew"
    for damaged in (b"\xff", b'{"over": "", "pem": "x"}', b"{}"):
        (tmp_path / FILE_NAME).write_bytes(damaged)
        assert kept_authorities(tmp_path, trust) == trust.ca_pem
    keep_authorities(tmp_path / "absent", trust, pem_of(SECOND))
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    assert kept_authorities(tmp_path, trust) == trust.ca_pem
