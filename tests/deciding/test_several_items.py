"""Several items and corrections in one breath: what they come to, what is refused; no never orders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.basket import Basket
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.denials import is_called_off
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.understanding import Answer, Meaning, NotUnderstood, OrderAsked, understand

WORKSHOP = b"""{"schema_version": 1, "shop_id": "s", "version": 1, "currency": "PLN",
  "options": [
    {"id": "size", "position": "before", "choices": [
      {"id": "small", "words": {"en": {"say": "small"}, "pl": {"say": "ma\xc5\x82\xc4\x85"}}},
      {"id": "large", "words": {"en": {"say": "large"}, "pl": {"say": "du\xc5\xbc\xc4\x85"}}}]},
    {"id": "milk", "position": "after", "choices": [
      {"id": "oat", "words": {"en": {"say": "oat milk"}, "pl": {"say": "mlekiem"}}}]},
    {"id": "sugar", "position": "after", "choices": [
      {"id": "some", "words": {"en": {"say": "sugar"}, "pl": {"say": "cukrem"}}}]}],
  "products": [
    {"id": "bolts", "unit": "box", "price_minor": 900, "words": {"en": {"say": "hex bolts"}}},
    {"id": "nuts", "unit": "box", "price_minor": 700, "words": {"en": {"say": "nuts"}}},
    {"id": "nuts-and-bolts", "unit": "box", "price_minor": 500,
      "words": {"en": {"say": "nuts and hex bolts"}}},
    {"id": "oil", "unit": "litre", "price_minor": 3000, "words": {"en": {"say": "machine oil"}}},
    {"id": "stop-tape", "unit": "roll", "price_minor": 800, "words": {"en": {"say": "stop tape"}}},
    {"id": "sugar", "unit": "bag", "price_minor": 300, "words": {"en": {"say": "sugar"}}},
    {"id": "latte", "unit": "piece", "price_minor": 900, "options": ["size", "milk", "sugar"],
      "words": {"en": {"say": "latte", "hear": ["lattes"]}, "pl": {"say": "latte"}}},
    {"id": "mocha", "unit": "piece", "price_minor": 1000, "options": ["size", "milk", "sugar"],
      "words": {"en": {"say": "mocha", "hear": ["mochas"]}, "pl": {"say": "mokk\xc4\x99"}}}]}"""
SHOP = parse_catalogue(WORKSHOP)
ENGLISH = SentenceParser(compile_sentences(SHOP, "en"))
POLISH = SentenceParser(compile_sentences(SHOP, "pl"))


def _meaning(words: str, open_words: str = "", parser: SentenceParser = ENGLISH) -> Meaning:
    return understand(parser, SHOP, "order", words, open_words)


def _lines(basket: Basket) -> str:
    return ", ".join(f"{line.quantity} {line.sku}" for line in basket.lines)


def _ordered(words: str, parser: SentenceParser = ENGLISH) -> str:
    meaning = _meaning(words, parser=parser)
    assert isinstance(meaning, OrderAsked), (words, meaning)
    return _lines(meaning.basket)


@pytest.mark.parametrize(
    ("words", "basket"),
    [
        ("two boxes of hex bolts and a litre of machine oil", "2 bolts, 1 oil"),
        (
            "okay nabu order 2 boxes of hex bolts, 1 liter of machine oil and 12 boxes of nuts please",
            "2 bolts, 1 oil, 12 nuts",
        ),
        ("machine oil and hex bolts", "1 oil, 1 bolts"),
        ("a large latte with oat milk and a small mocha", "1 latte?milk=oat&size=large, 1 mocha?size=small"),
        ("a latte, large", "1 latte?size=large"),
        ("a latte with oat milk, large", "1 latte?milk=oat&size=large"),
        (
            "a latte large with oat milk and sugar and two mochas",
            "1 latte?milk=oat&size=large&sugar=some, 2 mocha",
        ),
        ("two boxes of hex bolts and a box of hex bolts", "3 bolts"),
        ("a large latte and a small latte", "1 latte?size=large, 1 latte?size=small"),
    ],
)
def test_several_items(words: str, basket: str) -> None:
    assert _ordered(words) == basket


@pytest.mark.parametrize(
    ("words", "basket"),
    [
        ("two boxes of hex bolts and a litre of machine oil... no, three boxes", "3 bolts, 1 oil"),
        ("two boxes of hex bolts and a litre of machine oil, no, make that three", "2 bolts, 3 oil"),
        ("two boxes of hex bolts and three boxes of nuts, no, four boxes", "2 bolts, 4 nuts"),
        ("two boxes of hex bolts and a litre of machine oil, no, three boxes of hex bolts", "3 bolts, 1 oil"),
        ("two boxes of hex bolts, I mean nuts", "2 nuts"),
        ("two boxes of hex bolts, no, a litre of machine oil", "1 oil"),
        ("a latte with oat milk, no, two lattes", "2 latte?milk=oat"),
        ("a large latte and a mocha, not the latte, a small mocha", "1 mocha?size=small, 1 mocha"),
        ("a latte and a litre of machine oil, not the latte, a mocha", "1 mocha, 1 oil"),
        ("a latte, not the latte but a mocha", "1 mocha"),
        ("a large latte, no, small", "1 latte?size=small"),
        ("a large latte, no, with oat milk", "1 latte?milk=oat&size=large"),
        ("a latte, no, a mocha, no, a latte", "1 latte"),
        ("two boxes of nuts, no, three boxes, and a litre of machine oil", "3 nuts, 1 oil"),
    ],
)
def test_a_correction_replaces_the_line_it_means(words: str, basket: str) -> None:
    assert _ordered(words) == basket


@pytest.mark.parametrize(
    "words",
    [
        "two boxes of hex bolts and a box of nuts and a litre of machine oil, no, three boxes",
        "two boxes of hex bolts, no, three bags",  # there are no bags
        "two boxes of hex bolts, no, machine oil",  # how many litres?
        "two boxes of hex bolts and a litre of machine oil, no, three boxes of nuts",  # for which?
        "a large latte small",  # both at once
        "a latte and a mocha, not the latte",  # and what instead?
        "a latte, not the mocha, a latte",  # no mocha was asked for
        "a large latte and a small latte and a mocha, not the latte, a mocha",  # which latte?
        "a latte but a mocha",
        "two boxes of nuts, no, large",  # nuts have no size
        "order two boxes of nuts and",
    ],
)
def test_what_is_ambiguous_is_refused(words: str) -> None:
    assert _meaning(words) == NotUnderstood()


def test_a_name_that_holds_an_and_is_one_product() -> None:
    assert _ordered("a box of nuts and hex bolts") == "1 nuts-and-bolts"
    assert _ordered("a box of nuts and a box of hex bolts") == "1 nuts, 1 bolts"


def test_what_can_be_an_option_is_one() -> None:
    assert _ordered("a latte with oat milk and sugar") == "1 latte?milk=oat&sugar=some"
    assert _ordered("a latte with oat milk and a bag of sugar") == "1 latte?milk=oat, 1 sugar"


def test_polish() -> None:
    assert _ordered("poproszę dużą latte i dwie mokkę", POLISH) == "1 latte?size=large, 2 mocha"
    assert _ordered("poproszę dużą latte, nie, małą", POLISH) == "1 latte?size=small"
    assert _ordered("poproszę latte, nie latte, tylko mokkę", POLISH) == "1 mocha"


def test_what_is_read_back_is_understood_as_the_same_order() -> None:
    for words in (
        "two boxes of hex bolts and a large latte with oat milk",
        "a latte, a mocha and two rolls of stop tape",
    ):
        meaning = _meaning(words)
        assert isinstance(meaning, OrderAsked)
        assert _ordered(spoken_basket(meaning.basket, "en")) == _lines(meaning.basket)


_ITEMS = st.sampled_from(
    [
        "two boxes of hex bolts",
        "a litre of machine oil",
        "a large latte with oat milk",
        "nuts",
        "3 rolls of stop tape",
    ]
)
_JOINTS = st.sampled_from([" and ", ", no, ", ", I mean ", ", make that ", ", not the latte, "])


def _sentence(items: list[str], joints: list[str]) -> str:
    return items[0] + "".join(joint + item for joint, item in zip(joints, items[1:], strict=False))


_ORDERS = st.builds(
    _sentence, st.lists(_ITEMS, min_size=1, max_size=5), st.lists(_JOINTS, min_size=4, max_size=4)
)


@given(_ORDERS, st.sampled_from(["", " no", " no no", " I mean"]), st.sampled_from(LEXICONS["en"].denials))
def test_an_order_that_ends_in_a_denial_is_none(order: str, before: str, denial: str) -> None:
    """Whatever went before, and however the grammar takes it: "no, cancel" stays a cancel."""
    assert not isinstance(_meaning(f"{order}{before} {denial}"), OrderAsked)


@given(_ORDERS, st.sampled_from(["no", "no, cancel", "cancel that", "stop", "forget it"]))
def test_a_denial_that_only_the_free_decode_heard_is_one(order: str, denial: str) -> None:
    """The grammar may take "no, cancel" for something that it can say."""
    assert not isinstance(_meaning(order, f"{order} {denial}"), OrderAsked)


@given(_ORDERS)
def test_an_order_has_lines_of_its_own_words_and_no_more(order: str) -> None:
    meaning = _meaning(order)
    if isinstance(meaning, OrderAsked):
        lines = meaning.basket.lines
        assert 1 <= len(lines) <= order.count(" and ") + 1
        assert len({line.sku for line in lines}) == len(lines)
        assert meaning.basket.total.minor == sum(line.quantity * line.unit_price.minor for line in lines)


@given(_ORDERS)
def test_a_correction_in_answer_to_the_read_back_is_a_denial(order: str) -> None:
    """After the read-back a "no" denies, whatever follows it."""
    assert understand(ENGLISH, SHOP, "consent", "yes place my order", f"yes, no, {order}") == Answer("denial")
    assert not isinstance(understand(ENGLISH, SHOP, "consent", f"no, {order}"), OrderAsked)


def test_only_a_last_no_or_a_cancel_that_is_in_no_name_calls_off() -> None:
    assert is_called_off("two rolls of tape cancel", "two rolls of stop tape", "en")
    assert is_called_off("two rolls of stop tape no", "two rolls of stop tape", "en")
    assert not is_called_off("two rolls of stop tape", "two rolls of stop tape", "en")
    assert not is_called_off("Okay, no boo, a latte, no, a mocha.", "okay nabu a latte no a mocha", "en")


def test_the_loop_adds_no_product_to_the_grammar() -> None:
    """Items of a list share the one piece of the graph that holds all names."""
    graph = compile_sentences(SHOP, "en")
    named = [
        graph.tags[arc.tag].value
        for arc in graph.arcs
        if arc.tag >= 0 and graph.tags[arc.tag].slot == "product"
    ]
    for product in SHOP.products:
        if not product.options:
            assert named.count(product.id) == len(product.words["en"].heard)
