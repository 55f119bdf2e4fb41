"""The authority that vouches for the broker and certifies devices is replaced on the real broker, while
orders go through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.committing.authorities import pem_of
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY
from agent.committing.tls import client_context, probe_broker
from agent.plumbing.messages import LinkState, UseAuthorities
from order_backend import authority_steps, cli
from order_backend.authorities import Authority, authority_of, phase, successor_of, trusted, trusted_pem
from order_backend.authority_steps import begin, drop, move, standings
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit
from order_backend.replicas import add_replica
from order_backend.revocation import Ended, revoke_device, short_lived_context
from order_backend.shop import Shop
from tests.committing.kit import DEVICE, agreed, found_shop, join
from tests.committing.network import PATIENCE_S, Device, UplinkProcess, now, serving, write_settings
from tests.committing.test_renewal import join_ago


@pytest.fixture
def shop(tmp_path: Path) -> ShopFolder:
    """With a device that was admitted a month ago, and two order services."""
    folder = found_shop(tmp_path / "shop")
    join_ago(folder, tmp_path / "keys", days=30)
    add_replica(folder, "backend-2", now=now())
    return folder


@contextmanager
def broker_of(folder: ShopFolder) -> Iterator[PrivateBroker]:
    """As `earmark-backend broker` runs it."""
    broker = PrivateBroker(folder)
    started = threading.Event()

    def run() -> None:
        with broker:
            started.set()
            broker.serve()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert started.wait(PATIENCE_S)
        yield broker
    finally:
        broker.ask_to_stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.mark.slow
def test_a_device_orders_through_the_old_authority_both_and_the_new_one(
    shop: ShopFolder, tmp_path: Path
) -> None:
    with broker_of(shop) as broker, serving(shop, broker.port):
        device = Device(tmp_path, write_settings(tmp_path, broker.port))
        wanted = 0

        def until(condition: Any, what: str) -> None:
            nonlocal wanted

            def look() -> Any:
                nonlocal wanted
                if device.road.clock_trusted() and wanted < 150:
                    device.road.commit(agreed(wanted % 7 + 1))
                    wanted += 1
                return condition()

            device.until(look, what)

        until(device.road.clock_trusted, "the shop's time")
        old = authority_of(shop)

        def step(name: str) -> int:
            return cli.main(["authority", str(shop.path), name, "--port", str(broker.port)])

        assert step("begin") == 0
        new = successor_of(shop)
        assert new is not None and phase(shop) == "announced"
        until(lambda: device.trust.authorities.serial == 1, "the list")
        until(lambda: shown(device) == new.fingerprint, "a certificate of the new one")
        until(
            lambda: all(one.connects_by(new.fingerprint) for one in standings(shop, now())), "its word for it"
        )
        assert step("move") == 0 and phase(shop) == "moved"
        until(
            lambda: probe_broker("localhost", broker.port, only(old)) == "tls_wrong_ca", "the new certificate"
        )
        device.uplink.kill()
        device.uplink = type(device.uplink)(tmp_path / "earmark.toml")
        device.uplink_has.clear()
        device.connected = device.heard = False
        until(lambda: device.connected, "a session with a broker of the new one")
        assert step("drop") == 0 and phase(shop) == "alone"
        until(lambda: device.trust.authorities.serial == 2, "the next list")
        assert authority_of(shop).certificate == new.certificate and not shop.old_key.exists()
        device.until(lambda: device.connected, "a session")
        device.road.commit(agreed(9))
        device.until(lambda: set(device.states()) == {"ordered"}, "all receipts")
        device.close()
    with Shop.open(shop.database) as database:
        assert len(database.orders(1_000)) == wanted + 1


def shown(device: Device) -> str:
    one = device.road.renewal._certificate
    return one.authority if one is not None else ""


def only(authority: Authority) -> Any:
    return short_lived_context("probe", authority, pem_of(authority.certificate))[0]


@pytest.mark.slow
def test_an_uplink_knows_the_new_authority_before_its_till_speaks_and_the_old_one_no_more(
    shop: ShopFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = write_settings(tmp_path, 0)
    with broker_of(shop) as broker:
        settings = write_settings(tmp_path, broker.port)
        begin(shop, port=broker.port, now=now())
        uplink = UplinkProcess(settings)
        uplink.next(LinkState, lambda state: state.connected)
        uplink.till.send(UseAuthorities(trusted_pem(shop)))
        move(shop, force=True, port=broker.port, now=now())
        assert uplink.stop() == 0
        uplink = UplinkProcess(settings)
        uplink.next(LinkState, lambda state: state.connected)
        # The session is live, by a certificate of the old authority, and the till names none but the new one.
        uplink.till.send(UseAuthorities(pem_of(trusted(shop)[-1])))
        lost = uplink.next(LinkState, lambda state: not state.connected)
        assert lost.reason == "authority_dropped"
        uplink.next(LinkState, lambda state: state.connected)
        uplink.till.send(UseAuthorities(pem_of(trusted(shop)[0])))
        uplink.next(LinkState, lambda state: state.reason == "authority_dropped")
        uplink.next(LinkState, lambda state: state.reason == "tls_wrong_ca")
        assert uplink.stop() == 0


@pytest.mark.slow
def test_what_either_authority_has_signed_is_revoked_on_a_broker_that_knows_both(
    shop: ShopFolder, tmp_path: Path
) -> None:
    with broker_of(shop) as broker:
        begin(shop, port=broker.port, now=now())
        join(shop, tmp_path / "newer", "device-2")
        join(shop, tmp_path / "other", "device-3")
        of_old, of_new, bystander = (context(shop, tmp_path / name) for name in ("keys", "newer", "other"))
        assert [probe_broker("localhost", broker.port, one) for one in (of_old, of_new, bystander)] == [
            ""
        ] * 3
        for device_id, one in ((DEVICE, of_old), ("device-2", of_new)):
            assert revoke_device(shop, device_id, port=broker.port, now=now()) == Ended(True)
            assert probe_broker("localhost", broker.port, one) == "tls_client_revoked"
        assert probe_broker("localhost", broker.port, bystander) == ""


def context(folder: ShopFolder, keys: Path) -> Any:
    return client_context(trusted_pem(folder), keys / MQTT_CERTIFICATE, keys / MQTT_KEY)


def test_devices_that_would_be_cut_off_are_named_and_hold_the_step_up(
    shop: ShopFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with broker_of(shop) as broker:

        def step(*words: str) -> tuple[int, str]:
            code = cli.main(["authority", str(shop.path), *words, "--port", str(broker.port)])
            said = capsys.readouterr()
            return code, said.out + said.err

        code, said = step("move")
        assert code == 1 and "authority_alone" in said
        code, said = step("show")
        assert code == 0 and "next: nothing until" in said
        code, said = step("begin")
        assert code == 0 and "1 may connect: 0 know the successor, 0 connect by it" in said
        join(shop, tmp_path / "newer", "device-2")  # of the successor from the start
        code, said = step("move")
        assert code == 1 and "authority_unknown: 2 devices" in said and f"  {DEVICE}  has not said" in said
        code, said = step("drop")
        assert code == 1 and "authority_unmoved" in said
        assert step("move", "--force")[0] == 0
        code, said = step("drop")
        assert code == 1 and "authority_held: 1 devices" in said and "device-2" not in said
        assert step("drop", "--force")[0] == 0
        of_old, of_new = (context(shop, tmp_path / name) for name in ("keys", "newer"))
        assert probe_broker("localhost", broker.port, of_old) == "tls_client_refused"
        assert probe_broker("localhost", broker.port, of_new) == ""


def test_a_device_that_was_off_all_the_while_comes_back_with_its_orders(
    shop: ShopFolder, tmp_path: Path
) -> None:
    with broker_of(shop) as broker, serving(shop, broker.port) as service:
        device = Device(tmp_path, write_settings(tmp_path, broker.port))
        device.until(device.road.clock_trusted, "the shop's time")
        device.uplink.stop()
        device.road.link(False)
        device.road.commit(agreed())
        begin(shop, port=broker.port, now=now())
        move(shop, force=True, port=broker.port, now=now())
        drop(shop, force=True, port=broker.port, now=now())
        device.uplink = UplinkProcess(tmp_path / "earmark.toml")
        device.uplink.next(LinkState, lambda state: state.reason == "tls_wrong_ca")
        device.uplink.stop()
        # Admitted once more, for the keys that it has.
        admission = admit(shop, DEVICE, (tmp_path / "request.pem").read_bytes(), now=now())
        (tmp_path / "keys" / MQTT_CERTIFICATE).write_bytes(admission.certificate_pem)
        (tmp_path / "keys" / "trust.json").write_bytes(admission.trust.to_bytes())
        device.journal.close()
        device = Device(tmp_path, tmp_path / "earmark.toml")
        device.until(lambda: device.states() == ["ordered"], "the receipt")
        device.close()
        assert service.connected.is_set()


def test_a_broker_that_cannot_be_asked_is_not_taken_for_one_that_knows(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(authority_steps, "_PATIENCE_S", 0.3)
    assert cli.main(["authority", str(shop.path), "begin", "--port", "1"]) == 1
    said = capsys.readouterr().err
    assert "authority_broker" in said and "broker_not_listening" in said and phase(shop) == "made"
    with broker_of(shop) as broker:
        port = str(broker.port)
        assert cli.main(["authority", str(shop.path), "begin", "--port", port]) == 0
        assert cli.main(["authority", str(shop.path), "move", "--force", "--port", "1"]) == 1
        assert cli.main(["authority", str(shop.path), "move", "--force", "--port", port]) == 0
        assert cli.main(["authority", str(shop.path), "drop", "--force", "--port", "1"]) == 1
        assert phase(shop) == "dropping" and shop.old_key.exists()
        assert cli.main(["authority", str(shop.path), "begin", "--port", port]) == 1
        assert "authority_unfinished" in capsys.readouterr().err
        monkeypatch.undo()
        assert cli.main(["authority", str(shop.path), "drop", "--port", port]) == 0
        assert phase(shop) == "alone" and not shop.old_key.exists()
