"""What people run together is understood as what it is, and never as something else that is sold."""

from __future__ import annotations

import pytest

from agent.deciding.catalogue import Catalogue, Product, Wording
from agent.deciding.connected_speech import accented, weak_forms
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, OrderAsked, understand


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("iced coffee", "ice coffee"),
        ("Smoked ham", "smoke ham"),
        ("skimmed milk", "skim milk"),
        ("sweetened iced tea", "sweetened ice tea"),
        ("sweetened iced tea", "sweeten iced tea"),
    ],
)
def test_the_ed_of_a_participle_is_lost_before_the_next_word(text: str, form: str) -> None:
    assert form in weak_forms(text, "en")


@pytest.mark.parametrize("text", ["coffee iced", "salted butter", "red wine", "seed bread", "need", ""])
def test_a_syllable_of_its_own_a_last_word_and_other_words_stay(text: str) -> None:
    assert weak_forms(text, "en") == ()


def test_other_languages_have_other_rules() -> None:
    assert weak_forms("iced coffee", "pl") == ()


def _shop(*names: str) -> Catalogue:
    products = [Product(name.replace(" ", "-"), "piece", 100, {"en": Wording(name)}, ()) for name in names]
    return Catalogue(1, "shop", 1, "USD", tuple(products), ())


def _ordered(catalogue: Catalogue, words: str) -> str | None:
    parser = SentenceParser(compile_sentences(catalogue, "en"))
    meaning = understand(parser, catalogue, "order", words)
    return meaning.basket.lines[0].product_id if isinstance(meaning, OrderAsked) else None


def test_the_weak_form_orders_the_product() -> None:
    assert _ordered(_shop("iced tea", "tea"), "order an ice tea") == "iced-tea"


@pytest.mark.parametrize("names", [("iced tea", "ice tea"), ("ice tea", "iced tea")])
def test_what_is_sold_under_the_weak_form_is_meant_by_it(names: tuple[str, str]) -> None:
    assert _ordered(_shop(*names), "order an ice tea") == "ice-tea"
    assert _ordered(_shop(*names), "order an iced tea") == "iced-tea"


def test_place_in_a_consent_may_be_written_please() -> None:
    assert accented(["Yes, place my order"], "en") == ("yes place my order", "yes please my order")
    assert accented(["yes order it"], "en") == ("yes order it",)
    assert accented(["place"], "pl") == ("place",)


@pytest.mark.parametrize("entry", ["consent", "order"])
def test_a_consent_in_an_accent_is_one_and_what_it_sounds_like_is_none(
    entry: str, catalogue: Catalogue
) -> None:
    parser = SentenceParser(compile_sentences(catalogue, "en"))
    for said in ("yes please my order", "yes please please my order", "please my order"):
        assert understand(parser, catalogue, entry, said, said) == Answer("consent"), said
        assert understand(parser, catalogue, "consent", said, f"no {said}") == Answer("denial")
    assert understand(parser, catalogue, "consent", "yes please") == Answer("bare")
