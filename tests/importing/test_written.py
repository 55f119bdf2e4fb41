"""The published schema is that of the types and says what the import says; two documents come of a file."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.details import Facts, Pack, Place, details_name, parse_details
from agent.deciding.edition import source_id
from agent.importing import written
from agent.importing.findings import Findings
from agent.importing.reading import read_catalogue
from agent.importing.shapes import misshapen
from agent.importing.splitting import split
from agent.plumbing.errors import CatalogueError
from tests.committing.kit import CATALOGUE_FILE
from tests.project.markdown import ROOT

pytestmark = pytest.mark.usefixtures("without_sounds")

SCHEMA = ROOT / "docs" / "catalogue.schema.json"
WHOLE: dict[str, Any] = {
    "schema_version": 2,
    "shop_id": "s",
    "version": 3,
    "currency": "EUR",
    "options": [
        {
            "id": "size",
            "position": "after",
            "default": "l",
            "choices": [{"id": "l", "words": {"en": {"say": "large"}}, "price_delta_minor": 50}],
        }
    ],
    "products": [
        {
            "id": "gloves",
            "unit": "box",
            "price_minor": 1200,
            "words": {"en": {"say": "gloves", "hear": ["work gloves"], "many": "gloves"}},
            "options": ["size"],
            "pack": {"amount": 100, "unit": "piece"},
            "most": 5,
            "categories": ["ppe"],
            "hazard": ["GHS02", "GHS07"],
            "who": ["trained"],
            "substitutes": ["cream"],
            "place": {"aisle": "3", "bin": "B2"},
            "attributes": {"length_mm": 300, "norm": "EN 388"},
            "fits": ["size 9"],
            "goes_with": ["cream"],
            "promotion": {"words": {"en": "Two boxes for the price of one"}, "until": "2026-12-31"},
        },
        {"id": "cream", "unit": "bottle", "price_minor": 700, "words": {"en": {"say": "hand cream"}}},
    ],
}


def test_the_published_schema_is_that_of_this_release() -> None:
    made = json.dumps(written.schema(), indent=1, ensure_ascii=False) + "\n"
    assert SCHEMA.read_text("utf-8") == made, "python -m agent.importing.written > docs/catalogue.schema.json"


def changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """WHOLE with another value there; ... takes it out."""
    made: Any = copy.deepcopy(WHOLE)
    here = made
    for key in path[:-1]:
        here = here[key]
    if value is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return dict(made)


PRODUCT = ("products", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 3),
        (("shop_id",), "S"),
        (("version",), 0),
        (("version",), ...),
        (("currency",), "eur"),
        (("opening",), 1),
        (("products",), ...),
        (("options", 0, "position"), "beside"),
        (("options", 0, "choices", 0, "price"), 1),
        ((*PRODUCT, "price_minor"), 12.5),
        ((*PRODUCT, "price_minor"), "1200"),
        ((*PRODUCT, "price_minor"), ...),
        ((*PRODUCT, "words", "english"), {"say": "gloves"}),
        ((*PRODUCT, "words", "en", "says"), "gloves"),
        ((*PRODUCT, "words", "en", "say"), ...),
        ((*PRODUCT, "pack", "unit"), "oz"),
        ((*PRODUCT, "pack", "amount"), 0),
        ((*PRODUCT, "pack", "of"), 3),
        ((*PRODUCT, "most"), 0),
        ((*PRODUCT, "categories"), ["Work wear"]),
        ((*PRODUCT, "hazard"), ["GHS10"]),
        ((*PRODUCT, "place", "aisle"), ...),
        ((*PRODUCT, "attributes", "norm"), 1.5),
        ((*PRODUCT, "attributes", "norm"), ""),
        ((*PRODUCT, "promotion", "until"), "31.12.2026"),
        ((*PRODUCT, "goes_with"), "cream"),
    ],
)
def test_schema_and_import_refuse_the_same(path: tuple[Any, ...], value: object) -> None:
    raw = changed(path, value)
    validator = Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    assert validator.is_valid(WHOLE) and not list(misshapen(WHOLE, written.Written))
    assert not validator.is_valid(raw)
    assert list(misshapen(raw, written.Written))


def _paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in _paths(part, (*path, key)))]


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("cream"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("en"), inner),
    max_leaves=5,
)


@settings(max_examples=150)
@given(st.sampled_from(_paths(WHOLE)[1:]), _ANY)
def test_whatever_stands_anywhere_is_taken_or_told(path: tuple[Any, ...], value: object) -> None:
    """And the schema refuses nothing that the import takes."""
    raw, findings = changed(path, value), Findings()
    read = read_catalogue(json.dumps(raw).encode(), findings, spreadsheet=False)
    assert (read is None) == bool(findings.faults)
    if read is not None:
        Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(raw)
        documents = split(read)
        parse_catalogue(documents.catalogue)
        parse_details(documents.details, catalogue_sha256=source_id(documents.catalogue))


def test_the_catalogue_of_a_device_is_valid_by_it() -> None:
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(json.loads(CATALOGUE_FILE.read_bytes()))


def test_no_fact_is_lost_and_none_gets_into_the_catalogue() -> None:
    read = read_catalogue(json.dumps(WHOLE).encode(), Findings(), spreadsheet=False)
    assert read is not None
    documents = split(read)
    assert split(read) == documents
    catalogue = parse_catalogue(documents.catalogue)
    assert [product.id for product in catalogue.products] == ["gloves", "cream"]
    assert catalogue.option("size").default == "l" and (catalogue.version, catalogue.currency) == (3, "EUR")
    details = parse_details(documents.details, catalogue_sha256=source_id(documents.catalogue))
    assert details.products.keys() == {"gloves"}
    facts = details.products["gloves"]
    assert (facts.pack, facts.most, facts.place) == (Pack(100, "piece"), 5, Place("3", "B2"))
    both = {*WHOLE["products"][0]} - {*Facts.__struct_fields__}
    assert both == {"id", "unit", "price_minor", "words", "options"}
    for name in Facts.__struct_fields__:
        assert getattr(facts, name), name


def test_details_of_another_catalogue_or_a_later_schema_are_not_used() -> None:
    read = read_catalogue(json.dumps(WHOLE).encode(), Findings(), spreadsheet=False)
    assert read is not None
    documents = split(read)
    good = {"catalogue_sha256": source_id(documents.catalogue)}
    with pytest.raises(CatalogueError, match="details_differ"):
        parse_details(documents.details, catalogue_sha256=source_id(b""))
    later = json.loads(documents.details) | {"schema_version": 2}
    with pytest.raises(CatalogueError, match="details_newer"):
        parse_details(json.dumps(later).encode(), **good)
    for broken in (b"", b"{}", b"[" * 100_000, documents.details[:-9]):
        with pytest.raises(CatalogueError, match="details_syntax"):
            parse_details(broken, **good)


def test_what_a_later_release_tells_beside_is_ignored() -> None:
    """Or an update that adds a fact could not be taken back."""
    read = read_catalogue(json.dumps(WHOLE).encode(), Findings(), spreadsheet=False)
    assert read is not None
    documents = split(read)
    later = json.loads(documents.details) | {"leaflets": []}
    later["products"]["gloves"] |= {"colour": "blue", "place": {"aisle": "3", "bin": "B2", "shelf": 4}}
    good = {"catalogue_sha256": source_id(documents.catalogue)}
    assert parse_details(json.dumps(later).encode(), **good) == parse_details(documents.details, **good)


def test_a_catalogue_without_facts_has_no_details() -> None:
    read = read_catalogue(CATALOGUE_FILE.read_bytes(), Findings(), spreadsheet=False)
    assert read is not None
    documents = split(read)
    assert documents.details == b""
    assert parse_catalogue(documents.catalogue) == parse_catalogue(CATALOGUE_FILE.read_bytes())
    assert details_name("catalogue.json") == "catalogue.details.json"
