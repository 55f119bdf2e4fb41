"""`earmark catalogue check`, `try` and `import`: from what a shop wrote to what its devices are given."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.details import details_name
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.spoken_basket import spoken_line
from agent.deciding.understanding import Answer, HelpAsked, OrderAsked, understand
from agent.importing.findings import Findings
from agent.importing.reading import read_catalogue
from agent.importing.splitting import split
from agent.importing.texts import LARGEST_FILE_BYTES
from agent.importing.written import Written
from agent.plumbing import durable
from agent.plumbing.currencies import on_a_bill
from agent.plumbing.errors import CatalogueError
from agent.plumbing.terminal import plain

FILE_NAME = "catalogue.json"
SPREADSHEETS = frozenset({".csv", ".tsv", ".txt"})
"""Names of files end so that are read as tables; all others are JSON."""

MOST_SHOWN = 1_000
_WHAT_ELSE = {Answer: "an answer to a question", HelpAsked: "a call for help"}


def check(arguments: argparse.Namespace) -> int:
    """1 where there is a fault. Raises CatalogueError catalogue_missing."""
    return 0 if _read(arguments.file) else 1


def import_(arguments: argparse.Namespace) -> int:
    """Writes both documents, or nothing and 1 where there is a fault. Raises CatalogueError:
    catalogue_missing, catalogue_unwritable."""
    written = _read(arguments.file)
    if written is None:
        return 1
    documents = split(written)
    path: Path = arguments.out / FILE_NAME
    details = path.with_name(details_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Details of another catalogue are none: whatever is between the two steps, no wrong facts hold.
        durable.write(path, documents.catalogue)
        if documents.details:
            durable.write(details, documents.details)
        else:
            details.unlink(missing_ok=True)
    except OSError as error:
        raise CatalogueError(
            "catalogue_unwritable",
            f"cannot write in {arguments.out}: {error.strerror}",
            "name another folder",
        ) from error
    print(f"wrote {path}" + (f" and {details}" if documents.details else ""))
    return 0


def try_(arguments: argparse.Namespace) -> int:
    """Shows what a device would understand; 1 where that is no order. Raises CatalogueError:
    catalogue_missing, catalogue_language."""
    written = _read(arguments.file, compare_names=False)
    if written is None:
        return 1
    catalogue = parse_catalogue(split(written).catalogue)
    parser = SentenceParser(compile_sentences(catalogue, arguments.language))
    meaning = understand(parser, catalogue, "order", arguments.words, arguments.words)
    if not isinstance(meaning, OrderAsked):
        print(f"no order: {_WHAT_ELSE.get(type(meaning), 'not understood')}")
        return 1
    for line in meaning.basket.lines:
        said = spoken_line(line, arguments.language)
        print(plain(f"{said}: {on_a_bill(line.total.minor, line.total.currency)} ({line.sku})"))
    return 0


def _read(path: Path, *, compare_names: bool = True) -> Written | None:
    findings = Findings()
    written = read_catalogue(
        _bytes(path),
        findings,
        spreadsheet=path.suffix.lower() in SPREADSHEETS,
        compare_names=compare_names,
    )
    found = (*findings.faults, *findings.warnings)
    for one in found[:MOST_SHOWN]:
        print(plain(one.shown(path.name)), file=sys.stdout if one.warning else sys.stderr)
    if len(found) > MOST_SHOWN:
        print(f"and {len(found) - MOST_SHOWN} more")
    sys.stderr.flush()
    what = f"{len(findings.faults)} faults, {len(findings.warnings)} warnings"
    if written is not None:
        what = f"version {written.version}, {len(written.products)} products, {what}"
    print(f"{path.name}: {what}")
    return written


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise CatalogueError(
            "catalogue_missing", f"cannot read {path}: {error.strerror}", "name the shop's catalogue"
        ) from error
