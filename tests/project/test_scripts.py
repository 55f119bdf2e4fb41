"""The scripts do what they say: they parse, a second setup does nothing, and what is missing is named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL_FILES = sorted(
    path
    for folder in ("scripts", ".ci")
    for path in (ROOT / folder).iterdir()
    if path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/usr/bin/env bash"))
)


def _run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _copy_of_setup(target: Path) -> Path:
    """What scripts/setup reads, without an environment."""
    for name in ("pyproject.toml", "requirements.lock", "models/models.toml"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    shutil.copytree(ROOT / "scripts", target / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.mark.parametrize("path", SHELL_FILES, ids=lambda path: path.name)
def test_every_shell_script_parses(path: Path) -> None:
    assert _run("bash", "-n", path).returncode == 0


def test_the_scripts_people_call_are_executable() -> None:
    for name in ("scripts/setup", "scripts/test", "scripts/check", "scripts/lock", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name


@pytest.mark.parametrize("name", ["README.md", "README.pl.md"])
def test_the_scripts_the_readme_names_exist(name: str) -> None:
    if not (ROOT / name).exists():
        pytest.skip(f"{name} is not written yet")
    named = set(re.findall(r"\bscripts/[a-z_]+\b", (ROOT / name).read_text(encoding="utf-8")))
    assert {"scripts/demo", "scripts/test"} <= named
    for script in named:
        assert os.access(ROOT / script, os.X_OK), script


def test_a_second_setup_does_nothing() -> None:
    first = _run("scripts/setup")
    assert first.returncode == 0, first.stdout
    stamp = (ROOT / ".venv/setup.stamp").stat().st_mtime_ns
    second = _run("scripts/setup")
    assert second.returncode == 0
    assert second.stdout.splitlines() == ["setup: everything is in place"]
    assert (ROOT / ".venv/setup.stamp").stat().st_mtime_ns == stamp


def test_a_python_that_does_not_fit_is_named(tmp_path: Path) -> None:
    ended = _run("scripts/setup", cwd=_copy_of_setup(tmp_path), EARMARK_PYTHON="/bin/false")
    assert ended.returncode == 1
    assert "EARMARK_PYTHON=/bin/false is not a Python 3.11 to 3.13" in ended.stdout
    assert "mend it with:  unset EARMARK_PYTHON" in ended.stdout
    assert not (tmp_path / ".venv").exists()


def test_without_any_python_the_packages_to_install_are_named(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in (
        "bash",
        "env",
        "dirname",
        "cat",
        "sha256sum",
        "cut",
        "grep",
        "mktemp",
        "rm",
        "sleep",
        "tail",
    ):
        (tools / name).symlink_to(shutil.which(name) or pytest.fail(name))
    ended = _run(
        tools / "bash", "scripts/setup", cwd=_copy_of_setup(tmp_path), PATH=str(tools), EARMARK_PYTHON=""
    )
    assert ended.returncode == 1
    assert "no Python 3.11, 3.12 or 3.13 was found" in ended.stdout
    assert "sudo apt-get install python3.11 python3.11-venv" in ended.stdout


def _system_packages(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    sources = f"source {ROOT}/scripts/common.sh; source {ROOT}/scripts/system_packages.sh"
    return _run("bash", "-c", f"set -euo pipefail; {sources}; {script}", **environment)


def test_a_library_is_found_however_long_the_list_goes_on_after_it(tmp_path: Path) -> None:
    listing = tmp_path / "ldconfig"
    listing.write_text("#!/bin/sh\necho libwanted.so.2\nseq 100000\n", encoding="utf-8")
    listing.chmod(0o755)
    asked = "has_library libwanted.so.2 && echo there; has_library libother.so.2 || echo missing"
    ended = _system_packages(asked, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert ended.stdout.split() == ["there", "missing"]


def test_services_are_kept_from_starting_and_the_guard_goes_away_again(tmp_path: Path) -> None:
    guard = tmp_path / "policy-rc.d"
    ended = _system_packages(f"APT_GUARD={guard}; set_apt_guard; {guard} || echo status $?; undo_apt_guard")
    assert ended.stdout.strip() == "status 101"
    assert not guard.exists()


def test_too_little_room_is_said_before_anything_is_downloaded(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "df").write_text("#!/bin/sh\necho head\necho disk 1 1 204800 99% /\n", encoding="utf-8")
    (tools / "df").chmod(0o755)
    ended = _run("bash", "scripts/setup", cwd=_copy_of_setup(tmp_path), PATH=f"{tools}:{os.environ['PATH']}")
    assert ended.returncode == 1
    assert "has 200 MB of free space" in ended.stdout


def test_the_guard_goes_away_when_the_installation_is_interrupted(tmp_path: Path) -> None:
    guard = tmp_path / "policy-rc.d"
    script = (
        f"APT_GUARD={guard}; trap 'finish_running; undo_apt_guard' EXIT; set_apt_guard; kill -INT $$; sleep 5"
    )
    assert _system_packages(script).returncode == 130
    assert not guard.exists()


def test_somebody_elses_guard_is_left_alone(tmp_path: Path) -> None:
    guard = tmp_path / "policy-rc.d"
    guard.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    assert _system_packages(f"APT_GUARD={guard}; set_apt_guard; undo_apt_guard").returncode == 0
    assert guard.read_text(encoding="utf-8") == "#!/bin/sh\nexit 0\n"


def test_a_guard_that_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    guard = tmp_path / "policy-rc.d"
    assert _system_packages(f"APT_GUARD={guard}; set_apt_guard; kill -KILL $$").returncode != 0
    assert guard.exists()
    assert _system_packages(f"APT_GUARD={guard}; set_apt_guard; undo_apt_guard").returncode == 0
    assert not guard.exists()


def test_without_apt_the_packages_are_named(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    script = f"PATH={tmp_path}; install_system_packages mosquitto flite"
    ended = _system_packages(script)
    assert bash
    assert ended.returncode == 1
    assert "this system has no apt-get" in ended.stdout
    assert "mosquitto flite" in ended.stdout


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root to become nobody")
def test_a_user_without_sudo_is_given_the_command() -> None:
    # not tmp_path: only root may enter that
    with tempfile.TemporaryDirectory(prefix="earmark-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "apt-get").symlink_to("/bin/false")
        for file in ("common.sh", "system_packages.sh"):
            shutil.copy(ROOT / "scripts" / file, folder)
        script = 'source ./common.sh; source ./system_packages.sh; PATH="$PWD"; install_system_packages flite'
        shell = ("bash", "-c", f"set -euo pipefail; {script}")
        ended = _run("setpriv", "--reuid=65534", "--clear-groups", *shell, cwd=folder)
    assert ended.returncode == 1
    assert "not root, and no sudo here" in ended.stdout
    assert "apt-get install --no-install-recommends flite" in ended.stdout


def test_a_command_that_fails_shows_the_end_of_its_output() -> None:
    ended = _system_packages("with_progress 'one step' bash -c 'echo the reason; exit 7' || echo status $?")
    assert ended.stdout.splitlines() == [
        "  one step",
        "    failed; the end of its output:",
        "the reason",
        "status 7",
    ]


@pytest.mark.parametrize(("failing", "status"), [("check", 1), ("test", 5), ("none", 0)])
def test_ci_ends_at_the_first_failure(tmp_path: Path, failing: str, status: int) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    for name in ("check", "test"):
        script = tmp_path / "scripts" / name
        script.write_text(
            f"#!/bin/sh\necho ran {name} $*\nexit {status if name == failing else 0}\n", "utf-8"
        )
        script.chmod(0o755)
    ended = _run("bash", ".ci/run", cwd=tmp_path)
    ran = [line.strip() for line in ended.stdout.splitlines() if line.startswith("ran")]
    expected = {"check": ["ran check"], "test": ["ran check", "ran test"]}
    assert ended.returncode == status
    assert ran == expected.get(failing, ["ran check", "ran test", "ran test --slow"])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_fresh_clone_sets_itself_up_and_mends_a_damaged_model(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    assert _run("git", "clone", "--quiet", ROOT, clone).returncode == 0
    first = _run("scripts/setup", cwd=clone, EARMARK_MODEL_MIRROR=str(ROOT / "models/files"))
    assert first.returncode == 0, first.stdout
    assert "models: 3 fetched" in first.stdout
    assert _run("scripts/setup", cwd=clone).stdout.splitlines() == ["setup: everything is in place"]

    tokenizer = clone / "models/files/asr-moonshine-tiny-en/tokenizer.bin"
    tokenizer.write_bytes(tokenizer.read_bytes()[:-1])
    mended = _run("scripts/setup", cwd=clone, EARMARK_MODEL_MIRROR=str(ROOT / "models/files"))
    assert mended.returncode == 0, mended.stdout
    assert "asr-moonshine-tiny-en: ready" in mended.stdout
    assert tokenizer.read_bytes() == (ROOT / "models/files/asr-moonshine-tiny-en/tokenizer.bin").read_bytes()
    assert _run(".venv/bin/python", "-m", "agent.model_store", "verify", cwd=clone).returncode == 0
