"""A shop's JSON: every fault of the file in one run, each with its line, whatever somebody has saved."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.importing.findings import Findings, Found
from agent.importing.places import places
from agent.importing.reading import read_catalogue
from agent.importing.texts import LARGEST_FILE_BYTES
from tests.committing.kit import CATALOGUE_FILE

pytestmark = pytest.mark.usefixtures("without_sounds")

FAULTY = """
{                                                                  |
  "schema_version": 2,                                             |
  "shop_id": "Corner Shop",                                        | an identifier: lower case
  "version": 0,                                                    | >= 1, this is 0
  "currency": "zloty",                                             | three capitals
  "opening_hours": "8-16",                                         | no key 'opening_hours'
  "options": [                                                     |
    {"id": "size", "position": "before", "default": "huge",        | default 'huge' is none of its choices
     "choices": [                                                  |
      {"id": "small", "words": {"en": {"say": "small"}}},          |
      {"id": "small", "words": {"en": {"say": "little"}}}          | id 'small' is there twice
    ]},                                                            |
    {"id": "roast", "position": "beside", "choices": []}           | invalid enum value 'beside'
  ],                                                               |
  "products": [                                                    |
    {"id": "tea", "unit": "box", "price_minor": "5.00",            | expected `int`, got `str`, this is '5.00'
     "words": {"en": {"say": "tea"}}},                             |
    {"id": "milk", "unit": "carton", "price_minor": -5,            | the price is below zero
     "words": {"en": {"say": "milk"}},                             |
     "substitutes": ["cream", "milk"]},                            | 'cream', which is no product
    {"id": "latte", "unit": "piece", "price_minor": 500,           |
     "options": ["size", "syrup"],                                 | unknown option 'syrup'
     "words": {"en": {"say": "latte"},                             |
               "english": {"say": "latte"}}},                      | a language of two letters
    {"id": "nuts", "unit": "bag", "price_minor": 900,              |
     "words": {"en": {"says": "nuts"}}},                           | no key 'says'; did you mean 'say'?
    {"id": "oil", "unit": "sack", "price_minor": 900,              | the unit 'sack' has no words
     "words": {"en": {"say": "rapeseed oil"}},                     |
     "pack": {"amount": 1.5, "unit": "l"},                         | expected `int`, got `float`
     "hazard": ["flammable"]},                                     | a GHS pictogram
    {"id": "flour", "unit": "bag", "price_minor": 300,             |
     "promotion": {"words": {"en": "Two for one"},                 |
                   "until": "2026-02-30"},                         | no day of the calendar
     "words": {"en": {"say": "flour", "hear": ["", "cancel"]}}},   | what people say to a device
    {"id": "bread", "unit": "piece", "price_minor": 300,           |
     "goes_with": ["butter"],                                      | 'butter', which is no product
     "words": {"en": {"say": "tea"}}},                             | are both called 'tea'
    {"id": "bread", "unit": "", "price_minor": true,               | the unit is empty
     "words": {}}                                                  |
  ]                                                                |
}                                                                  |
"""


def found(data: str | bytes | dict[str, Any]) -> tuple[Found, ...]:
    """The faults of a file."""
    if isinstance(data, dict):
        data = json.dumps(data)
    findings = Findings()
    written = read_catalogue(data.encode() if isinstance(data, str) else data, findings, spreadsheet=False)
    assert (written is None) == bool(findings.faults)
    return findings.faults


def raw(**product: Any) -> dict[str, Any]:
    base = {"id": "tea", "unit": "box", "price_minor": 500, "words": {"en": {"say": "tea"}}}
    head = {"schema_version": 2, "shop_id": "s", "version": 1, "currency": "PLN"}
    return {**head, "products": [base | product]}


def test_all_faults_of_a_file_come_at_once_each_with_its_line() -> None:
    lines = FAULTY.strip().splitlines()
    text = "\n".join(line.partition("|")[0].rstrip() for line in lines)
    wanted = [(number, told) for number, line in enumerate(lines, 1) if (told := line.partition("| ")[2])]
    faults = found(text)
    missed = [
        (number, told)
        for number, told in wanted
        if not any(fault.line == number and told in fault.text for fault in faults)
    ]
    assert missed == [] and len(wanted) >= 20


@pytest.mark.parametrize(
    ("data", "line", "told"),
    [
        (b"", 1, "no JSON"),
        (b'{"products": [\n\n{"id": }]}', 3, "no JSON: expecting value (column 8)"),
        (b"[]", 1, "no object"),
        (b"7", 1, "no object"),
        (b"[" * 100_000, 0, "nested too deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 0, "nested too deep"),
        (b'{"version": ' + b"9" * 5_000 + b"}", 0, "no JSON"),
        (b'{"shop_id": "s",\n "shop_id": "s"}', 2, "'shop_id' is there twice"),
        (b'{"shop_id": "s",\n"name": "\xff"}', 2, "not UTF-8; save the file as UTF-8"),
        (b'{"shop_id":\n "s\x00"}', 2, "zero byte"),
        (b" " * (LARGEST_FILE_BYTES + 1), 0, "bytes, "),
    ],
)
def test_what_is_no_catalogue_at_all_is_refused_with_a_word_about_where(
    data: bytes, line: int, told: str
) -> None:
    assert any(fault.line == line and told in fault.text for fault in found(data)), found(data)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("price_minor", float("nan"), "this is nan"),
        ("price_minor", float("inf"), "this is inf"),
        ("price_minor", 12.5, "this is 12.5"),
        ("price_minor", None, "expected `int`"),
        ("price_minor", 10**30, "expected `int`"),
        ("words", {"en": {"say": "tea\u202egreen"}}, "control characters"),
        ("words", {"en": {"say": "tea\ud800"}}, "control characters"),
        ("words", {"en": {"say": "a " * 13}}, "13 words"),
        ("words", {}, "no words in any language"),
        ("attributes", {"thread": [["M8"] * 9] * 9}, "expected `int | str`"),
        ("attributes", {"thread": "M8\x1b[2J"}, "control characters"),
        ("place", {"aisle": "3\x07"}, "control characters"),
        ("place", {"aisle": "3", "shelf": "2"}, "no key 'shelf'"),
        ("place", "aisle 3", "expected `object"),
        ("options", "size", "expected `array"),
        ("id", "Tee", "lower case"),
        ("unit", 7, "expected `str`"),
    ],
)
def test_a_value_that_cannot_be_meant_is_a_fault_of_its_own(key: str, value: object, told: str) -> None:
    faults = found(raw(**{key: value}))
    assert [told in fault.text for fault in faults] == [True], faults


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_marks_and_line_ends_of_any_editor_are_taken(mark: bytes, end: str) -> None:
    text = json.dumps(raw(price_minor=-1), indent=1)
    [fault] = found(mark + text.replace("\n", end).encode())
    assert text.splitlines()[fault.line - 1].strip() == '"price_minor": -1,'
    [again] = found(codecs.BOM_UTF16_LE + text.replace("\n", end).encode("utf-16-le"))
    assert again == fault


def test_a_catalogue_of_today_is_taken_without_a_word() -> None:
    findings = Findings()
    written = read_catalogue(CATALOGUE_FILE.read_bytes(), findings, spreadsheet=False)
    assert written is not None and (findings.faults, findings.warnings) == ((), ())


def test_a_catalogue_without_products_is_none() -> None:
    for products in ([], None):
        assert any("product" in fault.text for fault in found({**raw(), "products": products}))


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=30,
    ),
    st.integers(0, 4),
)
def test_each_value_stands_where_it_is_said_to(value: object, indent: int) -> None:
    text = json.dumps(value, indent=indent or None, ensure_ascii=bool(indent % 2))
    count = 0
    for key in places(text):
        here: Any = value
        for step in key.path:
            here = here[step]
        begun = text.splitlines()[key.line - 1] if text.isprintable() else json.dumps(here)[:1]
        assert json.dumps(here)[:1] in begun
        count += 1
    assert count == _values(value)


def _values(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_values, inner))


def test_what_a_product_names_is_another_and_once() -> None:
    words = {"en": {"say": "green tea"}}
    other = {"id": "other", "unit": "box", "price_minor": 1, "words": words}
    products = [*raw(goes_with=["tea", "other", "other"], substitutes=["other"])["products"], other]
    findings = Findings()
    assert (
        read_catalogue(json.dumps({**raw(), "products": products}).encode(), findings, spreadsheet=False)
        is None
    )
    assert [fault.text for fault in findings.faults] == ["product 'tea': it is in its own goes_with"]
    assert [warning.text for warning in findings.warnings] == ["product 'tea': goes_with names 'other' twice"]


def test_more_options_than_can_be_said_are_a_fault() -> None:
    choice = {"id": "a", "words": {"en": {"say": "large"}}}
    options = [{"id": f"o{at}", "position": "before", "choices": [choice]} for at in range(5)]
    tea = raw(options=[option["id"] for option in options])
    [fault] = found({**tea, "options": options})
    assert "5 options stand before its name; at most 4" in fault.text
    fewer = raw(options=["o0", "o1", "o2", "o3"])
    assert found({**fewer, "options": options}) == ()


def test_an_option_that_is_misshapen_is_told_once_and_not_for_each_product() -> None:
    options = [{"id": "size", "position": "beside", "choices": []}]
    [fault] = found({**raw(options=["size"]), "options": options})
    assert "option 'size', position" in fault.text
