"""The installed device on a real systemd: it starts, hears through a sound server, takes an update, goes
back."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import soundfile

from firmware_update.archive import build_archive
from firmware_update.repository import Repository, create_keys
from scripts import unit_scores
from scripts.story.publisher import changed_checkout
from tests.firmware_update.kit import release
from tests.hearing.conftest import VOICES, room
from tests.systemd.booted import Booted, booted, why_not
from tests.systemd.units import ROOT, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SERVICES = tuple(f"earmark-{name}.service" for name in ("till", "voice", "uplink"))
BIN = f"{sys.prefix}/bin"
BROKER_PORT, REPOSITORY_PORT = 18883, 18931


@pytest.fixture(scope="module")
def machine(installed_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """Booted and installed; shop, broker and sound run, and the device is provisioned and started."""
    if reason := why_not():
        pytest.skip(reason)
    quiet = tmp_path_factory.mktemp("room") / "room.wav"
    soundfile.write(quiet, room(20.0), 16_000)
    with booted(installed_root, quiet) as machine:
        said = machine.run("sh", "-c", f"cd {ROOT} && scripts/install")
        assert "earmark.target starts with the machine" in said
        _admit(machine)
        machine.run("systemctl", "start", "room.service")
        machine.run("systemctl", "start", "earmark.target")
        assert machine.becomes("active", *SERVICES), machine.log()
        yield machine


def _admit(machine: Booted) -> None:
    catalogue = f"{ROOT}/order_backend/catalogues/corner_shop.json"
    shop = [f"{BIN}/earmark-backend", "init", "/srv/shop", "--catalogue", catalogue, "--name", "Shop"]
    machine.run(*shop, "--environment", "test", "--broker-port", str(BROKER_PORT))
    machine.run("earmark", "provision", "/etc/earmark", "--device-id", "kitchen-1", "--environment", "test")
    request = ["--device", "kitchen-1", "--request", "/etc/earmark/request.pem", "--out", "/srv/answer"]
    machine.run(f"{BIN}/earmark-backend", "admit", "/srv/shop", *request)
    given = ["--certificate", "/srv/answer/mqtt.crt", "--trust", "/srv/answer/trust.json"]
    machine.run("earmark", "provision", "/etc/earmark", *given, "--catalogue", catalogue)
    for name in ("broker", "run"):
        start = ["systemd-run", "--quiet", f"--unit=shop-{name}", "--property=Restart=always"]
        machine.run(*start, "--property=RestartSec=1", f"{BIN}/earmark-backend", name, "/srv/shop")


def doctor(machine: Booted) -> dict[str, str]:
    """The findings about the running device."""
    found = json.loads(machine.run("sh", "-c", "earmark doctor --json 2>/dev/null; true"))
    return {row["detail"]: row["state"] for row in found if row["what"] == "device"}


def test_the_device_starts_and_every_part_finds_the_others(machine: Booted) -> None:
    healthy = {"hears", "connected to the broker", "0 orders wait for the shop"}
    assert machine.waits_for(lambda: set(doctor(machine)) == healthy), machine.log()
    for name in ("sensors", "touch", "updater"):  # nothing is set up for them
        assert machine.state(f"earmark-{name}.service") == "inactive"
    assert machine.state("earmark.target") == "active"
    assert not machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend", "earmark-*")


def test_the_kernel_holds_what_the_units_say(machine: Booted) -> None:
    for service in SERVICES:
        unit, pid = Unit(service), machine.state(service, "MainPID")
        assert machine.run("ps", "-o", "user:32=", "-p", pid) == unit.get("User")
        status = machine.run("cat", f"/proc/{pid}/status")
        assert re.search(r"NoNewPrivs:\t1", status) and re.search(r"CapEff:\t0{16}", status)
        assert (
            int(re.findall(r"Seccomp_filters:\t(\d+)", status)[0]) >= 3
        )  # the unit's, the launcher's, its own
        megabytes = int(unit.get("MemoryMax").removesuffix("M"))
        assert int(machine.state(service, "MemoryMax")) == megabytes * 1024 * 1024
    assert "landlock_abi=0" not in machine.log()


def test_only_the_uplink_has_a_network_and_nobody_listens(machine: Booted) -> None:
    networks = {}
    for service in SERVICES:
        pid = machine.state(service, "MainPID")
        networks[service] = machine.run("readlink", f"/proc/{pid}/ns/net")
    outside = machine.run("readlink", "/proc/1/ns/net")
    assert networks["earmark-uplink.service"] == outside
    assert outside not in (networks["earmark-voice.service"], networks["earmark-till.service"])
    listening = machine.run("ss", "-Hlntup")
    assert not [line for line in listening.splitlines() if f":{BROKER_PORT} " not in line], listening


def test_what_is_said_in_the_room_is_heard_and_decided(machine: Booted, tmp_path: Path) -> None:
    """Nobody is enrolled, so the device says that it cannot sell to a voice it does not know."""
    wav = tmp_path / "order.wav"
    soundfile.write(wav, VOICES["slt"].says("okay nabu, order two bags of dark roast coffee."), 16_000)

    def decided() -> bool:
        machine.play(wav)
        shown = json.loads(machine.run("earmark", "orders", "--json"))
        return "refused_nobody_enrolled" in {row["code"] for row in shown["decisions"]}

    assert machine.waits_for(decided), machine.log()


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_process_is_started_again(machine: Booted, service: str) -> None:
    before = machine.state(service, "MainPID")
    machine.run("kill", "-9", before)
    assert machine.waits_for(lambda: machine.state(service, "MainPID") not in (before, "0"))
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.waits_for(lambda: doctor(machine).get("connected to the broker") == "ok"), machine.log()


def test_a_process_that_hangs_is_ended_and_started_again(machine: Booted) -> None:
    service = "earmark-uplink.service"
    machine.write(f"/run/systemd/system/{service}.d/50-soon.conf", "[Service]\nWatchdogSec=2\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", service)
    before = machine.state(service, "MainPID")
    machine.run("kill", "-STOP", before)
    assert machine.waits_for(lambda: machine.state(service, "MainPID") not in (before, "0")), machine.log()
    machine.run("rm", "-r", f"/run/systemd/system/{service}.d")
    machine.run("systemctl", "daemon-reload")
    assert machine.becomes("active", service)


def offer(machine: Booted, folder: Path, version: str, *, deaf: bool = False) -> None:
    """Signs a release of this checkout into the repository that the machine serves."""
    source = changed_checkout(folder / f"source-{version}", version, deaf=deaf)
    facts = release(version)
    repository = Repository(machine.outside("/srv/repository"), folder / "keys", datetime.now(UTC))
    repository.sign_release(build_archive(source, facts), facts)


def restarted(machine: Booted, before: str) -> bool:
    """The till runs anew."""
    return machine.waits_for(lambda: machine.state("earmark-till.service", "MainPID") not in (before, "0"))


def status(machine: Booted) -> dict[str, object]:
    found: dict[str, object] = json.loads(machine.run("earmark-update", "status", "--json"))
    return found


def outcome(machine: Booted) -> str:
    last = status(machine)["last_check"]
    return str(last["outcome"]) if isinstance(last, dict) else ""


def test_a_signed_update_is_taken_examined_and_started_and_a_deaf_one_goes_back(
    machine: Booted, tmp_path: Path
) -> None:
    create_keys(tmp_path / "keys")
    repository = machine.outside("/srv/repository")
    pinned = Repository(repository, tmp_path / "keys", datetime.now(UTC)).found()
    machine.outside("/var/lib/earmark/update-root.json").write_bytes(pinned.read_bytes())
    serve = f"exec python3 -m http.server {REPOSITORY_PORT} --bind 127.0.0.1 --directory /srv/repository"
    machine.run("systemd-run", "--quiet", "--unit=repository", "sh", "-c", serve)
    machine.run(
        "sh",
        "-c",
        "cat >>/etc/earmark/earmark.toml",
        said=f'\n[update]\nurl = "http://localhost:{REPOSITORY_PORT}"\n'
        'install_from = "00:00"\ninstall_until = "00:00"\n',
    )
    offer(machine, tmp_path, "0.2.0")
    before = machine.state("earmark-till.service", "MainPID")
    machine.run("systemctl", "start", "earmark-updater.service")  # its first check is at once
    assert machine.waits_for(lambda: outcome(machine) == "updated"), machine.log()
    assert restarted(machine, before), machine.log()
    assert machine.becomes("active", *SERVICES, "earmark-updater.service"), machine.log()
    assert machine.run("earmark", "--version") == "earmark 0.2.0"
    pid = machine.state("earmark-voice.service", "MainPID")
    assert "/opt/earmark/slots/b" in machine.run("cat", f"/proc/{pid}/cmdline")
    assert machine.waits_for(lambda: doctor(machine).get("hears") == "ok"), machine.log()

    before = machine.state("earmark-till.service", "MainPID")
    assert "0.1.0" in machine.run("earmark-update", "back")
    assert restarted(machine, before), machine.log()
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.run("earmark", "--version") == "earmark 0.1.0"

    offer(machine, tmp_path, "0.3.0", deaf=True)
    before = machine.state("earmark-till.service", "MainPID")
    check = machine.run("earmark-update", "check", "--gate", "/run/earmark/health.sock", check=False)
    assert "not healthy: rolled back" in check, check
    assert machine.run("earmark", "--version") == "earmark 0.1.0"
    # nothing was started anew but the voice
    assert machine.state("earmark-till.service", "MainPID") == before
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.waits_for(lambda: doctor(machine).get("hears") == "ok"), machine.log()


def test_nothing_of_the_device_is_left_after_its_removal(machine: Booted) -> None:
    said = machine.run("sh", "-c", f"cd {ROOT} && scripts/uninstall --purge")
    assert "have the shop revoke this device" in said
    assert not machine.run("sh", "-c", "pgrep -u earmark-till,earmark-voice 2>/dev/null; true")
    left = machine.run(
        "sh", "-c", "ls -d /opt/earmark /etc/earmark /var/lib/earmark /run/earmark 2>/dev/null; true"
    )
    assert left == ""
    assert "earmark" not in machine.run("cat", "/etc/passwd", "/etc/group")


def test_the_limits_of_exposure_are_those_of_the_units() -> None:
    assert {f"earmark-{name}.service" for name in unit_scores.LIMITS} == {
        path.name for path in unit_scores.UNITS.glob("*.service")
    }
