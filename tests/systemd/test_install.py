"""scripts/install and scripts/uninstall, run for real against a scratch root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent import __version__
from tests.plumbing.stand_ins import comes_true
from tests.systemd.device import provisioned_device
from tests.systemd.installing import NETWORKS, SYSTEM_PYTHON, run
from tests.systemd.units import ROOT, UNITS

pytestmark = pytest.mark.skipif(not Path(SYSTEM_PYTHON).exists(), reason=f"no {SYSTEM_PYTHON}")


@pytest.fixture
def root(installed_root: Path) -> Path:
    return installed_root


def python_of(root: Path) -> Path:
    return root / "opt/earmark/venv/bin/python"


@pytest.mark.slow
def test_everything_has_its_place(root: Path) -> None:
    assert {path.name for path in UNITS.iterdir()} <= {
        path.name for path in (root / "etc/systemd/system").iterdir()
    }
    for folder in ("sysusers.d", "tmpfiles.d"):
        assert (root / "etc" / folder / "earmark.conf").exists()
    for name in ("earmark", "earmark-update"):
        command = root / "usr/local/bin" / name
        assert command.stat().st_mode & 0o777 == 0o755
        assert run("sh", "-n", command).returncode == 0
    allowed = (root / "etc/systemd/system/earmark-uplink.service.d/50-broker-network.conf").read_text()
    assert [line for line in allowed.splitlines() if "=" in line] == [
        "IPAddressDeny=any",
        *(f"IPAddressAllow={network}" for network in NETWORKS),
    ]


@pytest.mark.slow
def test_the_installed_code_runs_by_itself_and_has_its_models(root: Path, tmp_path: Path) -> None:
    find = "import agent, onnxruntime; print(agent.__file__); print(onnxruntime.__file__)"
    slots = root / "opt/earmark/slots"
    boot = [python_of(root), "-P", "-m", "firmware_update.boot", "--slots", slots, "--"]
    silent = {"ORT_DISABLE_TELEMETRY": "1"}  # as the product sets it
    nobodys = {"HOME": "/nonexistent", "PYTHONPATH": "", "PATH": "/usr/bin:/bin"} | silent
    found = subprocess.run(
        [python_of(root), "-P", "-c", find], cwd=tmp_path, env=nobodys, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    assert all(line.startswith(str(root / "opt/earmark/")) for line in found.stdout.splitlines())
    said = subprocess.run(
        [*boot, "agent.cli", "--version"], cwd=tmp_path, env=nobodys, capture_output=True, text=True
    )
    assert said.stdout == f"earmark {__version__}\n", said.stderr
    verify = [*boot, "agent.model_store", "verify"]
    assert subprocess.run(verify, cwd=tmp_path, env=nobodys, check=False).returncode == 0
    listed = subprocess.run(
        [python_of(root), "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert "pytest" not in listed.stdout  # what only tests need does not go onto a device


@pytest.mark.slow
def test_the_installed_device_runs_as_its_units_say(root: Path) -> None:
    with provisioned_device(root) as device:
        device.start_ready("till", "voice", "uplink")
        assert comes_true(lambda: device.health().voice)
        assert comes_true(lambda: device.health().broker_reason != "uplink_not_connected")
        maps = Path(f"/proc/{device.services['voice'].process.pid}/maps").read_text()
        assert f"{root}/opt/earmark/environments/" in maps
        assert str(ROOT) not in maps


@pytest.mark.slow
def test_nothing_of_it_leads_back_to_the_checkout_or_into_a_home(root: Path) -> None:
    app = root / "opt/earmark/app"
    for path in (root / "opt/earmark").rglob("*"):
        if path.is_symlink() and "environments" not in path.relative_to(root / "opt/earmark").parts[:1]:
            assert path.resolve().is_relative_to(root / "opt/earmark"), path
            assert not path.readlink().is_absolute()
    commands = (root / "usr/local/bin").iterdir()
    for path in [*app.rglob("*.pyc"), *(root / "etc").rglob("*"), *commands]:
        if path.is_file():
            assert str(ROOT).encode() not in path.read_bytes(), path
    assert Path(os.path.realpath(python_of(root))).is_relative_to("/usr")
    writable = [path for path in app.rglob("*") if path.stat().st_mode & 0o022]
    assert not writable


@pytest.mark.slow
def test_a_second_run_changes_nothing_that_counts(root: Path) -> None:
    stamp = python_of(root).parents[1] / "complete"
    before = stamp.stat().st_mtime_ns
    files = sorted(path.relative_to(root) for path in root.rglob("*") if "__pycache__" not in path.parts)
    done = run("scripts/install", "--root", root)
    assert done.returncode == 0, done.stdout
    assert "packages: as in requirements.lock already" in done.stdout
    assert "models: all there" in done.stdout
    assert "in slot a" in done.stdout
    assert stamp.stat().st_mtime_ns == before
    assert files == sorted(p.relative_to(root) for p in root.rglob("*") if "__pycache__" not in p.parts)


@pytest.mark.slow
def test_a_device_is_provisioned_and_taken_away_but_for_its_state(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "root"
    shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns("app", "site-packages", "a"))
    state = copy / "var/lib/earmark"
    state.mkdir(parents=True)
    (copy / "etc/earmark").mkdir()
    (copy / "etc/earmark/var").symlink_to(state)  # as tmpfiles.d says, in the scratch root
    provision = [python_of(root), "-P", "-m", "agent.cli", "provision", copy / "etc/earmark"]
    assert run(*provision, "--device-id", "shelf").returncode == 0
    key = state / "keys/signing.pem"
    assert key.stat().st_mode & 0o777 == 0o600

    done = run("scripts/uninstall", "--root", copy)
    assert done.returncode == 0, done.stdout
    assert "kept" in done.stdout and "--purge" in done.stdout
    left = {path.relative_to(copy).parts[:2] for path in copy.rglob("*") if path.is_file()}
    assert left == {("etc", "earmark"), ("var", "lib"), ("etc", "systemd")}
    assert key.exists()
    assert not (copy / "opt/earmark").exists()

    assert run("scripts/uninstall", "--root", copy).returncode == 0  # a second time does no harm
    assert run("scripts/uninstall", "--root", copy, "--purge").returncode == 0
    assert not [path for path in copy.rglob("*") if path.is_file()]


def test_an_interpreter_in_a_home_is_refused(tmp_path: Path) -> None:
    homely = tmp_path / "python3"
    homely.write_text("#!/bin/sh\necho /home/user1/lib/python3.11\n")
    homely.chmod(0o755)
    done = run("scripts/install", "--root", tmp_path / "root", EARMARK_PYTHON=str(homely))
    assert done.returncode == 1
    assert "stands in somebody's home" in done.stdout
    assert "mend it with:" in done.stdout
    assert not (tmp_path / "root/opt").exists()


@pytest.mark.parametrize(
    "words", [["--what"], ["--root"], ["--broker-network", "broker.example"], ["--broker-network"]]
)
def test_a_wrong_argument_is_named_with_the_right_one(words: list[str]) -> None:
    done = run("scripts/install", *words)
    assert done.returncode == 1
    assert "mend it with:  scripts/install" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_user_without_rights_is_told_what_to_do() -> None:
    for script in ("scripts/install", "scripts/uninstall"):
        text = f"ROOT={ROOT}; source {ROOT}/scripts/common.sh; source {ROOT}/scripts/installed_files.sh; "
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail; {text} need_root_rights {script}"],
            user="nobody",
            capture_output=True,
            text=True,
            cwd="/",
        )
        assert done.returncode == 1
        assert f"mend it with:  sudo {script}" in done.stderr
