"""A table as spreadsheets save it: with semicolons, in Windows-1250, with cells left empty at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.cells import amount, minor_units
from agent.importing.findings import Findings, Found
from agent.importing.reading import read_catalogue
from agent.importing.written import Written

pytestmark = pytest.mark.usefixtures("without_sounds")

DATA = Path(__file__).parent / "data"
TABLE = (DATA / "works_shop.csv").read_text("utf-8")


def read(data: str | bytes, *, spreadsheet: bool = True) -> tuple[Written | None, Findings]:
    findings = Findings()
    encoded = data.encode() if isinstance(data, str) else data
    return read_catalogue(encoded, findings, spreadsheet=spreadsheet), findings


def faults(data: str | bytes) -> tuple[Found, ...]:
    written, findings = read(data)
    assert (written is None) == bool(findings.faults)
    return findings.faults


def semicolons(table: str) -> str:
    """As a spreadsheet saves it where the comma is the decimal mark: every row as long as the longest."""
    rows = [line.replace('"1,50"', "1.50").replace('"12,50"', "12.50") for line in table.splitlines()]
    longest = max(row.count(",") for row in rows)
    rows = [row + "," * (longest - row.count(",")) for row in rows]
    return "\r\n".join(
        row.replace(",", ";").replace("12.50", "12,50").replace("1.50", "1,50") for row in rows
    )


def test_a_table_is_the_json_that_says_the_same() -> None:
    written, findings = read(TABLE)
    assert findings.faults == ()
    assert (written, ()) == (
        read((DATA / "works_shop.json").read_bytes(), spreadsheet=False)[0],
        findings.warnings,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_it_is_the_same_with_semicolons_tabs_and_byte_order_marks(encoding: str) -> None:
    expected, _ = read(TABLE)
    for table in (semicolons(TABLE), semicolons(TABLE).replace(";", "\t"), TABLE.replace("\n", "\r")):
        assert read(table.encode(encoding))[0] == expected


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "sep=;;;;;"])
def test_a_first_line_that_names_the_separator_is_taken_at_its_word(first: str) -> None:
    table = f"{first}\n{semicolons(TABLE)}"
    assert read(table)[0] == read(TABLE)[0]
    [fault] = faults(table.replace("1.5 l", "some"))
    assert fault.line == 12


def test_column_names_may_be_in_capitals_and_cells_hold_any_space() -> None:
    loud = TABLE.replace("id,unit", "ID,Unit").replace(",en:hear", ",EN:hear").replace("option,", "Option,")
    spaced = loud.replace("hand cream", "\u00a0hand\u2003\u2028cream\x0b\t")
    assert read(spaced)[0] == read(TABLE)[0]


def test_windows_1250_is_read_with_a_warning_and_other_encodings_are_not_guessed() -> None:
    written, findings = read(semicolons(TABLE).encode("cp1250"))
    assert written == read(TABLE)[0]
    [warning] = findings.warnings
    assert "Windows-1250" in warning.text and warning.line == 6
    [fault] = faults(TABLE.replace("rękawice", "rękawice ąśź").encode("iso-8859-2"))
    assert "not UTF-8" in fault.text and fault.line == 6


def test_prices_have_one_decimal_mark_and_all_digits() -> None:
    good = ["12", "12.50", "12,50", "+1,50", "-0,10"]
    bad = ["12,5", "1.250", "1 250", "12,505", "1.250,00", ",50", "12,", ""]
    bad += ["PLN 5", "five", "1e3", "NaN", "∞", "１２"]
    taken = [minor_units(price, "PLN") for price in (*good, *bad, "9" * 10)]
    assert taken == [1200, 1250, 1250, 150, -10, *[None] * (len(bad) + 1)]
    assert (minor_units("1200", "KRW"), minor_units("12.00", "KRW")) == (1200, None)
    assert (minor_units("1.250", "KWD"), minor_units("1.25", "KWD")) == (1250, None)


@given(st.integers(0, 10**9), st.sampled_from(",."))
def test_a_price_as_it_is_printed_is_that_price(minor: int, mark: str) -> None:
    assert minor_units(f"{minor // 100}{mark}{minor % 100:02d}", "EUR") == minor


def test_packs_are_counted_in_the_smaller_unit() -> None:
    given_packs = [
        "250 g",
        "1.5 l",
        "1,5kg",
        "33 cl",
        "10 m",
        "100",
        "100 pcs",
        "0",
        "0.5",
        "0,0001 kg",
        "a box",
        "1 t",
    ]
    assert [amount(text) for text in given_packs] == [
        (250, "g"), (1500, "ml"), (1500, "g"), (330, "ml"), (10_000, "mm"), (100, "piece"), (100, "piece"),
        *[None] * 5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("shop_id,works-shop", "shop,works-shop", 1, "'shop' is none of shop_id"),
        ("version,3\n", "version,3\nversion,4\n", 3, "'version' is there twice"),
        ("version,3", "version,three", 2, "expected `int`"),
        ("version,3", "version,3,4", 2, "2 values"),
        ("currency,PLN", "currency,zł", 3, "three capitals"),
        ("currency,PLN\n", "", 0, "'currency, ...' is missing"),
        ("id,unit,pack", "id,unit,unit", 9, "the column 'unit' is there twice"),
        ("id,unit,pack", "id,unit,weight", 9, "no column 'weight'"),
        ("id,unit,pack", "id,unit,packs", 9, "no column 'packs'; did you mean 'pack'?"),
        ("id,unit,pack", "id,unit,", 9, "column 3 has no name"),
        ("en:hear,en:many", "en:heard,en:many", 9, "no column 'en:heard'"),
        ("100,\"12,50\"", "100,12.5", 10, "a price is like 12"),
        ("100,\"12,50\"", "100,", 10, "the price is missing"),
        ("100,\"12,50\"", "a hundred,12.50", 10, "a pack is like"),
        ("B 2,5,", "B 2,five,", 10, "expected `int"),
        ("3,B 2", ",B 2", 10, "length >= 1"),
        ("2026-12-31", "31.12.2026", 10, "a day is like 2026-12-31"),
        ("Two for one,", ",", 10, "offer_until without an offer"),
        ("2026-12-31\n", "2026-12-31,more\n", 10, "24 cells, and 23 columns"),
        ("gloves,box", "gloves,", 10, "'unit' is missing"),
        ("gloves,box", "Gloves,box", 10, "lower case"),
        ("cream,bottle", "gloves,bottle", 11, "'gloves' is there twice"),
        ("small,yes", "small,default", 6, "default is 'yes' or empty"),
        ("size,after,large", "size,before,large", 7, "stands 'after' in a row above"),
        ("size,after,small,yes", "size,,small,yes", 6, "enum value"),
        (",gloves,work", ",\"gloves,work", 10, "quotation mark"),
        ("hand cream", "x" * 200_000, 11, "field larger than field limit"),
        ("id,unit,pack", "name,unit,pack", 0, "no table of products"),
    ],
)  # fmt: skip
def test_a_slip_in_a_cell_is_told_with_its_line(old: str, new: str, line: int, told: str) -> None:
    assert TABLE.count(old) == 1
    found = faults(TABLE.replace(old, new))
    assert any(fault.line == line and told in fault.text for fault in found), found


def test_lines_are_those_of_the_file_also_after_a_cell_of_two_lines() -> None:
    table = TABLE.replace("Two for one", '"Two\nfor one"').replace("1.5 l", "some")
    [fault] = faults(table)
    assert (fault.line, "a pack" in fault.text) == (12, True)


@given(st.text() | st.text(alphabet="id,;\n\"'ab1\t|:"))
def test_any_text_is_refused_with_a_word(text: str) -> None:
    assert faults(text.encode(errors="surrogatepass"))
