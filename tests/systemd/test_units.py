"""What the unit files say: exposure, memory, users, paths, and that they fit the code they start."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.committing.key_change import CHANGES, OFFERED
from agent.plumbing import configured
from agent.plumbing.arrivals import OPERATOR, PEERS
from agent.plumbing.sandbox import PROFILES
from agent.plumbing.supervisor import MODULES, START_SECONDS
from firmware_update import restart
from firmware_update.slots import SWITCHED
from scripts import unit_scores
from tests.systemd.units import NEEDS_SYSTEMD_ANALYZE, ROOT, SERVICES, UNITS, Unit

service = pytest.mark.parametrize("name", SERVICES)


@NEEDS_SYSTEMD_ANALYZE
@pytest.mark.parametrize("name", unit_scores.LIMITS)
def test_exposure_is_within_its_limit(name: str) -> None:
    assert unit_scores.score(UNITS / f"earmark-{name}.service") <= unit_scores.LIMITS[name]


@NEEDS_SYSTEMD_ANALYZE
@pytest.mark.parametrize("line", ["User=earmark-till", "PrivateNetwork=yes", "CapabilityBoundingSet="])
def test_a_unit_that_loses_a_line_is_found(line: str, tmp_path: Path) -> None:
    text = (UNITS / "earmark-till.service").read_text("utf-8")
    assert line in text
    weakened = tmp_path / "earmark-till.service"
    weakened.write_text(text.replace(line, ""))
    assert unit_scores.score(weakened) > unit_scores.LIMITS["till"]


@NEEDS_SYSTEMD_ANALYZE
def test_systemd_takes_every_unit_without_a_complaint() -> None:
    assert unit_scores.complaints(UNITS) == ""


@NEEDS_SYSTEMD_ANALYZE
def test_a_misspelt_line_is_a_complaint(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        shutil.copy(unit, tmp_path)
    (tmp_path / "earmark-till.service").open("a").write("ProtectClocks=yes\n")
    assert "ProtectClocks" in unit_scores.complaints(tmp_path)


BOOT = [unit_scores.INSTALLED_PYTHON, *["-P", "-m", "firmware_update.boot", "--slots", "/opt/earmark/slots"]]


def _split(words: list[str]) -> tuple[list[str], ...]:
    """What stands before, between and after the words `--`."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            parts.append([])
        else:
            parts[-1].append(word)
    return tuple(parts)


@service
def test_a_service_starts_its_module_through_the_launcher_with_its_own_profile(name: str) -> None:
    unit = Unit(f"earmark-{name}.service")
    boot, before, after = _split(unit.command())
    assert boot == BOOT
    assert before[0] == "agent.plumbing.launcher"
    assert before[before.index("--profile") + 1] == name
    assert name in PROFILES
    assert after[:3] == ["{python}", "-m", MODULES[name]]
    assert unit.get("User") == f"earmark-{name}"


@service
def test_a_service_is_watched_bounded_and_started_again(name: str) -> None:
    unit = Unit(f"earmark-{name}.service")
    assert unit.get("Type") == "notify"
    assert int(unit.get("WatchdogSec")) > 0
    assert re.fullmatch(r"[0-9]+M", unit.get("MemoryMax"))
    assert unit.get("Restart") == "always"
    assert unit.get("StartLimitIntervalSec") == "0"
    assert unit.get("LimitCORE") == "0"
    assert int(unit.get("TimeoutStartSec")) <= START_SECONDS, "earmark run waits as long for a start"
    assert int(unit.get("TimeoutStartSec")) < restart.PATIENCE_SECONDS, "so does an update"


def test_a_release_on_trial_may_load_what_the_device_hears_with() -> None:
    assert Unit("earmark-health@.service").get("MemoryMax") == Unit("earmark-voice.service").get("MemoryMax")


def test_no_network_where_there_is_to_be_none() -> None:
    for name in ("voice", "till", "touch"):
        unit = Unit(f"earmark-{name}.service")
        assert unit.yes("PrivateNetwork")
        assert unit.get("RestrictAddressFamilies") == "AF_UNIX"
        assert unit.get("IPAddressDeny") == "any"
    for name in ("uplink", "sensors", "fetch@"):
        assert not Unit(f"earmark-{name}.service").yes("PrivateNetwork")
    for name in ("health@", "updater", "restart", "keys"):
        assert Unit(f"earmark-{name}.service").yes("PrivateNetwork")


def test_sound_is_for_voice_alone() -> None:
    assert Unit("earmark-voice.service").get("DeviceAllow") == "char-alsa rw"
    assert Unit("earmark-touch.service").get("DeviceAllow") == "char-input r"
    for name in ("till", "uplink", "sensors", "updater"):
        unit = Unit(f"earmark-{name}.service")
        assert not unit.all("DeviceAllow") + unit.all("BindPaths") + unit.all("SupplementaryGroups")


