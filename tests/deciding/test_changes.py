"""What was read back is wanted otherwise: what that comes to, what is not guessed, and no no that is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.basket import Basket
from agent.deciding.catalogue import Catalogue
from agent.deciding.changes import changed
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import Answer, ChangeAsked, Meaning, NotUnderstood, OrderAsked, understand

COFFEE = "order two bags of coffee"
BOTH = "order two bags of coffee and a box of green tea"
THREE = "order two bags of coffee and a box of green tea and a box of black tea"
KAWA = "poproszę dwie paczki kawy"
OBIE = "poproszę dwie paczki kawy i pudełko zielonej herbaty"


def _basket(parser: SentenceParser, catalogue: Catalogue, words: str) -> Basket:
    meaning = understand(parser, catalogue, "order", words)
    assert isinstance(meaning, OrderAsked), words
    return meaning.basket


def _asked(parser: SentenceParser, catalogue: Catalogue, words: str, open_words: str = "") -> Meaning:
    return understand(parser, catalogue, "consent", words, open_words or words)


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        (COFFEE, "make it three", "coffee?roast=medium*3"),
        (COFFEE, "no, make it three", "coffee?roast=medium*3"),
        (COFFEE, "yes, but make it three bags", "coffee?roast=medium*3"),
        (COFFEE, "one instead", "coffee?roast=medium*1"),
        (COFFEE, "three bags instead, please", "coffee?roast=medium*3"),
        (COFFEE, "make that dark roast", "coffee?roast=dark*2"),
        (COFFEE, "change it to a box of green tea", "green-tea*1"),
        (COFFEE, "make it two and a box of green tea", "coffee?roast=medium*2|green-tea*1"),
        (COFFEE, "remove one bag of coffee", "coffee?roast=medium*1"),
        (COFFEE, "without the coffee", "emptied"),
        (COFFEE, "remove three bags of coffee", "unclear"),
        (COFFEE, "without the sugar", "unclear"),
        (COFFEE, "make it three boxes", "unclear"),
        (BOTH, "without the green tea", "coffee?roast=medium*2"),
        (BOTH, "no, without green tea", "coffee?roast=medium*2"),
        (BOTH, "leave out the coffee", "green-tea*1"),
        (BOTH, "remove the coffee and green tea", "emptied"),
        (BOTH, "make it three boxes", "coffee?roast=medium*2|green-tea*3"),
        (BOTH, "make it dark roast", "coffee?roast=dark*2|green-tea*1"),
        (
            BOTH,
            "make it three bags of coffee and two boxes of green tea",
            "coffee?roast=medium*3|green-tea*2",
        ),
        (BOTH, "make it three", "unclear"),
        (THREE, "two boxes instead", "unclear"),
        (THREE, "make it two boxes of black tea", "black-tea*2|coffee?roast=medium*2|green-tea*1"),
    ],
)
def test_what_was_read_back_is_wanted_otherwise(
    english: SentenceParser, catalogue: Catalogue, before: str, said: str, after: str
) -> None:
    _comes_to(english, catalogue, before, said, after)


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        (KAWA, "zmień na trzy", "coffee?roast=medium*3"),
        (KAWA, "nie, niech będą trzy paczki", "coffee?roast=medium*3"),
        (KAWA, "jednak trzy", "coffee?roast=medium*3"),
        (KAWA, "trzy paczki zamiast tego", "coffee?roast=medium*3"),
        (KAWA, "bez kawy", "emptied"),
        (OBIE, "bez zielonej herbaty", "coffee?roast=medium*2"),
        (OBIE, "usuń kawę", "green-tea*1"),
        (OBIE, "zmień na trzy", "unclear"),
    ],
)
def test_the_same_in_polish(
    polish: SentenceParser, catalogue: Catalogue, before: str, said: str, after: str
) -> None:
    _comes_to(polish, catalogue, before, said, after)


def _comes_to(parser: SentenceParser, catalogue: Catalogue, before: str, said: str, after: str) -> None:
    basket, meaning = _basket(parser, catalogue, before), _asked(parser, catalogue, said)
    assert isinstance(meaning, ChangeAsked), meaning
    outcome = changed(basket, meaning.readings, catalogue, parser.language)
    assert (outcome.key if isinstance(outcome, Basket) else outcome) == after


@pytest.mark.parametrize(
    ("said", "open_words"),
    [
        ("dont make it three", ""),
        ("make it three, no", ""),
        ("cancel, make it three", ""),
        ("make it three", "make it three no cancel the order"),
        ("no make it three", "no no dont make it three"),
        ("without the green tea", "id rather die without the green tea"),
    ],
)
def test_a_denial_beside_a_change_denies_it_all(
    english: SentenceParser, catalogue: Catalogue, said: str, open_words: str
) -> None:
    assert _asked(english, catalogue, said, open_words) == Answer("denial")


def test_a_count_alone_changes_nothing(english: SentenceParser, catalogue: Catalogue) -> None:
    for said in ("three", "two bags", "instead", "without", "make it"):
        assert _asked(english, catalogue, said) == NotUnderstood()


@given(st.data())
def test_a_change_is_never_a_consent_whatever_is_said_around_it(
    english: SentenceParser, catalogue: Catalogue, data: st.DataObject
) -> None:
    lexicon = LEXICONS["en"]
    around = st.lists(st.sampled_from(lexicon.consent_sentences + lexicon.consent_bare), max_size=2)
    change = st.sampled_from(
        ["make it three", "two bags instead", "without the coffee", "no make it dark roast"]
    )
    said = " ".join([*data.draw(around), data.draw(change), *data.draw(around)])
    meaning = _asked(english, catalogue, said)
    assert meaning == Answer("denial") or isinstance(meaning, ChangeAsked | NotUnderstood)


def test_what_was_priced_by_another_catalogue_is_not_changed(
    english: SentenceParser, catalogue: Catalogue
) -> None:
    basket, meaning = _basket(english, catalogue, COFFEE), _asked(english, catalogue, "make it three")
    assert isinstance(meaning, ChangeAsked)
    old = Basket(basket.lines, basket.catalogue_version + 1)
    assert changed(old, meaning.readings, catalogue, "en") == "unclear"


@pytest.mark.parametrize("said", ["make it do not", "no make it do not", "change it to cancel"])
def test_after_words_that_want_something_no_denial_is_heard(english: SentenceParser, said: str) -> None:
    """ "Make it two" sounds like the first."""
    assert english.readings("consent", said) == ()


def test_after_other_corrections_a_denial_is_heard(
    english: SentenceParser, polish: SentenceParser, catalogue: Catalogue
) -> None:
    assert _asked(polish, catalogue, "jednak nie") == Answer("denial")
    for parser, said in ((english, f"{COFFEE} actually cancel"), (polish, f"{KAWA} jednak nie")):
        assert understand(parser, catalogue, "order", said, said) == Answer("denial")


def test_a_no_that_leads_to_a_change_of_which_the_rest_was_not_heard_is_asked_about(
    english: SentenceParser, catalogue: Catalogue
) -> None:
    heard = "no make it you / no may it adieu"
    meaning = _asked(english, catalogue, "", heard)
    assert meaning == ChangeAsked(())
    assert changed(_basket(english, catalogue, COFFEE), (), catalogue, "en") == "unclear"
    for denied in ("no make it stop", f"{heard} / no never", "no", "no no make it you", "no make it"):
        assert _asked(english, catalogue, "", denied) == Answer("denial"), denied
    assert understand(english, catalogue, "enrol", "", heard) == Answer("denial")
    assert understand(english, catalogue, "challenge", "", heard) == Answer("denial")
