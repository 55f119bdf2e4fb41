"""Whatever a catalogue calls its products: no name acts as a command, and any text gets an answer."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.heard_questions import QuestionAsked
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import (
    ANSWERS,
    Answer,
    HelpAsked,
    Meaning,
    MoreAsked,
    NotUnderstood,
    OrderAsked,
    commands,
    understand,
)
from agent.plumbing.errors import CatalogueError

_UNITS = ("bottle", "piece", "bag")
_COMMANDS = {language: sorted(commands(language)) for language in ("en", "pl")}


def _shop(names: list[str], language: str = "en", **more: object) -> Catalogue:
    products = [
        {
            "id": f"p{at}",
            "unit": _UNITS[at % len(_UNITS)],
            "price_minor": 100,
            "words": {language: {"say": name}},
            **more,
        }
        for at, name in enumerate(names)
    ]
    raw = {"schema_version": 1, "shop_id": "s", "version": 1, "currency": "PLN", "products": products}
    return parse_catalogue(json.dumps(raw).encode())


def _meaning(shop: Catalogue, entry: str, words: str, open_words: str = "", language: str = "en") -> Meaning:
    return understand(SentenceParser(compile_sentences(shop, language)), shop, entry, words, open_words)


def _named(meaning: Meaning) -> list[str]:
    assert isinstance(meaning, OrderAsked | MoreAsked), meaning
    return [line.title for line in meaning.basket.lines]


NAMED = _shop(["Cancel", "help", "Yes", "later", "no sugar syrup", "place my order", "rice"])
"""Sold in bottles, pieces and bags, in turn."""


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("help", HelpAsked()),
        ("okay nabu, help", HelpAsked()),
        ("cancel", Answer("denial")),
        ("later", Answer("later")),
        ("place my order", Answer("consent")),
        ("yes", NotUnderstood()),
        ("order yes please", NotUnderstood()),
        ("order two bags of rice and yes", NotUnderstood()),
        ("a bottle of rice, no, help", NotUnderstood()),
        ("is a bottle of cancel in stock", QuestionAsked("is a bottle of cancel in stock")),
        ("how much is cancel", QuestionAsked("how much is cancel")),
    ],
)
def test_a_name_alone_is_what_it_says_and_no_order(said: str, meaning: Meaning) -> None:
    assert _meaning(NAMED, "order", said, said) == meaning


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ("order a bottle of cancel", ["Cancel"]),
        ("two help and a bag of yes", ["help", "Yes"]),
        ("order no sugar syrup", ["no sugar syrup"]),
    ],
)
def test_with_a_count_or_a_unit_it_is_a_product(said: str, titles: list[str]) -> None:
    assert _named(_meaning(NAMED, "order", said, said)) == titles


def test_a_name_in_what_is_wanted_as_well_denies_nothing() -> None:
    assert _named(_meaning(NAMED, "consent", *["and a bottle of cancel"] * 2)) == ["Cancel"]
    assert _named(_meaning(NAMED, "consent", *["and two no sugar syrup"] * 2)) == ["no sugar syrup"]
    both_heard_it = "and two no sugar syrup / and two no sugar syrup"
    assert _named(_meaning(NAMED, "consent", "and two no sugar syrup", both_heard_it)) == ["no sugar syrup"]


@pytest.mark.parametrize(
    ("words", "open_words"),
    [
        ("and cancel", "and cancel"),
        ("cancel", "cancel"),
        ("and a bottle of cancel", "no, and a bottle of cancel"),
        ("and two no sugar syrup", "no, and two no sugar syrup"),
    ],
)
def test_a_denial_beside_a_name_is_one(words: str, open_words: str) -> None:
    assert _meaning(NAMED, "consent", words, open_words) == Answer("denial")


def test_another_name_of_the_same_product_needs_no_count() -> None:
    words = {"en": {"say": "Cancel stain remover", "hear": ["Cancel"]}}
    shop = _shop(["stain remover"], words=words)
    said = "order cancel stain remover"
    assert _named(_meaning(shop, "order", said, said)) == ["Cancel stain remover"]
    assert _meaning(shop, "order", "cancel", "cancel") == Answer("denial")


def test_a_product_named_like_a_question_is_ordered_by_a_count() -> None:
    shop = _shop(["any offers", "where is it"])
    assert _meaning(shop, "order", "any offers") == QuestionAsked("any offers")
    assert _meaning(shop, "order", "order any offers") == NotUnderstood()
    assert _named(_meaning(shop, "order", "order two any offers")) == ["any offers"]


_WORDS = st.sampled_from(["rice", "and", "nuts", "two", "of", "bag", "the", "with", "no", "żółte", "x"])


@st.composite
def _any_shop(draw: st.DrawFn) -> tuple[str, SentenceParser, Catalogue, str, str]:
    """A language, a catalogue whose products and choices are called like what people say, and two texts."""
    language = draw(st.sampled_from(sorted(_COMMANDS)))
    name = st.one_of(
        st.sampled_from(_COMMANDS[language]),
        st.lists(_WORDS, min_size=1, max_size=3).map(" ".join),
        st.text(max_size=12),
    )
    names = draw(st.lists(name, min_size=1, max_size=4))
    choices = [{"id": f"c{at}", "words": {language: {"say": draw(name)}}} for at in range(2)]
    options = [
        {
            "id": f"o{at}",
            "position": position,
            "choices": choices,
            "default": draw(st.sampled_from(["", "c1"])),
        }
        for at, position in enumerate(("before", "after"))
    ]
    products = [
        {
            "id": f"p{at}",
            "unit": draw(st.sampled_from(_UNITS)),
            "price_minor": draw(st.integers(0, 10)),
            "words": {language: {"say": name}},
            "options": draw(st.sampled_from([[], ["o0"], ["o0", "o1"]])),
        }
        for at, name in enumerate(names)
    ]
    raw = {
        "schema_version": 1,
        "shop_id": "s",
        "version": 1,
        "currency": "PLN",
        "options": options,
        "products": products,
    }
    try:
        shop = parse_catalogue(json.dumps(raw).encode())
    except CatalogueError:
        shop = _shop(["rice"], language)
    lexicon = LEXICONS[language]
    joints = (
        *lexicon.corrections,
        *lexicon.openings,
        *lexicon.not_that,
        *lexicon.additions,
        "two",
        "2",
        "of",
    )
    part = st.one_of(
        name, st.sampled_from(names), st.sampled_from(joints), st.sampled_from(["c0", "bag", "with"])
    )
    texts = st.one_of(st.lists(part, max_size=7).map(" ".join), st.text(max_size=60))
    return language, SentenceParser(compile_sentences(shop, language)), shop, draw(texts), draw(texts)


@settings(max_examples=150)
@given(_any_shop())
def test_any_text_with_any_catalogue_gets_an_answer(
    case: tuple[str, SentenceParser, Catalogue, str, str],
) -> None:
    _, parser, shop, text, other = case
    for entry in ("order", "consent", "enrol", "phrase"):
        for open_words in (text, other, ""):
            meaning = understand(parser, shop, entry, text, open_words)
            assert isinstance(meaning, get_args(Meaning))
            assert entry == "order" or not isinstance(meaning, QuestionAsked)
            if isinstance(meaning, OrderAsked | MoreAsked):
                assert meaning.basket.lines
                assert entry not in ANSWERS or isinstance(meaning, MoreAsked)


@settings(max_examples=150)
@given(_any_shop(), st.data())
def test_what_is_said_to_the_device_is_no_order_in_any_shop(
    case: tuple[str, SentenceParser, Catalogue, str, str], data: st.DataObject
) -> None:
    language, parser, shop, *_ = case
    said = data.draw(st.sampled_from(_COMMANDS[language]))
    around = data.draw(st.sampled_from(["{}", "okay nabu {}", "{} " + LEXICONS[language].politeness[0]]))
    text = around.format(said)
    for entry in ("order", "consent"):
        assert not isinstance(understand(parser, shop, entry, text, text), OrderAsked | MoreAsked)
