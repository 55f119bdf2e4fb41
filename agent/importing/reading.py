"""From a shop's file to its catalogue: everything that is wrong with it at once, and what is doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from agent.deciding.catalogue import Catalogue, Path, catalogue_faults
from agent.deciding.products import Option
from agent.importing.csv_file import read_csv
from agent.importing.findings import Findings, Line
from agent.importing.json_file import read_json
from agent.importing.judging import judge_facts, judge_languages, judge_sales
from agent.importing.naming import judge_names
from agent.importing.partly import without_faults
from agent.importing.shapes import misshapen
from agent.importing.sounding import judge_sounds
from agent.importing.texts import text_of
from agent.importing.understood import judge_sentences
from agent.importing.written import Written, WrittenProduct


class Entries(NamedTuple):
    """What of the file has the right shape, with the path to it. A product that is misshapen in a part is
    there without that part. `ids`: of all products of the file."""

    products: tuple[tuple[Path, WrittenProduct], ...]
    options: tuple[tuple[Path, Option], ...]
    ids: frozenset[str]


def read_catalogue(
    data: bytes, findings: Findings, *, spreadsheet: bool, compare_names: bool = True
) -> Written | None:
    """What a shop wrote; `data` is CSV where it is of a `spreadsheet`, else JSON. What is wrong with it is
    added to `findings`, and what is doubtful; with a fault there is no catalogue. To `compare_names` takes
    seconds for hundreds of products."""
    text = text_of(data, findings, spreadsheet=spreadsheet)
    if text is None:
        return None
    raw, line = (read_csv if spreadsheet else read_json)(text, findings)
    if not raw:
        return None
    entries = _well_shaped(raw, findings, line)
    catalogue = Catalogue(
        schema_version=1,
        shop_id="shop",
        version=1,
        currency="XXX",
        products=tuple(product.product() for _, product in entries.products),
        options=tuple(option for _, option in entries.options),
    )
    if not raw.get("products"):
        findings.fault(line(("products",)), "there is no product")
        return None
    for fault in catalogue_faults(catalogue) if entries.products else ():
        findings.fault(line(_in_file(fault.path, entries)), fault.text)
    judge_facts(entries.products, entries.ids, findings, line)
    judge_sales(catalogue, entries.products, findings, line)
    judge_names(entries.products, findings, line)
    if findings.faults:
        return None
    if compare_names:
        judge_sounds(entries.products, findings, line)
    judge_languages(entries.products, raw["currency"], findings)
    judge_sentences(catalogue, entries.products, findings, line)
    return msgspec.convert(raw, Written)


def _well_shaped(raw: dict[str, Any], findings: Findings, line: Line) -> Entries:
    bad: dict[Path, list[Path]] = {}
    for one in misshapen(raw, Written):
        findings.fault(line(one.path), f"{_named(one.path, raw)}{one.text}")
        bad.setdefault(one.path[:2], []).append(one.path[2:])
    options = [
        (path, msgspec.convert(value, Option)) for path, value in _listed(raw, "options") if path not in bad
    ]
    unclear = {str(value.get("id")) for path, value in _listed(raw, "options") if path in bad}
    products = [
        (path, without_faults(value, bad.get(path, ()), unclear)) for path, value in _listed(raw, "products")
    ]
    ids = frozenset(str(value.get("id")) for _, value in _listed(raw, "products"))
    return Entries(tuple((path, product) for path, product in products if product), tuple(options), ids)


def _named(path: Path, raw: dict[str, Any]) -> str:
    """E.g. "product 'tea', words.en: "; where it has no id, "product 3: "."""
    match path:
        case ("products" | "options" as key, int(at), *rest):
            values = raw[key]
            known = values[at].get("id") if isinstance(values[at], dict) else None
            name = f"{key[:-1]} {known!r}" if isinstance(known, str) else f"{key[:-1]} {at + 1}"
            return ", ".join((name, *([".".join(map(str, rest))] if rest else []))) + ": "
        case (str(key), *_):
            return f"{key}: "
    return ""


def _listed(raw: dict[str, Any], key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    values = raw.get(key)
    for at, value in enumerate(values if isinstance(values, list) else ()):
        if isinstance(value, dict):
            yield (key, at), value


def _in_file(path: Path, entries: Entries) -> Path:
    """A path in a catalogue of the well-shaped entries alone, as one in the file."""
    if len(path) < 2:
        return path
    of = entries.products if path[0] == "products" else entries.options
    return (*of[int(path[1])][0], *path[2:])
