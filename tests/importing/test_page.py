"""docs/catalogue.md: what stands there to be copied is a catalogue."""

from __future__ import annotations

import re

import pytest

from agent.importing.findings import Findings
from agent.importing.reading import read_catalogue
from tests.project.markdown import ROOT

pytestmark = pytest.mark.usefixtures("without_sounds")

PAGE = (ROOT / "docs" / "catalogue.md").read_text("utf-8")


def test_its_examples_are_read_without_a_warning() -> None:
    for kind, spreadsheet in (("csv", True), ("json", False)):
        [example] = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        findings = Findings()
        assert read_catalogue(example.encode(), findings, spreadsheet=spreadsheet) is not None
        assert (findings.faults, findings.warnings) == ((), ())


def test_it_names_every_column_and_key() -> None:
    from agent.importing.csv_file import COLUMNS

    assert [name for name in COLUMNS if f"`{name}`" not in PAGE] == []
