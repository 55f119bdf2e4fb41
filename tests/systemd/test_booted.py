"""The installed device on a real systemd: it starts, hears through a sound server, takes an update, goes
back."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent import __version__
from agent.deciding.catalogue import parse_catalogue
from agent.touching.input_events import KEY_ENTER, encode_key
from firmware_update.archive import build_archive
from firmware_update.repository import Repository, create_keys
from scripts import unit_scores
from scripts.story.kitchen import TOPIC, reading, sensor_settings
from scripts.story.publisher import changed_checkout, replace
from tests.firmware_update.kit import release
from tests.hearing.conftest import VOICES, room
from tests.systemd.booted import Booted, booted, why_not
from tests.systemd.units import ROOT, Unit

pytestmark = pytest.mark.slow
SERVICES = tuple(f"earmark-{name}.service" for name in ("till", "voice", "uplink", "sensors", "touch"))
CATALOGUE = "order_backend/catalogues/corner_shop.json"
BIN = f"{sys.prefix}/bin"
BROKER_PORT, SITE_PORT, REPOSITORY_PORT = 18883, 18884, 18931
KEYPAD = "/dev/input/keypad"
MORE_SETTINGS = sensor_settings(SITE_PORT) + f'\n[touch]\nkeypad_device = "{KEYPAD}"\n'


@pytest.fixture(scope="module")
def machine(installed_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """Booted and installed; shop, broker and sound run, and the device is provisioned and started."""
    if reason := why_not():
        pytest.skip(reason)
    quiet = tmp_path_factory.mktemp("room") / "room.wav"
    # Longer than all of this takes: between two rounds the microphone gives zeros, as a broken one does.
    soundfile.write(quiet, np.tile(room(20.0), 60), 16_000)
    with booted(installed_root, quiet) as machine:
        said = machine.run("sh", "-c", f"cd {ROOT} && scripts/install")
        assert "earmark.target starts with the machine" in said
        _admit(machine)
        _equip(machine)
        machine.run("systemctl", "start", "room.service")
        machine.run("systemctl", "start", "earmark.target")
        assert machine.becomes("active", *SERVICES), machine.log()
        yield machine


def _admit(machine: Booted) -> None:
    catalogue = f"{ROOT}/{CATALOGUE}"
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


def _equip(machine: Booted) -> None:
    """A site broker, and a named pipe where a keypad's event device would be."""
    machine.write("/srv/site.conf", f"listener {SITE_PORT} 127.0.0.1\nallow_anonymous true\n")
    machine.run("systemd-run", "--quiet", "--unit=site-broker", "mosquitto", "-c", "/srv/site.conf")
    machine.run(
        "sh", "-c", f"mkdir -p /dev/input && mkfifo {KEYPAD} && chmod 640 {KEYPAD} && chgrp input {KEYPAD}"
    )
    # The pipe has somebody at its other end, or it would count as unplugged.
    machine.run(
        "systemd-run", "--quiet", "--unit=keypad", "sh", "-c", f"exec 3<>{KEYPAD}; exec sleep infinity"
    )
    machine.run("sh", "-c", "cat >>/etc/earmark/earmark.toml", said=MORE_SETTINGS)


def doctor(machine: Booted) -> dict[str, str]:
    """The findings about the running device."""
    found = json.loads(machine.run("sh", "-c", "earmark doctor --json 2>/dev/null; true"))
    return {row["detail"]: row["state"] for row in found if row["what"] == "device"}


def test_the_device_starts_and_every_part_finds_the_others(machine: Booted) -> None:
    sold = parse_catalogue((ROOT / CATALOGUE).read_bytes())
    serves = f"serves catalogue version {sold.version}, {len(sold.products)} products"
    healthy = {"hears", "connected to the broker", "0 orders wait for the shop", serves}
    assert machine.waits_for(lambda: set(doctor(machine)) == healthy), machine.log()
    assert machine.state("earmark-updater.service") == "inactive"  # no repository is set
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


def test_a_level_on_the_sites_bus_becomes_a_proposal_and_a_keypad_is_read(machine: Booted) -> None:
    for kilograms in (2.8, 0.5, 0.5):
        machine.write("/srv/reading", reading(kilograms).decode())
        _publish(machine)

    def proposed() -> bool:
        shown = json.loads(machine.run("earmark", "orders", "--json"))
        return [row["sensor"] for row in shown["proposals"]] == ["beans"]

    assert machine.waits_for(proposed), machine.log()
    with machine.outside(KEYPAD).open("wb", buffering=0) as keypad:
        for code in (5, 8, 2, 2, KEY_ENTER):
            keypad.write(encode_key(code, 1.0) + encode_key(code, 1.0, value=0))
    # A number that nobody asked for is forgotten, and the log says no more than that.
    assert machine.waits_for(lambda: "touch_unasked" in machine.log()), machine.log()


