"""Counts from one to 999, in words of both languages and in digits; no fraction counts anything."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.lexicon import LARGEST_COUNT, LARGEST_SPOKEN_NUMBER, spoken_numbers, typed_counts
from agent.deciding.number_words import heard_words, in_words
from agent.deciding.sentences import compile_sentences
from agent.deciding.spoken_basket import spoken_line
from agent.deciding.understanding import Answer, NotUnderstood, OrderAsked, SentenceParser, understand
from tests.deciding.conftest import CORNER_SHOP

SHOP = parse_catalogue(CORNER_SHOP.read_bytes())
PARSERS = {language: SentenceParser(compile_sentences(SHOP, language)) for language in ("en", "pl")}
COUNTS = range(1, LARGEST_COUNT + 1)
RICE = {"en": "order {} bags of rice", "pl": "zamów {} paczek ryżu"}


def _counted(language: str, count: str) -> int:
    said = RICE[language].format(count)
    meaning = understand(PARSERS[language], SHOP, "order", said, said)
    assert isinstance(meaning, OrderAsked), said
    (line,) = meaning.basket.lines
    assert line.product_id == "rice"
    return line.quantity


@pytest.mark.parametrize("language", PARSERS)
def test_every_count_is_understood_in_every_form_and_in_digits(language: str) -> None:
    for count in COUNTS:
        for words in (*heard_words(count, language), str(count)):
            assert _counted(language, words) == count


@pytest.mark.parametrize("language", PARSERS)
@pytest.mark.parametrize("product", ["rice", "olive-oil", "green-tea"])
def test_every_count_is_understood_as_it_is_read_back(language: str, product: str) -> None:
    for count in COUNTS:
        line = SHOP.line(product, {}, count, language)
        meaning = understand(PARSERS[language], SHOP, "order", spoken_line(line, language))
        assert isinstance(meaning, OrderAsked)
        assert meaning.basket.lines == (line,)


@pytest.mark.parametrize(
    ("language", "words", "count"),
    [
        ("en", "a hundred", 100),
        ("en", "a hundred and five", 105),
        ("en", "two hundred forty-one", 241),
        ("en", "two dozen", 24),
        ("en", "a dozen and a half", 18),
        ("pl", "dwieście dwie", 202),
        ("pl", "dwieście dwa", 202),
        ("pl", "dwadzieścia dwie", 22),
        ("pl", "półtora tuzina", 18),
        ("pl", "pół tuzina", 6),
        ("pl", "dwa tuziny", 24),
    ],
)
def test_counts_as_people_say_them(language: str, words: str, count: int) -> None:
    assert _counted(language, words) == count


@pytest.mark.parametrize(
    "count",
    [
        *("2.5", "2,5", "0.5", "1.000", "1,000", "1000", "0", "1/2", "two hundred and a", "two hundred and"),
        *("a hundred a dozen", "hundred", "two hundred three hundred", "two hundred and hundred", "²"),
    ],
)
def test_what_is_no_count_orders_nothing(count: str) -> None:
    said = f"order {count} bags of rice"
    assert understand(PARSERS["en"], SHOP, "order", said, said) == NotUnderstood()


def test_a_name_may_hold_a_fraction_and_large_numbers() -> None:
    raw = b"""{"schema_version": 1, "shop_id": "s", "version": 1, "currency": "PLN", "products": [
      {"id": "drill", "unit": "piece", "price_minor": 900, "words": {"en": {"say": "2.5 mm drill"}}},
      {"id": "filter", "unit": "box", "price_minor": 900, "words": {"en": {"say": "filter 500"}}}]}"""
    shop = parse_catalogue(raw)
    parser = SentenceParser(compile_sentences(shop, "en"))
    for said, count in (("order 3 2.5 mm drill", 3), ("order 500 boxes of filter 500", 500)):
        meaning = understand(parser, shop, "order", said, said)
        assert isinstance(meaning, OrderAsked)
        assert [line.quantity for line in meaning.basket.lines] == [count]


def test_hundreds_in_a_consent_and_in_a_correction() -> None:
    english = PARSERS["en"]
    said = "yes, order two hundred and five bags"
    assert understand(english, SHOP, "consent", said, said) == Answer("consent", 205, "bag")
    said = "order two bags of rice, no, make that two hundred"
    meaning = understand(english, SHOP, "order", said, said)
    assert isinstance(meaning, OrderAsked)
    assert [line.quantity for line in meaning.basket.lines] == [200]


@pytest.mark.parametrize(
    ("count", "masculine", "feminine", "neuter"),
    [
        (1, "jeden", "jedną", "jedno"),
        (2, "dwa", "dwie", "dwa"),
        (12, "dwanaście", "dwanaście", "dwanaście"),
        (21, "dwadzieścia jeden", "dwadzieścia jeden", "dwadzieścia jeden"),
        (22, "dwadzieścia dwa", "dwadzieścia dwie", "dwadzieścia dwa"),
        (302, "trzysta dwa", "trzysta dwie", "trzysta dwa"),
    ],
)
def test_polish_counts_by_gender(count: int, masculine: str, feminine: str, neuter: str) -> None:
    assert in_words(count, "pl") == masculine
    assert in_words(count, "pl", "feminine") == feminine
    assert in_words(count, "pl", "neuter") == neuter


@pytest.mark.parametrize(
    ("product", "said"),
    [
        ("green-tea", "jedno pudełko zielonej herbaty"),
        ("rice", "jedną paczkę"),
        ("olive-oil", "jedną butelkę"),
    ],
)
def test_a_polish_unit_has_its_own_one(product: str, said: str) -> None:
    assert spoken_line(SHOP.line(product, {}, 1, "pl"), "pl").startswith(said)


@pytest.mark.parametrize("language", PARSERS)
def test_what_is_heard_counts_no_hundreds(language: str) -> None:
    """With them "two bottles" was heard as "two hundred eighty bottles"."""
    grammar = compile_sentences(SHOP, language)
    counts = [int(tag.value) for tag in grammar.tags if tag.slot == "quantity"]
    assert max(counts) == LARGEST_SPOKEN_NUMBER
    hundreds = {word for phrase in typed_counts(language) for word in phrase if not word.isdecimal()}
    numbers = {word for phrase in spoken_numbers(language) for word in phrase.split()}
    assert not (hundreds - numbers - {"and"}) & set(grammar.words)
