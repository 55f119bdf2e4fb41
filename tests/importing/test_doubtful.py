"""What can be sold and should be looked at: names that sound or look alike, that are commands, or are read
as something else; a price of zero."""

from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing import sounding
from agent.importing.findings import Findings
from agent.importing.reading import read_catalogue
from tests.committing.kit import CATALOGUE

speaks = pytest.mark.skipif(shutil.which(sounding.PROGRAM) is None, reason="espeak-ng is not installed")


def looked_at(language: str, *names: str, price: int = 100) -> Findings:
    """What is found about products of these names."""
    products = [
        {"id": f"p{at}", "unit": "bag", "price_minor": price, "words": {language: {"say": name}}}
        for at, name in enumerate(names)
    ]
    raw = {"schema_version": 2, "shop_id": "s", "version": 1, "currency": "PLN", "products": products}
    findings = Findings()
    read_catalogue(json.dumps(raw).encode(), findings, spreadsheet=False)
    return findings


def warnings(language: str, *names: str, price: int = 100) -> list[str]:
    findings = looked_at(language, *names, price=price)
    assert findings.faults == ()
    return [warning.text for warning in findings.warnings]


@speaks
@pytest.mark.parametrize(
    ("language", "one", "other", "how"),
    [
        ("en", "flour", "flower", "sounds like"),
        ("en", "leek", "leak", "sounds like"),
        ("en", "m eight bolts", "emm ate bolts", "sounds like"),
        ("en", "bolts by sixty", "bolts by sixteen", "sounds almost like"),
        ("en", "soda crystals", "soda crystal", "almost like"),
        ("en", "m 8 bolts", "m eight bolts", "sounds like"),
        ("pl", "morze kwiatów", "może kwiatów", "sounds like"),
        ("pl", "bułki pszenne", "półki pszenne", "sounds almost like"),
        ("pl", "worki papierowe", "worki papierowa", "almost like"),
    ],
)
def test_names_that_sound_alike_are_told_once(language: str, one: str, other: str, how: str) -> None:
    [warning] = warnings(language, one, "oranges", other)
    assert how in warning and "'p2'" in warning and "of 'p0'" in warning


@speaks
@pytest.mark.parametrize(
    ("language", "name", "how"),
    [
        ("en", "castle", "sounds almost like 'cancel'"),
        ("en", "weight", "sounds like 'wait'"),
        ("en", "latte", ""),
        ("pl", "niewarzne", "sounds like 'nieważne'"),
    ],
)
def test_names_that_sound_like_what_people_say_to_a_device_are_told(
    language: str, name: str, how: str
) -> None:
    told = [text for text in warnings(language, name) if "people say to a device" in text]
    assert [how in text for text in told] == ([True] if how else [])


def test_where_nothing_can_speak_that_is_said_and_letters_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sounding.shutil, "which", lambda program: None)
    first, second = warnings("en", "flour", "soda crystals", "flower", "soda crystal")
    assert first == "names were not compared by their sound: espeak-ng is not installed"
    assert second == "product 'p3': 'soda crystal' is written almost like 'soda crystals' of 'p1'"


@pytest.mark.parametrize("program", ["false", "cat", "no-such-program"])
def test_a_voice_that_fails_is_told_and_leaves_the_spelling(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sounding.shutil, "which", lambda program: program)
    monkeypatch.setattr(sounding, "PROGRAM", program)
    first, second = warnings("en", "flour", "soda crystals", "flower", "soda crystal")
    assert first == f"names in 'en' were not compared by their sound: {program} failed"
    assert "is written almost like" in second


def test_names_that_have_little_in_common_are_not_told() -> None:
    names = [product.words["en"].say for product in CATALOGUE.products]
    assert [told for told in warnings("en", *names) if "like" in told] == []


def test_numbers_are_meant_to_differ() -> None:
    assert warnings("en", "M6 bolts", "M8 bolts", "grit 80 paper", "grit 180 paper") == []


@given(st.lists(st.text("abc", min_size=4, max_size=8), unique=True, max_size=8))
def test_one_apart_is_what_trying_all_pairs_finds(names: list[str]) -> None:
    def apart(one: str, other: str) -> bool:
        shorter, longer = sorted((one, other), key=len)
        left_out = {longer[:i] + longer[i + 1 :] for i in range(len(longer))}
        changed = len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1
        return changed or shorter in left_out

    expected = {
        (a, b)
        for b, other in enumerate(names)
        for a, one in enumerate(names[:b])
        if min(len(one), len(other)) >= sounding.SHORTEST_ALIKE and apart(one, other)
    }
    assert set(sounding.one_apart(names)) == expected


@pytest.mark.usefixtures("without_sounds")
@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Cancel"), ("en", "help"), ("en", "Yes"), ("en", "two"), ("en", "order"), ("en", "okay nabu"),
     ("en", "yes, place my order"), ("en", "bottles"), ("pl", "Anuluj"), ("pl", "tak"), ("pl", "pomoc"),
     ("pl", "pięć"), ("ko", "취소")],
)  # fmt: skip
def test_a_name_that_is_said_to_a_device_is_refused(language: str, name: str) -> None:
    [fault] = looked_at(language, "oranges" if language != "ko" else "오렌지", name).faults
    assert "what people say to a device" in fault.text


@pytest.mark.usefixtures("without_sounds")
@pytest.mark.parametrize(("language", "name"), [("en", "no sugar cola"), ("pl", "coli stop cukier")])
def test_a_name_that_holds_a_denial_is_doubtful(language: str, name: str) -> None:
    assert any("takes an order back" in told for told in warnings(language, name))


@pytest.mark.usefixtures("without_sounds")
def test_a_price_of_zero_is_doubtful() -> None:
    [warning] = warnings("en", "samples", price=0)
    assert "the price is zero" in warning


@pytest.mark.usefixtures("without_sounds")
def test_a_name_that_is_read_as_another_order_is_doubtful() -> None:
    [warning] = warnings("en", "two bags of oranges", "oranges")
    assert "'two bags of oranges' in 'en' can mean another order, or none" in warning


@pytest.mark.usefixtures("without_sounds")
def test_a_language_in_which_not_all_can_be_ordered_is_told() -> None:
    products = [
        {"id": "a", "unit": "bag", "price_minor": 1, "words": {"en": {"say": "oranges"}, "de": {"say": "x"}}},
        {"id": "b", "unit": "bag", "price_minor": 1, "words": {"pl": {"say": "jabłek"}}},
    ]
    raw = {"schema_version": 2, "shop_id": "s", "version": 1, "currency": "PLN", "products": products}
    findings = Findings()
    assert read_catalogue(json.dumps(raw).encode(), findings, spreadsheet=False)
    assert [warning.text for warning in findings.warnings if warning.line == 0] == [
        "no device hears 'de' yet; its words are kept and not used",
        "1 products cannot be ordered in 'en': b",
        "1 products cannot be ordered in 'pl': a",
    ]


@pytest.mark.usefixtures("without_sounds")
@pytest.mark.parametrize(("currency", "told"), [("CZK", "twelve CZK"), ("KWD", "twelve KWD"), ("EUR", "")])
def test_a_currency_without_words_is_told(currency: str, told: str) -> None:
    products = [{"id": "a", "unit": "bag", "price_minor": 1, "words": {"en": {"say": "oranges"}}}]
    raw = {"schema_version": 2, "shop_id": "s", "version": 1, "currency": currency, "products": products}
    findings = Findings()
    assert read_catalogue(json.dumps(raw).encode(), findings, spreadsheet=False)
    assert [told in warning.text for warning in findings.warnings] == [True] * bool(told)