def test_a_release_on_trial_has_the_microphone_to_itself_and_changes_nothing_of_the_device() -> None:
    unit = Unit("earmark-health@.service")
    assert unit.get("Conflicts") == unit.get("After") == "earmark-voice.service"
    assert "start earmark-voice.service" in unit.get("ExecStopPost")
    assert unit.get("ProtectSystem") == "strict" and not unit.all("ReadWritePaths")
    hidden = unit.get("InaccessiblePaths")
    assert all(f"-/var/lib/earmark/{path}" in hidden for path in ("keys", "till/people", "till/factors.json"))
    boot, words = _split(unit.command())
    assert boot == BOOT and words[0] == "firmware_update.gate"


def test_the_updater_is_watched_and_has_its_slots_only() -> None:
    unit = Unit("earmark-updater.service")
    boot, words = _split(unit.command())
    assert boot == BOOT and words[0] == "firmware_update.cli" and "run" in words
    assert unit.get("ReadWritePaths") == "/opt/earmark/slots" and unit.get("ProtectSystem") == "strict"
    assert unit.get("Type") == "notify" and unit.get("Restart") == "always"
    assert int(unit.get("WatchdogSec")) > 0
    assert unit.yes("PrivateNetwork") and unit.get("CapabilityBoundingSet") == "CAP_DAC_READ_SEARCH"
    assert Unit("earmark-restart.path").get("PathChanged") == f"/opt/earmark/slots/{SWITCHED}"


def test_what_has_the_network_writes_to_one_folder_and_is_asked_by_root_alone() -> None:
    unit = Unit("earmark-fetch@.service")
    boot, before, after = _split(unit.command())
    assert boot == BOOT and before[0] == "agent.plumbing.launcher" and "updater" in before
    assert after[:3] == ["{python}", "-m", "firmware_update.fetching"]
    assert (
        unit.get("ReadWritePaths") == "/opt/earmark/slots/incoming" and unit.get("User") == "earmark-updater"
    )
    for name in ("fetch", "health"):
        door = Unit(f"earmark-{name}.socket")
        assert door.yes("Accept") and (door.get("SocketUser"), door.get("SocketMode")) == ("root", "0600")
        assert door.get("ListenStream") in Unit("earmark-updater.service").command()


def test_what_starts_another_release_runs_nothing_of_it() -> None:
    unit = Unit("earmark-restart.service")
    words = unit.command()
    assert words[:4] == [unit_scores.INSTALLED_PYTHON, "-P", "-m", "firmware_update.restart"]
    assert {f"earmark-{name}.service" for name in (*SERVICES, "updater")} == set(restart.UNITS)
    assert unit.get("TimeoutStartSec") == "15min" and 2 * restart.PATIENCE_SECONDS < 14 * 60, "there and back"


def test_another_key_is_taken_up_by_root_before_the_till_and_makes_none() -> None:
    unit = Unit("earmark-keys.service")
    boot, words = _split(shlex.split(unit.get("ExecCondition")))
    assert boot == BOOT and words[0] == "agent.cli" and words[-2:] == ["keys", "take-up"]
    assert unit.command()[-2:] == ["try-restart", "earmark-till.service"]
    assert unit.get("Before") == "earmark-till.service" and unit.yes("PrivateNetwork")
    assert unit.get("ProtectSystem") == "strict" and unit.get("CapabilityBoundingSet") == "CAP_DAC_OVERRIDE"
    assert f"/var/lib/earmark/till/{OFFERED}" in unit.all("ConditionPathExists"), "wherever the key is kept"
    written = Unit("earmark-keys.path").get("PathChanged")
    assert written == f"/var/lib/earmark/till/{CHANGES}"


def test_each_service_is_given_its_own_keys_and_no_others() -> None:
    given = {
        name: {line.split(":")[0] for line in Unit(f"earmark-{name}.service").all("LoadCredential")}
        for name in SERVICES
    }
    own = {"till": {"signing.pem"}, "uplink": {"mqtt.key", "mqtt.crt"}}
    assert given == {name: own.get(name, set()) for name in SERVICES}
    for name in SERVICES:
        hidden = Unit(f"earmark-{name}.service").get("InaccessiblePaths")
        assert "-/var/lib/earmark/keys" in hidden or "-/var/lib/earmark " in hidden


def test_the_till_is_passed_the_sockets_it_knows_and_only_by_their_peers() -> None:
    till = Unit("earmark-till.service")
    sockets = [Unit(path.name) for path in sorted(UNITS.glob("earmark-till-*.socket"))]
    assert {unit.path.name for unit in sockets} == set(till.get("Requires").split())
    names = {unit.get("FileDescriptorName") for unit in sockets}
    assert names <= {*PEERS, OPERATOR}
    words = till.command()
    admitted = dict(words[i + 1].split("=") for i, word in enumerate(words) if word == "--admit")
    assert admitted == {name: f"earmark-{name}" for name in names - {OPERATOR}}
    passed = [words[i + 1] for i, word in enumerate(words) if word == "--pass-fd"]
    assert passed == [str(3 + i) for i in range(len(sockets))]
    for unit in sockets:
        name = unit.get("FileDescriptorName")
        assert unit.get("Service") == "earmark-till.service"
        assert (unit.get("SocketUser"), unit.get("SocketMode")) == ("root", "0660")
        assert unit.get("SocketGroup") == ("earmark" if name == OPERATOR else f"earmark-{name}")
        if name != OPERATOR:
            neighbour = Unit(f"earmark-{name}.service").command()
            assert neighbour[neighbour.index("--till") + 1] == unit.get("ListenStream")


