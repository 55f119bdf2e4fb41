"""`earmark catalogue load`, `status` and `doctor` beside a running till that is brought a new catalogue."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.plumbing.supervisor import operator_socket
from tests.plumbing.sandboxes import ROOT
from tests.plumbing.stand_ins import comes_true
from tests.till.test_new_catalogue import SECOND, V2, answer, bring, catalogue, hear_by, state, voice_comes
from tests.till.till_process import TillProcess, running_till


@pytest.fixture
def till(tmp_path: Path) -> Iterator[TillProcess]:
    with running_till(tmp_path) as till:
        operator_socket(tmp_path / "state").symlink_to(tmp_path / "operator.sock")
        till.health()
        yield till


def command(till: TillProcess, *words: str) -> list[str]:
    return [sys.executable, "-m", "agent.cli", "-s", str(till.settings_file), *words]


def start(till: TillProcess, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(till, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


def shown(till: TillProcess, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    main(["-s", str(till.settings_file), *words])
    return capsys.readouterr().out


def test_it_is_followed_until_it_is_in_use_and_status_shows_both(
    till: TillProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    voice_comes(till)
    assert shown(till, capsys, "status").splitlines()[1] == "catalogue version 1, 20 products"
    till.catalogue_file.write_bytes(SECOND)
    loading = start(till, "catalogue", "load")
    assert comes_true(lambda: state(till).next_stage == "waiting")
    waits = "catalogue version 1, 20 products; catalogue version 2 waits until nobody is being heard"
    assert shown(till, capsys, "status").splitlines()[1] == waits
    hear_by(till, V2)
    out, _ = loading.communicate()
    assert loading.returncode == 0
    assert out.splitlines() == [
        "version 2, 21 products",
        "it is being compiled; the one before serves",
        "compiled; it is taken up as soon as nobody is being heard",
        "in use",
    ]
    found = json.loads(shown(till, capsys, "status", "--json"))["catalogue"]
    assert (found["version"], found["products"], found["next_version"]) == (2, 21, 0)
    told = {finding["detail"]: finding for finding in json.loads(shown(till, capsys, "doctor", "--json"))}
    assert told["serves catalogue version 2, 21 products"]["state"] == "ok"


def test_faults_are_named_at_once_and_the_device_is_not_asked(
    till: TillProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.json"
    raw = json.loads(SECOND)
    raw["products"][0]["unit"] = ""
    raw["products"][1]["price_minor"] = -5
    file.write_text(json.dumps(raw))
    assert main(["-s", str(till.settings_file), "catalogue", "load", str(file)]) == 1
    told = capsys.readouterr().err
    assert "catalogue_invalid" in told and "unit is empty" in told and "below zero" in told
    assert main(["-s", str(till.settings_file), "catalogue", "load", str(tmp_path / "none")]) == 1
    assert "catalogue_missing" in capsys.readouterr().err
    assert state(till).fault == ""


def test_what_only_the_compiler_finds_is_told_by_command_status_and_doctor(
    till: TillProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = json.loads(catalogue(2))
    raw["products"][0]["unit"] = "firkin"
    file = tmp_path / "new.json"
    file.write_text(json.dumps(raw))
    assert main(["-s", str(till.settings_file), "catalogue", "load", str(file)]) == 1
    told = capsys.readouterr().err
    assert "code: catalogue_unit" in told and "next: use one of" in told
    assert "was not taken (catalogue_unit): earmark doctor" in shown(till, capsys, "status")
    found = json.loads(shown(till, capsys, "doctor", "--json"))
    [refused] = [each for each in found if "catalogue_unit" in each["detail"]]
    assert refused["state"] == "note" and refused["next_step"].startswith("use one of")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_an_operator_who_could_not_write_the_file_cannot_bring_one(till: TillProcess, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    (tmp_path / "operator.sock").chmod(0o777)
    os.seteuid(65_534)
    try:
        client = bring(till, SECOND)
    finally:
        os.seteuid(0)
    with client:
        assert answer(client) == "catalogue_not_allowed"
    assert state(till).next_version == 0
