"""The product's own processes, started as `earmark run` does, with an attacker inside."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.committing.journal import FILE_NAME, Journal
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.deciding.verification import Voiceprint
from agent.plumbing.speaker_models import GE2E
from agent.plumbing.supervisor import MODULES, Supervisor
from agent.till.people import People
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from tests.plumbing.sandboxes import (
    IMPORTS,
    NEEDS_LANDLOCK,
    RIGHTS,
    ROOT,
    got_through,
    outcome_in,
    target_list,
)
from tests.plumbing.stand_ins import alive, comes_true, health

CATALOGUE = ROOT / "order_backend" / "catalogues" / "corner_shop.json"
Audio = tuple[socket.socket, socket.socket]
ATTACKED = {name: f"attacked_{name}" for name in MODULES}


@pytest.fixture
def microphone() -> Iterator[Audio]:
    """Our end and the device's end of the audio that is fed in; what is played comes out there, too."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def shop(tmp_path: Path) -> ShopFolder:
    folder = tmp_path / "shop"
    now = datetime.now(UTC)
    return create_shop(folder, shop_name="Shop", environment="test", catalogue=CATALOGUE, now=now)


@pytest.fixture
def device(tmp_path: Path, shop: ShopFolder, microphone: Audio) -> Iterator[Path]:
    """The settings file of an admitted device with one enrolled person; targets.json beside it."""
    state, keys = tmp_path / "state", tmp_path / "keys"
    admission = admit(shop, "kitchen-1", create_device_keys(keys, "kitchen-1"), now=datetime.now(UTC))
    store_client_certificate(keys, admission.certificate_pem)
    (tmp_path / "trust.json").write_bytes(admission.trust.to_bytes())
    People(state / "till" / "people").add("Ada", Voiceprint(GE2E, (1.0, 0.0)), now_s=1)
    Journal(state / "till" / FILE_NAME).close()
    settings = tmp_path / "earmark.toml"
    with target_list(tmp_path, settings, state, keys) as targets:
        ports = json.loads(targets.read_text())
        write_settings(settings, microphone, ports["broker_port"], ports["site_port"])
        yield settings


def write_settings(path: Path, microphone: Audio, broker_port: int, site_port: int) -> None:
    fd = microphone[1].fileno()
    path.write_text(
        '[device]\nid = "kitchen-1"\nenvironment = "test"\n'
        '[paths]\nstate_dir = "state"\nkeys_dir = "keys"\ntrust_file = "trust.json"\n'
        f'catalogue_file = "{CATALOGUE}"\n'
        f'[audio]\nsource = "fd:{fd}"\nsink = "fd:{fd}"\n'
        f"[broker]\nport = {broker_port}\n"
        f"[site_broker]\nport = {site_port}\n"
        '[[sensors]]\nid = "beans"\nname = "the coffee machine"\ntopic = "kitchen/beans"\nunit = "kg"\n'
        'full_amount = 3\nlow_amount = 0.6\nhigh_amount = 2\nproduct = "coffee"\npack_amount = 1\n'
        '[touch]\nkeypad_device = "/dev/input/by-id/no-such-keypad"\n'
    )


def without(*names: str) -> dict[str, str]:
    """The product's processes but those."""
    return {name: module for name, module in MODULES.items() if name not in names}


@NEEDS_LANDLOCK
@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_taken_over_process_can_use_its_own_rights_only(
    name: str,
    device: Path,
    microphone: Audio,
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = {name: (*IMPORTS, "--also-read", str(device.parent / "targets.json"))}
    modules = {**without(*MODULES.keys() - {name, "till"}), name: ATTACKED[name]}
    seen = ""

    def reported() -> bool:
        nonlocal seen
        seen += capfd.readouterr().out
        return "attacked {" in seen and seen.endswith("\n")

    with Supervisor(device, modules=modules, launcher_options=options) as supervisor:
        supervisor.wait_ready()
        assert comes_true(reported)
        outcome = outcome_in(seen, "")
        assert got_through(outcome) == RIGHTS[name], outcome
        assert set(supervisor.restarts().values()) == {0}  # and the device is still at work


def test_the_device_comes_back_from_a_kill_of_each_process(device: Path, microphone: Audio) -> None:
    with Supervisor(device) as supervisor:
        supervisor.wait_ready()
        for count, name in enumerate(MODULES, start=1):
            os.kill(supervisor.pids()[name], signal.SIGKILL)
            assert comes_true(lambda count=count: sum(supervisor.restarts().values()) == count)  # type: ignore[misc]
            supervisor.wait_ready()
            assert comes_true(lambda: health(device.parent).voice)
        pids = supervisor.pids()
    assert not any(alive(pid) for pid in pids.values())


def test_a_listening_device_listens_on_no_network_port(device: Path, microphone: Audio) -> None:
    with Supervisor(device) as supervisor:
        supervisor.wait_ready()
        feed = struct.pack("<I", 3200) + bytes(3200)
        for _ in range(20):
            microphone[0].sendall(feed)
        pids = supervisor.pids().values()
        inodes = {
            entry.stat().st_ino
            for pid in pids
            for entry in Path(f"/proc/{pid}/fd").iterdir()
            if entry.readlink().name.startswith("socket:")
        }
    listening = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] in ("0A", "07"):
                listening.add(int(fields[9]))
    assert inodes and not inodes & listening


def test_the_sandboxed_uplink_reaches_a_real_broker_and_comes_back_to_it(
    device: Path, shop: ShopFolder, microphone: Audio
) -> None:
    with PrivateBroker(shop, 0) as broker:
        write_settings(device, microphone, broker.port, 1)
        with Supervisor(device, modules=without("voice")) as supervisor:
            supervisor.wait_ready()
            assert comes_true(lambda: health(device.parent).broker)
            os.kill(supervisor.pids()["uplink"], signal.SIGKILL)
            assert comes_true(lambda: supervisor.restarts()["uplink"] == 1)
            supervisor.wait_ready()
            assert comes_true(lambda: health(device.parent).broker)
