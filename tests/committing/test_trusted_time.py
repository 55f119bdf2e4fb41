from __future__ import annotations

from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from agent.committing import trusted_time
from agent.committing.trusted_time import TimeClaims, TrustedTime, kernel_synchronised, read_clocks
from agent.plumbing.errors import TrustError
from order_backend.receipts import time_event
from tests.committing.kit import NOW_S, Bench, Clocks, agreed


def test_a_clock_that_was_never_set_signs_nothing(bench: Bench) -> None:
    with pytest.raises(TrustError) as caught:
        bench.road.commit(agreed())
    assert caught.value.code == "clock_untrusted" and caught.value.next_step
    assert bench.journal.orders() == [] and not bench.road.clock_trusted()


def test_shop_time_is_carried_on_and_survives_a_restart_within_the_boot(bench: Bench) -> None:
    bench.trust_time()
    assert bench.time.now() == NOW_S
    bench.clocks.boot_s += 90
    bench.clocks.wall_s -= 10_000  # whatever the wall clock does
    assert bench.time.now() == NOW_S + 90
    bench.restart_device()
    assert bench.time.now() == NOW_S + 90
    bench.clocks.boot_id, bench.clocks.boot_s = "boot-2", 5.0
    bench.restart_device()
    assert not bench.time.trusted


def test_the_kernels_synchronised_flag_is_believed(bench: Bench) -> None:
    clocks = Clocks(synchronised=True)
    assert TrustedTime(bench.trust, bench.journal, clocks.read).now() == NOW_S


def test_one_wrong_answer_of_a_time_server_does_not_lock_the_shops_time_out(bench: Bench) -> None:
    fifty_years = 50 * 365 * 86_400
    bench.clocks.synchronised = True
    bench.clocks.wall_s += fifty_years
    assert bench.time.now() == NOW_S + fifty_years
    bench.clocks.wall_s -= fifty_years
    assert bench.time.accept_event(bench.shop_time())
    assert bench.time.now() == NOW_S
    bench.clocks.boot_id, bench.clocks.boot_s, bench.clocks.synchronised = "boot-2", 5.0, False
    bench.restart_device()
    bench.time.accept_event(bench.shop_time())
    assert bench.time.now() == NOW_S


def test_an_old_signed_time_does_not_turn_back_a_synchronised_kernel(bench: Bench) -> None:
    old = bench.shop_time()
    bench.clocks.synchronised = True
    bench.clocks.pass_by(3_600)
    assert bench.time.now() == NOW_S + 3_600
    assert not bench.time.accept_event(old)
    assert bench.time.now() == NOW_S + 3_600


def test_time_never_goes_back(bench: Bench) -> None:
    bench.trust_time()
    old = bench.shop_time()
    bench.clocks.pass_by(10_000)
    bench.trust_time()
    with pytest.raises(TrustError) as caught:
        bench.time.accept_event(old)
    assert caught.value.code == "time_replayed"
    assert bench.time.now() == NOW_S + 10_000
    bench.clocks.boot_id, bench.clocks.boot_s = "boot-2", 5.0
    bench.clocks.wall_s = float(NOW_S)
    bench.clocks.synchronised = True  # a time server that lies about the past
    bench.restart_device()
    assert not bench.time.trusted
    with pytest.raises(TrustError) as caught:
        bench.time.accept_event(old)
    assert caught.value.code == "time_replayed"
    bench.time.accept(NOW_S + 9_950)  # a minute behind what was seen: two clocks, not a replay
    assert bench.time.now() == NOW_S + 10_000


def test_a_shop_whose_clock_is_far_ahead_of_a_synchronised_kernel_is_not_followed(bench: Bench) -> None:
    bench.clocks.synchronised = True
    assert bench.time.now() == NOW_S
    for _ in range(2):
        with pytest.raises(TrustError) as caught:
            bench.time.accept_event(bench.desk.time(now_s=NOW_S + 24 * 3600 + 1))
        assert caught.value.code == "time_far_ahead" and caught.value.next_step
        bench.clocks.synchronised = False  # the time server is gone; what it said is carried on
    bench.time.accept_event(bench.desk.time(now_s=NOW_S + 3_600))
    assert bench.time.now() == NOW_S + 3_600


def test_a_device_with_the_shops_time_does_not_follow_a_jump_that_its_time_server_denies(
    bench: Bench,
) -> None:
    bench.trust_time()
    bench.clocks.pass_by(60)
    bench.clocks.synchronised = True
    wrong = bench.desk.time(now_s=NOW_S + 30 * 24 * 3600)
    assert bench.road.received("va/v1/d/device-1/dn/time", wrong) == []
    assert bench.road.refused == {"time_far_ahead": 1} and bench.time.now() == NOW_S + 60


def test_a_kernel_that_was_wrong_and_is_right_now_does_not_hold_the_shops_time_off(bench: Bench) -> None:
    bench.clocks.synchronised = True
    bench.clocks.wall_s -= 300 * 24 * 3600
    assert bench.time.now() == NOW_S - 300 * 24 * 3600
    bench.clocks.wall_s = float(NOW_S)
    assert bench.time.accept_event(bench.shop_time())
    assert bench.time.now() == NOW_S


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": "other-shop"}, "time_other_shop"),
        ({"env": "production"}, "time_environment"),
        ({}, "signature_key_unknown"),
    ],
)
def test_foreign_time_is_refused(bench: Bench, change: dict[str, str], code: str) -> None:
    claims = TimeClaims(**{"iss": "corner-shop", "env": "test", "iat": NOW_S, **change})  # type: ignore[arg-type]
    key = bench.folder.signing_key("time") if change else ECKey.generate_key("P-256")
    with pytest.raises(TrustError) as caught:
        bench.time.accept_event(time_event(claims, key, event_id=uuid4()))
    assert caught.value.code == code and not bench.time.trusted


def test_a_receipt_key_does_not_set_the_clock(bench: Bench) -> None:
    claims = TimeClaims(iss="corner-shop", env="test", iat=NOW_S)
    with pytest.raises(TrustError) as caught:
        bench.time.accept_event(time_event(claims, bench.folder.signing_key("receipts"), event_id=uuid4()))
    assert caught.value.code == "signature_key_unknown"


def test_this_machines_clocks_can_be_read() -> None:
    first, second = read_clocks(), read_clocks()
    assert 0 < first.boot_s <= second.boot_s and first.boot_id == second.boot_id
    assert first.kernel_synchronised == kernel_synchronised()
    assert trusted_time.read_clocks().wall_s > 1_700_000_000
