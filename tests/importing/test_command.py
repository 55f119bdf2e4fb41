"""`earmark catalogue check` and `import`: both documents or none, and doctor knows whether they belong
together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.cli import main
from agent.commands import catalogue_import
from agent.commands.catalogue_findings import catalogue
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.details import parse_details
from agent.deciding.edition import source_id
from agent.importing import sounding
from agent.plumbing.settings import Paths, Settings
from tests.committing.kit import CATALOGUE_FILE

pytestmark = pytest.mark.usefixtures("without_sounds")
SHOP = Path(__file__).parent / "data" / "works_shop.csv"


def test_a_table_becomes_two_files_that_belong_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["catalogue", "check", str(SHOP)]) == 0
    assert main(["catalogue", "import", str(SHOP), "--out", str(out)]) == 0
    assert "version 3, 2 products, 0 faults, 0 warnings" in capsys.readouterr().out
    source = (out / "catalogue.json").read_bytes()
    assert parse_catalogue(source).version == 3
    details = parse_details((out / "catalogue.details.json").read_bytes(), catalogue_sha256=source_id(source))
    assert details.products.keys() == {"gloves", "cream"}
    assert sorted(path.name for path in out.iterdir()) == ["catalogue.details.json", "catalogue.json"]


def test_with_a_fault_nothing_is_written_and_each_is_shown_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = tmp_path / "shop.CSV"
    faulty.write_text(SHOP.read_text("utf-8").replace("12,50", "12,5").replace("bottle", "sack\x1b[2J"))
    assert main(["catalogue", "check", str(faulty)]) == 1
    assert main(["catalogue", "import", str(faulty), "--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr()
    assert (
        "shop.CSV:10: a price is like" in shown.err and "shop.CSV:11: product 'cream': the unit" in shown.err
    )
    assert "\x1b" not in shown.err
    assert "shop.CSV: 2 faults, 0 warnings" in shown.out
    assert not (tmp_path / "out").exists()


def test_facts_that_are_gone_take_their_file_along(tmp_path: Path) -> None:
    main(["catalogue", "import", str(SHOP), "--out", str(tmp_path)])
    main(["catalogue", "import", str(CATALOGUE_FILE), "--out", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.json"]


def test_a_file_or_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalogue", "check", str(tmp_path / "none.csv")]) != 0
    assert "catalogue_missing" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main(["catalogue", "import", str(SHOP), "--out", str(tmp_path / "file")]) != 0
    assert "catalogue_unwritable" in capsys.readouterr().err


def test_thousands_of_faults_are_not_all_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_import, "MOST_SHOWN", 10)
    faulty = tmp_path / "shop.json"
    faulty.write_text(json.dumps({"schema_version": 1, "products": [{}] * 50}))
    assert main(["catalogue", "check", str(faulty)]) == 1
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 10 and "more" in shown.out


def test_doctor_says_whether_the_details_are_of_the_catalogue(tmp_path: Path) -> None:
    main(["catalogue", "import", str(SHOP), "--out", str(tmp_path)])
    settings = Settings(paths=Paths(catalogue_file=str(tmp_path / "catalogue.json")))
    found = [(finding.state, finding.detail) for finding in catalogue(settings)]
    assert ("ok", "details of 2 products") in found
    (tmp_path / "catalogue.json").write_bytes(CATALOGUE_FILE.read_bytes())
    [note] = [finding for finding in catalogue(settings) if finding.state == "note"]
    assert "details_differ" in note.detail and note.next_step
    (tmp_path / "catalogue.details.json").unlink()
    (tmp_path / "catalogue.details.json").mkdir()
    assert any("cannot read" in finding.detail for finding in catalogue(settings))
    (tmp_path / "catalogue.details.json").rmdir()
    assert [finding.state for finding in catalogue(settings)] == ["ok"]


@pytest.mark.parametrize(
    ("words", "language", "code", "shown"),
    [
        ("order gloves", "en", 0, "one box of gloves with size small: 12.50 PLN (gloves?size=small)"),
        ("order gloves and a bottle of hand cream", "en", 0, "one bottle of hand cream: 24.00 PLN (cream)"),
        ("zamów trzy butelki kremu do rąk", "pl", 0, "trzy butelki kremu do rąk: 72.00 PLN (cream)"),
        ("order two bags of coffee", "en", 1, "no order: not understood"),
        ("cancel", "en", 1, "no order: an answer to a question"),
        ("help", "en", 1, "no order: a call for help"),
        ("", "en", 1, "no order: not understood"),
    ],
)  # fmt: skip
def test_an_order_can_be_tried_without_a_device(
    words: str,
    language: str,
    code: int,
    shown: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sounding, "sounds", None)  # comparing names takes long, and has nothing to do with it
    assert main(["catalogue", "try", str(SHOP), words, "--language", language]) == code
    assert shown in capsys.readouterr().out.splitlines()


def test_a_language_that_has_no_words_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "try", str(SHOP), "x", "--language", "ko"]) != 0
    assert "catalogue_language" in capsys.readouterr().err