def test_the_target_holds_every_service() -> None:
    target = Unit("earmark.target")
    wanted = {word for line in target.all("Wants") for word in line.split()}
    updating = {"earmark-updater.service", "earmark-restart.path"}
    updating |= {"earmark-fetch.socket", "earmark-health.socket"}
    keys = {"earmark-keys.path", "earmark-keys.service"}
    assert wanted == {f"earmark-{name}.service" for name in SERVICES} | updating | keys
    for path in UNITS.iterdir():
        if path.name not in ("earmark.target", "earmark-restart.service"):  # which restarts the target
            assert Unit(path.name).get("PartOf") == "earmark.target"


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_users_are_made_without_home_and_shell_and_voice_may_use_sound(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    made = _sysusers(tmp_path)
    users = dict(line.split(":", 1) for line in (tmp_path / "etc/passwd").read_text().splitlines())
    groups = dict(line.split(":", 1) for line in (tmp_path / "etc/group").read_text().splitlines())
    assert set(users) == {f"earmark-{name}" for name in (*SERVICES, "updater")}
    assert all(line.endswith(":/:/usr/sbin/nologin") for line in users.values())
    assert groups["audio"].endswith(":earmark-voice")
    assert groups["earmark"].endswith(":")
    assert "not a valid" not in made


def _sysusers(root: Path) -> str:
    command = ["systemd-sysusers", f"--root={root}", str(ROOT / "systemd/sysusers.d/earmark.conf")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="no systemd-tmpfiles here")
def test_folders_are_made_and_the_keys_closed(tmp_path: Path) -> None:
    lines = (ROOT / "systemd/tmpfiles.d/earmark.conf").read_text("utf-8")
    # Only root may give folders away; what is made is the same without.
    config = tmp_path / "earmark.conf"
    config.write_text(re.sub(r"root +root|earmark-(till|updater) +earmark-(till|updater)", "- -", lines))
    command = ["systemd-tmpfiles", "--create", f"--root={tmp_path}", str(config)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("keys", "till"):
        assert (tmp_path / "var/lib/earmark" / name).stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "etc/earmark/var").readlink() == Path("/var/lib/earmark")
    assert (tmp_path / "opt/earmark/slots").is_dir()
    assert (tmp_path / "var/lib/earmark/slots").readlink() == Path("/opt/earmark/slots")


def test_unit_files_have_no_line_twice_that_counts_once() -> None:
    repeatable = {"SystemCallFilter", "LoadCredential", "After", "Wants", "Environment"}
    for path in UNITS.iterdir():
        text = re.sub(r"\\\n", " ", path.read_text("utf-8"))
        keys = [line.split("=")[0] for line in text.splitlines() if re.match(r"[A-Z]\w+=", line)]
        again = {key for key in keys if keys.count(key) > 1} - repeatable
        assert not again, f"{path.name}: {again}"
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read_string(text)
        assert set(parser.sections()) <= {"Unit", "Service", "Socket", "Path", "Install"}


@pytest.mark.parametrize(
    ("process", "section", "status"),
    [
        ("sensors", "", 3),
        ("touch", "", 3),
        ("touch", '[touch]\nkeypad_device = "/dev/input/event0"\n', 0),
        ("sensors", "[touch]\nwhat = 1\n", 255),
        ("updater", "", 3),
        ("updater", '[update]\nurl = "https://updates.example"\n', 0),
    ],
)
def test_a_process_without_work_is_skipped_and_a_faulty_file_is_a_failure(
    tmp_path: Path, process: str, section: str, status: int
) -> None:
    settings = tmp_path / "earmark.toml"
    settings.write_text(section)
    shell = shlex.split(Unit(f"earmark-{process}.service").get("ExecCondition"))
    command, _, verdict = shell[2].partition("; ")
    boot, words = _split(shlex.split(command))
    assert boot == BOOT and words[:2] == ["agent.plumbing.configured", process]
    assert configured.main([process, str(settings)]) == status
    # 1 to 254 would be "skip, and call it no failure": also of a release that cannot be imported.
    says = {0: 0, configured.NO_WORK: 1, 1: 255, 255: 255}
    for said, means in says.items():
        done = subprocess.run(["sh", "-c", f"(exit {said}); {verdict}"], check=False)
        assert done.returncode == means
