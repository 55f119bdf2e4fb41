"""What people say becomes what they mean; a denial anywhere wins."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.lexicon import LEXICONS
from agent.deciding.manner_words import MannerAsked
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import (
    Answer,
    HelpAsked,
    Meaning,
    MoreAsked,
    NotUnderstood,
    OrderAsked,
    PhraseRead,
    RepeatAsked,
    understand,
)
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Speaker
from tests.deciding.conftest import CORNER_SHOP


def _basket(parser: SentenceParser, catalogue: Catalogue, words: str) -> tuple[str, int]:
    meaning = understand(parser, catalogue, "order", words)
    assert isinstance(meaning, OrderAsked), words
    (line,) = meaning.basket.lines
    return line.sku, line.quantity


@pytest.mark.parametrize(
    ("words", "sku", "quantity"),
    [
        ("Okay Nabu, order two bags of dark roast coffee.", "coffee?roast=dark", 2),
        ("order 2 bags of dark roast coffee", "coffee?roast=dark", 2),
        ("ok naboo I'd like a carton of skim milk please", "milk?fat=skimmed", 1),
        ("could I have half a dozen cans of dog food", "dog-food", 6),
        ("green tea", "green-tea", 1),
        ("order twenty-one tins of chopped tomatoes", "tomatoes", 21),
    ],
)
def test_english_orders(
    english: SentenceParser, catalogue: Catalogue, words: str, sku: str, quantity: int
) -> None:
    assert _basket(english, catalogue, words) == (sku, quantity)


@pytest.mark.parametrize(
    ("words", "sku", "quantity"),
    [
        ("Poproszę dwie paczki ciemno palonej kawy", "coffee?roast=dark", 2),
        ("poprosze dwie paczki ciemno palonej kawy", "coffee?roast=dark", 2),
        ("zamów 5 butelek wody gazowanej", "sparkling-water", 5),
        ("chciałabym karton tłustego mleka", "milk?fat=whole", 1),
    ],
)
def test_polish_orders_with_and_without_accents(
    polish: SentenceParser, catalogue: Catalogue, words: str, sku: str, quantity: int
) -> None:
    assert _basket(polish, catalogue, words) == (sku, quantity)


@pytest.mark.parametrize(
    "words", ["order three dragons", "", "order two", "bags of", "order two bags of milk"]
)
def test_what_is_not_in_the_catalogue_is_not_understood(
    english: SentenceParser, catalogue: Catalogue, words: str
) -> None:
    assert understand(english, catalogue, "order", words) == NotUnderstood()


@pytest.mark.parametrize(
    "words", ["yes... no, cancel", "no, go ahead", "never confirm", "yes no", "no", "yes don't"]
)
def test_a_denial_anywhere_wins_over_every_consent(
    english: SentenceParser, catalogue: Catalogue, words: str
) -> None:
    assert understand(english, catalogue, "consent", words) == Answer("denial")


def test_a_denial_in_the_free_decode_wins_over_consent_in_the_grammar(
    english: SentenceParser, catalogue: Catalogue
) -> None:
    meaning = understand(english, catalogue, "consent", "yes place my order", "Yes, don't place my order")
    assert meaning == Answer("denial")


def test_words_that_merely_contain_a_denial_do_not_deny(
    english: SentenceParser, catalogue: Catalogue
) -> None:
    meaning = understand(english, catalogue, "consent", "yes place my order", "Yes, place my order, Nora")
    assert meaning == Answer("consent")


def test_a_bare_yes_is_told_from_a_sentence(english: SentenceParser, catalogue: Catalogue) -> None:
    assert understand(english, catalogue, "consent", "yes") == Answer("bare")
    assert understand(english, catalogue, "consent", "yes, place my order") == Answer("consent")
    assert understand(english, catalogue, "consent", "okay nabu, yes, place my order") == Answer("consent")
    assert understand(english, catalogue, "consent", "yes, order two bags") == Answer("consent", 2, "bag")


def test_help_and_enrolment_phrases(english: SentenceParser, catalogue: Catalogue) -> None:
    assert understand(english, catalogue, "order", "okay nabu help") == HelpAsked()
    for number, phrase in enumerate(ENROLMENT_PHRASES["en"]):
        assert understand(english, catalogue, "phrase", phrase) == PhraseRead(number)


@pytest.mark.parametrize("language", LEXICONS)
def test_enrolment_phrases_are_understood_in_every_language(language: str, catalogue: Catalogue) -> None:
    shop = CORNER_SHOP.with_name(f"corner_shop_{language}.json")
    sold = parse_catalogue(shop.read_bytes()) if shop.exists() else catalogue
    parser = SentenceParser(compile_sentences(sold, language))
    assert len(ENROLMENT_PHRASES[language]) >= Speaker().enrolment_sentences
    for number, phrase in enumerate(ENROLMENT_PHRASES[language]):
        assert understand(parser, sold, "phrase", phrase) == PhraseRead(number)


def test_the_graph_survives_its_journey_between_processes(catalogue: Catalogue) -> None:
    graph = compile_sentences(catalogue, "en")
    assert SentenceGraph.from_bytes(graph.to_bytes()) == graph


def test_options_said_after_the_name_go_in_any_order() -> None:
    raw = b"""{"schema_version": 1, "shop_id": "s", "version": 1, "currency": "PLN",
      "options": [
        {"id": "milk", "position": "after", "choices": [{"id": "oat", "words": {"en": {"say": "oat milk"}}}]},
        {"id": "sugar", "position": "after", "choices": [{"id": "some", "words": {"en": {"say": "sugar"}}}]}],
      "products": [{"id": "latte", "unit": "piece", "price_minor": 900, "words": {"en": {"say": "latte"}},
        "options": ["milk", "sugar"]}]}"""
    catalogue = parse_catalogue(raw)
    parser = SentenceParser(compile_sentences(catalogue, "en"))
    both = ("latte?milk=oat&sugar=some", 1)
    assert _basket(parser, catalogue, "a latte with oat milk and sugar") == both
    assert _basket(parser, catalogue, "a latte with sugar and oat milk") == both
    assert _basket(parser, catalogue, "a latte") == ("latte", 1)
    assert understand(parser, catalogue, "order", "a latte with") == NotUnderstood()


@pytest.mark.parametrize(
    ("change", "code"),
    [({"unit": "furlong"}, "catalogue_unit"), ({"words": {"pl": {"say": "x"}}}, "catalogue_language")],
)
def test_a_catalogue_that_cannot_be_spoken_is_refused(change: dict[str, object], code: str) -> None:
    import json

    product = {"id": "x", "unit": "box", "price_minor": 1, "words": {"en": {"say": "x"}}} | change
    raw = {"schema_version": 1, "shop_id": "s", "version": 1, "currency": "PLN", "products": [product]}
    with pytest.raises(CatalogueError) as caught:
        compile_sentences(parse_catalogue(json.dumps(raw).encode()), "en")
    assert caught.value.code == code


@pytest.mark.parametrize("words", ["and a box of green tea", "okay nabu also a box of green tea please"])
def test_more_is_asked_for_after_a_read_back_only(
    english: SentenceParser, catalogue: Catalogue, words: str
) -> None:
    more = understand(english, catalogue, "consent", words)
    assert isinstance(more, MoreAsked)
    assert [(line.product_id, line.quantity) for line in more.basket.lines] == [("green-tea", 1)]
    assert understand(english, catalogue, "consent", words, f"no {words}") == Answer("denial")
    assert understand(english, catalogue, "order", words) == NotUnderstood()
    assert understand(english, catalogue, "consent", "a box of green tea") == NotUnderstood()


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("repeat that", RepeatAsked()),
        ("okay nabu repeat the order please", RepeatAsked()),
        ("say it again", RepeatAsked()),
        ("help", HelpAsked()),
        ("what can i say please", HelpAsked()),
        ("yes place my order repeat that", NotUnderstood()),
        ("repeat that yes place my order", NotUnderstood()),
    ],
)
def test_a_question_in_place_of_an_answer_stands_alone(
    said: str, meaning: Meaning, english: SentenceParser, catalogue: Catalogue
) -> None:
    assert understand(english, catalogue, "consent", said, said) == meaning


def test_a_denial_wins_over_the_wish_to_hear_it_again(english: SentenceParser, catalogue: Catalogue) -> None:
    assert understand(english, catalogue, "consent", "repeat that", "no dont repeat that") == Answer("denial")


def test_what_was_said_is_asked_for_again_after_the_wake_word_too(
    english: SentenceParser, catalogue: Catalogue
) -> None:
    assert understand(english, catalogue, "order", "okay nabu repeat that") == RepeatAsked()


@pytest.mark.parametrize(
    ("words", "open_words", "meaning"),
    [
        ("okay now boo help", "ok not do held / ok not do hell", HelpAsked()),
        ("ok naboo repeat that", "ok not but where peeped that / ok not boo repeat that", RepeatAsked()),
        ("okay now boo speak slower", "ok not do speak slower", MannerAsked("slower")),
        # A yes is not taken, and not taken for a no.
        ("okay now boo yes place my order", "ok not do yes place my order", NotUnderstood()),
        ("okay naboo yes place my order", "ok naboo yes place my order", Answer("consent")),
        # A refusal anywhere else, or where the grammar heard no name, is one.
        ("ok naboo help", "ok not boop no help", Answer("denial")),
        ("okay yes place my order", "okay no boo yes place my order", Answer("denial")),
        ("okay now boo yes place my order", "no not do yes place my order", Answer("denial")),
        ("okay now boo yes place my order", "ok not do never place my order", Answer("denial")),
        ("help", "ok not boo help", Answer("denial")),
    ],
)
def test_a_name_that_sounds_like_a_refusal_is_none(
    english: SentenceParser, catalogue: Catalogue, words: str, open_words: str, meaning: Meaning
) -> None:
    assert understand(english, catalogue, "consent", words, open_words) == meaning
