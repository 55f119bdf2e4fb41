"""`earmark people …` at a running till: who is there, what they are, all that is known, and forgetting."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.plumbing import operator
from agent.till.people_asked import _pieces
from tests.till.test_forgetting import traces
from tests.till.till_process import TillProcess, running_till


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    root = tmp_path_factory.mktemp("till")
    with running_till(root) as device:
        (root / "state" / "operator.sock").symlink_to(root / "operator.sock")
        yield device


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def earmark(device: TillProcess, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main(["-s", str(device.settings_file), "people", *words])
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return run


def test_it_lists_adds_gives_a_role_remembers_exports_and_forgets(
    device: TillProcess, earmark: Run, tmp_path: Path
) -> None:
    assert "Anna  agreed and enrolled" in earmark()[1]
    status, shown = earmark("add", "Carla Quux")
    assert status == 0 and "without a voice" in shown
    pseudonym = shown.split()[0]
    assert f"earmark badge {pseudonym}" in shown
    assert "is child in the rules" in earmark("role", "carla quux", "child")[1]
    assert "may be used for suggestions" in earmark("remember", pseudonym)[1]
    rows = json.loads(earmark("list", "--json")[1])
    assert [(row["name"], row["voice"], row["role"]) for row in rows if row["person"] == pseudonym] == [
        ("Carla Quux", False, "child")
    ]
    known = json.loads(earmark("export", "Carla Quux")[1])
    assert (known["name"], known["voice"], known["role"]) == ("Carla Quux", None, "child")
    assert known["history_may_be_used"] is True
    assert [decision["what"] for decision in known["decisions"]] == ["person_added", "role_set"]
    out = tmp_path / "anna.json"
    assert earmark("export", "Anna", "--templates", "--out", str(out))[0] == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text())["voice"]["clean"] == [1.0, 0.0, 0.0]
    assert "code: export_unwritable" in earmark("export", "Anna", "--out", str(out))[1]
    assert '"clean"' not in earmark("export", "Anna")[1]
    status, shown = earmark("forget", "Carla Quux")
    assert status == 0 and shown.startswith("Forgotten:")
    assert traces(device.folder, "Carla Quux", pseudonym) == []
    assert "code: person_unknown" in earmark("forget", "Carla Quux")[1]
    assert "code: person_unknown" in earmark("--forget", pseudonym)[1]


def test_two_of_one_name_are_told_apart(earmark: Run) -> None:
    both = [earmark("add", "Dora")[1].split()[0] for _ in range(2)]
    status, shown = earmark("role", "Dora", "child")
    assert status == 1 and "code: person_ambiguous" in shown
    assert all(one in shown for one in both)
    assert earmark("--forget", both[0])[0] == 0
    assert earmark("role", "Dora", "child")[0] == 0
    status, shown = earmark("role", "Dora", "No Such")
    assert "code: operator_request" in shown


def test_what_went_wrong_is_listed_and_cleared(
    device: TillProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    def feedback(*words: str) -> str:
        capsys.readouterr()
        assert main(["-s", str(device.settings_file), "feedback", *words]) == 0
        return capsys.readouterr().out

    assert feedback("list").startswith("Nobody has said that anything went wrong")
    with device.client() as client:
        for text in ("order two bags of coffee", "that was wrong"):
            client.send(operator.ChatLine("en", text))
            client.receive(operator.ChatReply)
    [row] = json.loads(feedback("list", "--json"))
    assert [turn["said"] for turn in row["turns"]] == ["clock_untrusted"]
    assert "two bags of medium roast coffee" in feedback("list", "--limit", "1")
    device.kill_and_start_again()
    assert feedback("clear") == "Forgotten: 1.\n"
    assert feedback("list").startswith("Nobody has said")


def test_an_export_says_that_there_is_a_phone(device: TillProcess, earmark: Run, tmp_path: Path) -> None:
    pseudonym = earmark("add", "Erna")[1].split()[0]
    assert json.loads(earmark("export", "Erna")[1])["phone"] is False
    settings, phone = ["-s", str(device.settings_file)], tmp_path / "phone"
    assert main(["phone", "pair", pseudonym, "--out", str(phone)]) == 0
    assert main([*settings, "phone", "add", str(phone / "pairing.json")]) == 0
    assert json.loads(earmark("export", "Erna")[1])["phone"] is True


def test_an_export_longer_than_a_frame_comes_whole() -> None:
    known = {"orders": ["żółć" * 100] * 100}
    pieces = list(_pieces(known))
    assert len(pieces) > 1
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert json.loads("".join(piece.text for piece in pieces)) == known
