"""`earmark phone`: plays the phone, and says what a device would make of its answer."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agent.cli import main
from tests.committing.kit import CATALOGUE_FILE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.json").write_bytes(CATALOGUE_FILE.read_bytes())
    (tmp_path / "earmark.toml").write_text('[paths]\ncatalogue_file = "catalogue.json"\n')
    assert run(tmp_path, "pair", "p-0123abcd", "--out", str(tmp_path / "phone")) == 0
    return tmp_path


def run(folder: Path, *words: str) -> int:
    return main(["-s", str(folder / "earmark.toml"), "phone", *words])


def answer(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert run(folder, *words, "--phone", str(folder / "phone"), "--item", "coffee", "--quantity", "2") == 0
    return capsys.readouterr().out.strip()


def check(folder: Path, given: str, *words: str) -> int:
    pairing = str(folder / "phone" / "pairing.json")
    return run(folder, "check", given, "--pairing", pairing, "--item", "coffee", *words)


@pytest.mark.parametrize("how", ["approve", "code"])
def test_what_a_phone_gives_for_one_basket_a_device_takes_for_that_one(
    folder: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    given = answer(folder, capsys, how)
    assert check(folder, given, "--quantity", "2") == 0
    assert capsys.readouterr().out == "approved\n"
    assert check(folder, given, "--quantity", "3") == 1
    shown = capsys.readouterr()
    assert "approval_other_basket" in shown.err or shown.out == "no code of this basket in these minutes\n"


def test_a_refusal_is_none_and_another_phone_nobodys(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = answer(folder, capsys, "approve", "--refuse")
    assert check(folder, given, "--quantity", "2") == 1
    assert capsys.readouterr().out == "refused\n"
    assert run(folder, "pair", "p-0123abcd", "--out", str(folder / "other")) == 0
    other = str(folder / "other" / "pairing.json")
    assert run(folder, "check", given, "--pairing", other, "--item", "coffee", "--quantity", "2") == 1
    assert "signature_key_unknown" in capsys.readouterr().err
    broken = given[:-8] + "AAAAAAAA"
    assert check(folder, broken, "--quantity", "2") == 1
    assert "code: signature_invalid" in capsys.readouterr().err


def test_the_secrets_are_their_owners_and_never_written_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("phone.json", "pairing.json"):
        assert stat.S_IMODE((folder / "phone" / name).stat().st_mode) == 0o600
    assert run(folder, "pair", "p-0123abcd", "--out", str(folder / "phone")) == 1
    assert "code: phone_exists" in capsys.readouterr().err
    (folder / "phone" / "phone.json").write_bytes(b"{}")
    assert run(folder, "code", "--phone", str(folder / "phone"), "--item", "coffee") == 1
    assert "code: phone_unusable" in capsys.readouterr().err
