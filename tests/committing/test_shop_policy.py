"""The shop's limits: signed, in versions, and never looser than the device's own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.committing.shop_policy import Limits, ShopPolicy, verify_policy
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances, decide
from agent.plumbing.errors import TrustError
from agent.plumbing.settings import Policy
from agent.plumbing.tightening import tightened
from order_backend import announcing
from order_backend.announcing import Announcer
from order_backend.cli import main
from tests.backend.test_few_statements import statements
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, join

FIELDS = Limits.__struct_fields__
money = st.integers(0, 10_000_00)
counts = st.integers(1, 20)
LEAST = {name: counts if name in ("largest_quantity", "most_lines") else money for name in FIELDS}
owns = st.builds(Policy, **LEAST)
shops = st.builds(Limits, **{name: st.none() | values for name, values in LEAST.items()})
baskets = st.builds(agreed, quantity=st.integers(1, 20))


def test_every_limit_of_the_settings_can_be_set_by_the_shop() -> None:
    assert Policy.__struct_fields__ == FIELDS


@given(owns, shops)
def test_in_every_field_the_stricter_holds(own: Policy, shop: Limits) -> None:
    both = tightened(own, msgspec.structs.asdict(shop))
    for name in FIELDS:
        wanted = getattr(shop, name)
        assert getattr(both, name) <= getattr(own, name)
        assert getattr(both, name) == min(v for v in (getattr(own, name), wanted) if v is not None)


@given(owns, shops, baskets, money, st.sampled_from(["voice", "factor"]))
def test_no_basket_is_allowed_that_the_device_alone_would_refuse(
    own: Policy, shop: Limits, order: Any, spent: int, tier: Any
) -> None:
    around = Circumstances(Money(spent, "PLN"))
    if decide(order.basket, around, tightened(own, msgspec.structs.asdict(shop)), tier=tier).allowed:
        assert decide(order.basket, around, own, tier=tier).allowed


def event(bench: Bench, limits: Limits, device_id: str = DEVICE) -> bytes:
    """The next version."""
    policies = bench.desk.shop.policies
    with bench.desk.shop.transaction():
        policies.put(bench.folder, device_id, limits, now_s=NOW_S)
    made = policies.event(device_id)
    assert made is not None
    return made


def receive(bench: Bench, payload: bytes) -> None:
    assert bench.road.received(f"va/v1/d/{DEVICE}/dn/policy", payload) == []


def test_versions_only_go_up_also_after_a_restart(bench: Bench) -> None:
    own = bench.settings.policy
    first, second = event(bench, Limits(most_lines=2)), event(bench, Limits(most_lines=3))
    receive(bench, second)
    receive(bench, first)
    assert bench.road.policy.effective(own).most_lines == 3
    bench.restart_device()
    receive(bench, first)
    assert (bench.road.policy.version, bench.road.policy.effective(own).most_lines) == (2, 3)
    assert bench.road.refused["policy_older"] == 1
    receive(bench, event(bench, Limits()))
    assert bench.road.policy.effective(own) == own, "the shop may take back what it had set itself"


def test_other_limits_under_the_same_version_are_refused(bench: Bench) -> None:
    receive(bench, event(bench, Limits(most_lines=2)))
    key = bench.folder.signing_key("policy")
    claims = {"iss": "corner-shop", "aud": DEVICE, "env": "test", "iat": NOW_S, "version": 1, "limits": {}}
    from uuid import uuid4

    from agent.committing import jws
    from agent.committing.envelope import POLICY, SignedData, encode_event
    from agent.committing.shop_policy import TYP

    signed = SignedData(jws.sign(claims, key, typ=TYP))
    receive(bench, encode_event(POLICY, id_=uuid4(), source="corner-shop", now_s=NOW_S, data=signed))
    assert bench.road.refused["policy_same_version"] == 1
    assert bench.road.policy.effective(bench.settings.policy).most_lines == 2


def test_what_is_not_for_this_device_or_not_signed_for_this_is_refused(bench: Bench) -> None:
    trust, good = bench.trust, event(bench, Limits())

    def code(payload: bytes, **other: Any) -> str:
        with pytest.raises(TrustError) as error:
            verify_policy(payload, msgspec.structs.replace(trust, **other), DEVICE)
        return error.value.code

    other_keys = msgspec.structs.replace(trust.keys, policy=trust.keys.time)
    assert code(good, keys=other_keys) == "signature_key_unknown"
    assert code(good, shop_id="another") == "policy_other_shop"
    assert code(good, environment="production") == "policy_environment"
    assert code(bench.shop_time()) == "envelope_malformed"
    with pytest.raises(TrustError) as error:
        verify_policy(good, trust, "device-2")
    assert error.value.code == "policy_other_device"


def test_an_old_policy_sets_no_clock(bench: Bench) -> None:
    receive(bench, event(bench, Limits()))
    assert not bench.time.trusted


def test_damaged_memory_is_no_policy(bench: Bench) -> None:
    bench.journal.meta_set("shop_policy", "{")
    assert ShopPolicy(bench.trust, DEVICE, bench.journal).version == 0


def test_the_command_sets_adds_to_and_lifts_and_each_connection_is_told(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = str(bench.folder.path)
    for options, told in (
        (["--voice-order", "5000"], "policy version 1  voice_order_max_minor 5000"),
        (["--lines", "3"], "policy version 2  voice_order_max_minor 5000  most_lines 3"),
        ([], "policy version 2"),
        (["--lift"], "policy version 3  no limits but its own"),
    ):
        assert main(["policy", shop, "--device", DEVICE, *options]) == 0
        assert told in capsys.readouterr().out
    assert main(["policy", shop, "--device", "device-9"]) == 1
    assert main(["policy", shop, "--device", DEVICE, "--lines", "0"]) == 1
    for _ in range(2):
        kept: dict[str, bytes] = {}
        Announcer(bench.desk.shop, bench.folder, kept.__setitem__).look(lambda: NOW_S)
        assert kept == {f"va/v1/d/{DEVICE}/dn/policy": bench.desk.shop.policies.event(DEVICE)}


def test_a_second_look_reads_no_devices_limits_and_still_finds_what_was_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many devices there are, it is done each second."""
    monkeypatch.setattr(announcing, "LOOK_EVERY_S", 0.0)
    join(bench.folder, bench.folder.path.parent / "keys-2", "device-2")
    kept: list[str] = []
    announcer = Announcer(bench.desk.shop, bench.folder, lambda topic, _: kept.append(topic))

    def limited(device_id: str) -> None:
        assert main(["policy", str(bench.folder.path), "--device", device_id, "--lines", "3"]) == 0

    looked = []
    for device_id in (DEVICE, "device-2", DEVICE):
        limited(device_id)
        announcer.look(lambda: NOW_S)
        with statements() as seen:
            announcer.look(lambda: NOW_S)
        looked += [one for one in seen if "policies.device_id" in one]
    assert kept == [f"va/v1/d/{one}/dn/policy" for one in (DEVICE, "device-2", DEVICE)]
    assert looked == []
