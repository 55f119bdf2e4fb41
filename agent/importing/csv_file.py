"""A catalogue that a shop wrote in a spreadsheet: three tables one below the other, saved as CSV.

First what holds for all ("shop_id", "version", "currency", each with its value), then the choices of options
(begins with "option"), then the products (begins with "id"). It becomes the object that the JSON would be.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from agent.deciding.catalogue import Path
from agent.importing.cells import amount, is_date, minor_units
from agent.importing.findings import Findings, line_of

_HEAD = ("shop_id", "version", "currency")
_OPTIONS, _PRODUCTS = "option", "id"
_SEPARATORS = ";\t,"
_NAMED_SEPARATOR = re.compile(r'"?sep=([;,\t])"?[;,\t]*')
"""A first line that some spreadsheets write, and then hide."""

_LISTS = ("options", "categories", "hazard", "who", "substitutes", "fits", "goes_with")
_PLAIN = ("id", "unit", "most", "pack", "price", "aisle", "bin", "offer_until")
_OF_CHOICE = ("option", "position", "choice", "default", "price")
COLUMNS = (*_PLAIN, *_LISTS, *_OF_CHOICE)
"""Beside those of languages and attributes."""

_OF_LANGUAGE = ("say", "hear", "many", "offer")
_OF_ATTRIBUTE = "attribute"


class _Row(NamedTuple):
    """`cells` without the spaces around them; the empty ones at the end are left out."""

    line: int
    cells: list[str]


class _Lines:
    """The lines on which products, options and the values of the head began."""

    def __init__(self) -> None:
        self.at: dict[Path, int] = {}

    def __call__(self, path: Path) -> int:
        return line_of(path, self.at)


def read_csv(text: str, findings: Findings) -> tuple[dict[str, Any], _Lines]:
    """What stands in the tables, and on which lines. Faults of cells are reported, and left out."""
    lines = _Lines()
    made: dict[str, Any] = {"schema_version": 2, "options": [], "products": []}
    table: _Table | None = None
    for row in _rows(text, findings):
        first = row.cells[0].lower()
        if first in (_OPTIONS, _PRODUCTS):
            table = _Table(row, findings)
        elif table is None:
            _head(row, made, lines, findings)
        elif table.of == _OPTIONS:
            _choice(table.named(row), row.line, made, lines, findings)
        else:
            lines.at["products", len(made["products"])] = row.line
            made["products"].append(_product(table.named(row), row.line, str(made.get("currency")), findings))
    if table is None or table.of != _PRODUCTS:
        findings.fault(0, "there is no table of products: its first row begins with 'id'")
    for key in _HEAD:
        if key not in made:
            findings.fault(0, f"a row '{key}, ...' is missing above the tables")
            made[key] = {"version": 1, "currency": "XXX"}.get(key, "missing")  # the rest is looked at as well
    return made, lines


def _rows(text: str, findings: Findings) -> Iterator[_Row]:
    """Rows that hold anything."""
    first, *others = text.split("\n")
    named = _NAMED_SEPARATOR.fullmatch(first)
    separator, began = named[1] if named else _separator(text), 1
    lines = ["" if named else first, *others]
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, strict=True)
    try:
        for cells in reader:
            stripped = [" ".join(cell.split()) for cell in cells]
            while stripped and not stripped[-1]:
                stripped.pop()
            if stripped:
                yield _Row(began, stripped)
            began = reader.line_num + 1
    except csv.Error as error:
        findings.fault(began, f"this row is no CSV: {error}; is a quotation mark left open?")


def _separator(text: str) -> str:
    """What stands most often in the first row that has any: spreadsheets put a semicolon where the comma is
    the decimal mark."""
    for line in text.split("\n"):
        found = max(_SEPARATORS, key=line.count)
        if found in line:
            return found
    return ","


def _head(row: _Row, made: dict[str, Any], lines: _Lines, findings: Findings) -> None:
    key, *values = row.cells
    key = key.lower()
    if key not in _HEAD:
        findings.fault(row.line, f"{key!r} is none of {', '.join(_HEAD)}, and no table begins with it")
    elif key in made:
        findings.fault(row.line, f"{key!r} is there twice")
    elif len(values) != 1:
        findings.fault(row.line, f"{key!r} has {len(values)} values; one stands beside it")
    else:
        made[key] = int(values[0]) if values[0].isdecimal() and len(values[0]) < 20 else values[0]
        lines.at[(key,)] = row.line


class _Table:
    """Its columns, from its first row."""

    def __init__(self, row: _Row, findings: Findings) -> None:
        self.of = row.cells[0].lower()
        self._findings = findings
        self._columns = [cell.lower() for cell in row.cells]
        known = _OF_CHOICE if self.of == _OPTIONS else (*_PLAIN, *_LISTS)
        for at, name in enumerate(self._columns):
            if not name:
                findings.fault(row.line, f"column {at + 1} has no name")
            elif name in self._columns[:at]:
                findings.fault(row.line, f"the column {name!r} is there twice")
            elif name not in known and not _is_named_by_kind(name):
                near = difflib.get_close_matches(name, known, n=1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                findings.fault(row.line, f"there is no column {name!r}{meant}")

    def named(self, row: _Row) -> dict[str, str]:
        """The cells that hold anything by the names of their columns."""
        if len(row.cells) > len(self._columns):
            self._findings.fault(
                row.line, f"{len(row.cells)} cells, and {len(self._columns)} columns have a name"
            )
        return {name: cell for name, cell in zip(self._columns, row.cells, strict=False) if cell}


def _is_named_by_kind(name: str) -> bool:
    """ "en", "en:hear", "attribute:thread"."""
    kind, _, of = name.partition(":")
    return (kind == _OF_ATTRIBUTE and bool(of)) or (len(kind) == 2 and (not of or of in _OF_LANGUAGE))


def _choice(
    cells: dict[str, str], line: int, made: dict[str, Any], lines: _Lines, findings: Findings
) -> None:
    options: list[dict[str, Any]] = made["options"]
    option_id = cells.get("option", "")
    option = next((one for one in options if one["id"] == option_id), None)
    if option is None:
        lines.at["options", len(options)] = line
        option = {"id": option_id, "position": cells.get("position", ""), "choices": []}
        options.append(option)
    elif cells.get("position", option["position"]) != option["position"]:
        findings.fault(line, f"option {option_id!r} stands {option['position']!r} in a row above")
    lines.at["options", options.index(option), "choices", len(option["choices"])] = line
    choice: dict[str, Any] = {"id": cells.get("choice", ""), "words": _words(cells)}
    if "price" in cells:
        choice["price_delta_minor"] = _price(cells["price"], line, str(made.get("currency")), findings)
    if cells.get("default", "").lower() in ("yes", "x", "1"):
        option["default"] = choice["id"]
    elif "default" in cells:
        findings.fault(line, f"default is 'yes' or empty, this is {cells['default']!r}")
    option["choices"].append(choice)


def _product(cells: dict[str, str], line: int, currency: str, findings: Findings) -> dict[str, Any]:
    made: dict[str, Any] = {"id": cells.get("id", ""), "words": _words(cells)}
    if "unit" in cells:
        made["unit"] = cells["unit"]
    if "price" in cells:
        made["price_minor"] = _price(cells["price"], line, currency, findings)
    else:
        findings.fault(line, "the price is missing")
        made["price_minor"] = 1
    if "most" in cells:
        made["most"] = int(cells["most"]) if cells["most"].isdecimal() else cells["most"]
    if "pack" in cells:
        if (pack := amount(cells["pack"])) is not None:
            made["pack"] = {"amount": pack[0], "unit": pack[1]}
        else:
            findings.fault(
                line, f"a pack is like '250 g', '1.5 l', '10 m' or '100', this is {cells['pack']!r}"
            )
    if "aisle" in cells or "bin" in cells:
        made["place"] = {"aisle": cells.get("aisle", ""), "bin": cells.get("bin", "")}
    for name in _LISTS:
        if name in cells:
            made[name] = _split(cells[name])
    attributes = {
        name.removeprefix(f"{_OF_ATTRIBUTE}:"): int(cell) if cell.isdecimal() and len(cell) < 16 else cell
        for name, cell in cells.items()
        if name.startswith(f"{_OF_ATTRIBUTE}:")
    }
    if attributes:
        made["attributes"] = attributes
    offer = {name[:2]: cell for name, cell in cells.items() if name[2:] == ":offer"}
    if offer:
        made["promotion"] = {"words": offer}
        if "offer_until" in cells:
            if is_date(cells["offer_until"]):
                made["promotion"]["until"] = cells["offer_until"]
            else:
                findings.fault(line, f"a day is like 2026-12-31, this is {cells['offer_until']!r}")
    elif "offer_until" in cells:
        findings.fault(line, "offer_until without an offer")
    return made


def _words(cells: dict[str, str]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    for name, cell in cells.items():
        if len(name) == 2 and name != _PRODUCTS:
            words.setdefault(name, {})["say"] = cell
        elif name[2:] == ":hear":
            words.setdefault(name[:2], {})["hear"] = _split(cell)
        elif name[2:] in (":say", ":many"):
            words.setdefault(name[:2], {})[name[3:]] = cell
    return words


def _price(cell: str, line: int, currency: str, findings: Findings) -> int:
    price = minor_units(cell, currency)
    if price is None:
        findings.fault(line, f"a price is like 12 or 12.50 or 12,50 and nothing else, this is {cell!r}")
        return 1
    return price


def _split(cell: str) -> list[str]:
    return [part for part in map(str.strip, cell.split("|")) if part]
