"""The rules that scripts/check enforces really bite: each is broken here on purpose, in a copy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.wording import ties_to_a_machine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("agent", "firmware_update", "order_backend"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(linter), "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_code_keeps_the_import_rules(copy: Path) -> None:
    ended = _lint_imports(copy)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("agent/hearing/sneaky.py", "import agent.deciding.money", "What hears neither decides nor signs"),
        ("agent/hearing/sneaky.py", "import agent.committing", "What hears neither decides nor signs"),
        ("agent/deciding/sneaky.py", "import socket", "Deciding is pure"),
        ("agent/deciding/sneaky.py", "from time import time", "Deciding is pure"),
        ("agent/deciding/sneaky.py", "from pathlib import Path", "Deciding is pure"),
        ("agent/deciding/sneaky.py", "import agent.committing", "Deciding knows the shared values"),
        ("agent/committing/sneaky.py", "import agent.hearing", "Committing takes decisions, not sound"),
        ("agent/committing/uplink.py", "import agent.committing.intents", "What has the network neither"),
        ("agent/committing/uplink.py", "import agent.committing.journal", "What has the network neither"),
        ("agent/till/sneaky.py", "import agent.hearing", "What signs does not hear"),
        ("agent/sensing/sneaky.py", "import agent.committing.keys", "What watches sensors neither"),
        ("agent/sensing/sneaky.py", "import agent.deciding.basket", "What watches sensors neither"),
        ("order_backend/sneaky.py", "import agent.deciding.money", "The shop trusts the wire"),
        ("agent/plumbing/sneaky.py", "import order_backend", "The device does not contain the shop"),
    ],
)
def test_a_forbidden_import_is_found(copy: Path, module: str, line: str, broken: str) -> None:
    with (copy / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    ended = _lint_imports(copy)
    assert ended.returncode == 1
    verdict = [text for text in ended.stdout.splitlines() if text.startswith(broken) and "BROKEN" in text]
    assert verdict, ended.stdout


@pytest.mark.parametrize(
    "text",
    [
        "see /root" + "/.cache",
        "cd /home" + "/anna/earmark",
        "https://py" + "pi.org/simple",
        f"{ROOT}/x",
        "<" * 7 + " HEAD",
        ">" * 7 + " main",
    ],
)
def test_text_that_is_tied_to_one_machine_or_left_by_a_merge_is_found(text: str) -> None:
    assert [number for number, _ in ties_to_a_machine(f"fine\n{text}\n")] == [2]


@pytest.mark.parametrize(
    "text", ["~/.cache", "/usr/sbin/mosquitto", "the package index", "a /home directory"]
)
def test_ordinary_text_is_not(text: str) -> None:
    assert list(ties_to_a_machine(text)) == []
