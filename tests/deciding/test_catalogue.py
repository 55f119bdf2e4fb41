"""A catalogue is sold from as it is written, or refused with every fault named."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.money import Money
from agent.plumbing.errors import CatalogueError


def _raw(**product: Any) -> dict[str, Any]:
    base = {"id": "tea", "unit": "box", "price_minor": 500, "words": {"en": {"say": "tea"}}}
    return {
        "schema_version": 1,
        "shop_id": "s",
        "version": 1,
        "currency": "PLN",
        "products": [base | product],
    }


def _fault(raw: dict[str, Any]) -> CatalogueError:
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(json.dumps(raw).encode())
    return caught.value


def test_option_prices_add_up_and_the_sku_names_the_choice(catalogue: Catalogue) -> None:
    line = catalogue.line("milk", {"fat": "whole"}, 2, "en")
    assert line.sku == "milk?fat=whole"
    assert line.total == Money(2 * (390 + 30), "PLN")
    assert line.title == "whole milk"


def test_an_option_not_said_takes_its_default(catalogue: Catalogue) -> None:
    assert catalogue.line("coffee", {}, 1, "en").sku == "coffee?roast=medium"


def test_a_line_in_another_language_keeps_its_price(catalogue: Catalogue) -> None:
    line = catalogue.line("coffee", {"roast": "dark"}, 2, "en")
    dearer = msgspec.structs.replace(line, unit_price=Money(9_999, "PLN"))
    titled = catalogue.titled(dearer, "pl")
    assert titled.title != line.title
    assert msgspec.structs.replace(titled, title=line.title) == dearer
    gone = msgspec.structs.replace(line, product_id="gone")
    assert catalogue.titled(gone, "pl") == gone


@pytest.mark.parametrize("words", [{"say": "t" * 601}, {"say": "tea", "hear": ["t" * 100_000]}])
def test_a_name_that_nobody_would_hear_to_its_end_is_refused(words: dict[str, Any]) -> None:
    told = _fault(_raw(words={"en": words})).detail
    assert "at most 600 can be spoken" in told and len(told) < 1_000


def test_a_name_that_is_too_long_with_its_options_to_be_ordered_is_refused() -> None:
    roast = {
        "id": "roast",
        "position": "before",
        "choices": [{"id": "a", "words": {"en": {"say": "r" * 99}}}],
    }
    for letters, is_taken in ((400, True), (401, False)):
        raw = _raw(words={"en": {"say": "t" * letters}}, options=["roast"]) | {"options": [roast]}
        if is_taken:
            assert parse_catalogue(json.dumps(raw).encode())
        else:
            assert "501 letters with its options in 'en'; at most 500 can be ordered" in _fault(raw).detail
    assert "501 letters" in _fault(_raw(words={"en": {"say": "tea", "many": "t" * 501}})).detail


def test_duplicate_ids_are_refused() -> None:
    raw = _raw()
    raw["products"] *= 2
    assert "'tea' is there twice" in _fault(raw).detail


def test_two_products_of_one_name_are_refused_also_when_only_accents_differ() -> None:
    raw = _raw(words={"en": {"say": "rosé"}})
    raw["products"].append(raw["products"][0] | {"id": "rose", "words": {"en": {"say": "Rose"}}})
    assert "'tea' and 'rose' are both called 'rose'" in _fault(raw).detail


def test_a_price_below_zero_is_refused_also_when_an_option_makes_it_so() -> None:
    assert "below zero (-1)" in _fault(_raw(price_minor=-1)).detail
    raw = _raw(options=["size"])
    small = {"id": "small", "words": {"en": {"say": "small"}}, "price_delta_minor": -501}
    raw["options"] = [{"id": "size", "position": "before", "choices": [small]}]
    assert "below zero (-1)" in _fault(raw).detail


def test_a_price_beyond_all_measure_is_refused() -> None:
    assert "price_minor" in _fault(_raw(price_minor=10**18)).detail


def test_a_name_that_could_drive_a_terminal_is_refused() -> None:
    assert "control characters" in _fault(_raw(words={"en": {"say": "tea\x1b[2J"}})).detail
    assert "control characters" in _fault(_raw(words={"en": {"say": "tea", "hear": ["t\u202eae"]}})).detail


def test_a_name_of_300_words_is_refused() -> None:
    assert "300 words" in _fault(_raw(words={"en": {"say": "very " * 299 + "good"}})).detail


def test_all_faults_are_reported_at_once() -> None:
    detail = _fault(_raw(price_minor=-1, unit="", words={}, options=["colour"])).detail
    for fault in ("below zero", "unit is empty", "no words", "unknown option 'colour'"):
        assert fault in detail


def test_an_option_must_be_sayable_wherever_its_product_is() -> None:
    raw = _raw(options=["size"], words={"en": {"say": "tea"}, "pl": {"say": "herbaty"}})
    large = {"id": "large", "words": {"en": {"say": "large"}}}
    raw["options"] = [{"id": "size", "position": "before", "choices": [large]}]
    assert "size=large has no words in 'pl'" in _fault(raw).detail


def test_what_is_counted_in_pieces_takes_its_plural() -> None:
    catalogue = parse_catalogue(
        json.dumps(_raw(unit="piece", words={"en": {"say": "latte", "many": "lattes"}})).encode()
    )
    assert [catalogue.line("tea", {}, count, "en").title for count in (1, 2)] == ["latte", "lattes"]


def test_an_unknown_key_is_refused_by_name() -> None:
    error = _fault(_raw(colour="green"))
    assert error.code == "catalogue_syntax"
    assert "colour" in error.detail


def test_a_catalogue_for_a_later_release_is_refused() -> None:
    assert _fault(_raw() | {"schema_version": 99}).code == "catalogue_newer"


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_clear_error(data: bytes) -> None:
    with pytest.raises(CatalogueError):
        parse_catalogue(data)