def _publish(machine: Booted) -> None:
    """What stands in /srv/reading, as a scale would."""
    code = (
        f"import paho.mqtt.publish as p; p.single({TOPIC!r}, open('/srv/reading').read(), port={SITE_PORT})"
    )
    machine.run(sys.executable, "-c", code)


def test_only_the_uplink_and_sensors_have_a_network_and_nobody_listens(machine: Booted) -> None:
    networks = {}
    for service in SERVICES:
        pid = machine.state(service, "MainPID")
        networks[service] = machine.run("readlink", f"/proc/{pid}/ns/net")
    outside = machine.run("readlink", "/proc/1/ns/net")
    with_network = {"earmark-uplink.service", "earmark-sensors.service"}
    assert {service for service, network in networks.items() if network == outside} == with_network
    listening = machine.run("ss", "-Hlntup").splitlines()
    known = (f":{BROKER_PORT} ", f":{SITE_PORT} ")
    assert not [line for line in listening if not any(port in line for port in known)], listening


def test_what_is_said_in_the_room_is_heard_and_decided(machine: Booted, tmp_path: Path) -> None:
    """Nobody is enrolled, so the device says that it cannot sell to a voice it does not know."""
    wav = tmp_path / "order.wav"
    soundfile.write(wav, VOICES["slt"].says("okay nabu, order two bags of dark roast coffee."), 16_000)

    def decided() -> bool:
        machine.play(wav)
        shown = json.loads(machine.run("earmark", "orders", "--json"))
        return "refused_nobody_enrolled" in {row["code"] for row in shown["decisions"]}

    assert machine.waits_for(decided), machine.log()


def test_another_signing_key_takes_over_by_itself(machine: Booted) -> None:
    """One command; the shop's yes starts the till with it, and nothing else anew."""
    old = machine.run("earmark", "keys", "show").split()[0]
    before = machine.state("earmark-till.service", "MainPID")
    voice = machine.state("earmark-voice.service", "MainPID")
    machine.run("earmark", "keys", "renew")
    assert restarted(machine, before), machine.log()
    new = machine.run("earmark", "keys", "show").split()[0]
    assert new != old
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.state("earmark-voice.service", "MainPID") == voice
    assert machine.becomes("inactive", "earmark-keys.service"), machine.log()
    known = [f"{BIN}/earmark-backend", "keys", "/srv/shop", "--device", "kitchen-1"]
    assert machine.waits_for(lambda: f"{new}  signs" in machine.run(*known)), machine.log()


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

    # By now what starts the device has seen that it starts; a switch before that would wait for it.
    assert machine.becomes("inactive", "earmark-restart.service"), machine.log()
    before = machine.state("earmark-till.service", "MainPID")
    assert "0.1.0" in machine.run("earmark-update", "back")
    assert restarted(machine, before), machine.log()
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.run("earmark", "--version") == "earmark 0.1.0"

    offer(machine, tmp_path, "0.3.0", deaf=True)
    before = machine.state("earmark-till.service", "MainPID")
    check = machine.run("earmark-update", "check", check=False)
    assert "not healthy: rolled back" in check, check
    assert machine.run("earmark", "--version") == "earmark 0.1.0"
    # nothing was started anew but the voice
    assert machine.state("earmark-till.service", "MainPID") == before
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.waits_for(lambda: doctor(machine).get("hears") == "ok"), machine.log()


def test_a_confirmed_release_that_does_not_start_goes_back_by_itself(machine: Booted, tmp_path: Path) -> None:
    """Its parts load and it hears; but its till ends at once."""
    source = changed_checkout(tmp_path / "source", "0.4.0")
    replace(
        source / "agent" / "till" / "__main__.py", "    return run_process(", "    return 1 or run_process("
    )
    facts = release("0.4.0")
    machine.outside("/srv/broken.tar.gz").write_bytes(build_archive(source, facts))
    assert machine.becomes("inactive", "earmark-restart.service"), machine.log()
    machine.run("earmark-update", "install", "/srv/broken.tar.gz")
    assert machine.waits_for(lambda: "update_does_not_start" in machine.log()), machine.log()
    assert machine.becomes("active", *SERVICES), machine.log()
    assert machine.run("earmark", "--version") == f"earmark {__version__}"
    releases = status(machine)["releases"]
    assert isinstance(releases, dict)
    assert [one["version"] for one in releases.values()] == [__version__]  # nothing to go back to


def test_an_installation_once_more_changes_nothing_and_starts_the_device_again(machine: Booted) -> None:
    before = machine.run("sha256sum", "/opt/earmark/slots/state.json", "/etc/earmark/earmark.toml")
    said = machine.run("sh", "-c", f"umask 077; cd {ROOT} && scripts/install")
    assert "packages: as in requirements.lock already" in said
    assert machine.run("sha256sum", "/opt/earmark/slots/state.json", "/etc/earmark/earmark.toml") == before
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
