"""Every sentence exists in every language, and says numbers as a person would."""

from __future__ import annotations

import pytest

from agent.deciding.basket import Basket
from agent.deciding.catalogue import Catalogue
from agent.deciding.conversation import Say
from agent.deciding.lexicon import LEXICONS
from agent.deciding.money import Money
from agent.deciding.replies import Hears, render, spoken_money
from agent.deciding.reply_words import CONSENTS, REPLIES
from agent.deciding.spoken_basket import spoken_basket
from agent.plumbing.sentence_graph import normalise_text
from tests.deciding.conftest import HEARS


def said(key: str, language: str, hears: Hears, catalogue: Catalogue) -> str:
    titled = language if language in catalogue.product("coffee").words else "en"
    basket = Basket((catalogue.line("coffee", {"roast": "dark"}, 2, titled),), 1)
    say = Say(key, basket=basket, limit=100_00, delivery="2026-11-24")
    return render(say, language, "PLN", hears, name="Anna", text="x")


@pytest.mark.parametrize("language", LEXICONS)
def test_every_language_has_the_same_replies_and_each_renders(language: str, catalogue: Catalogue) -> None:
    assert REPLIES[language].keys() == REPLIES["en"].keys()
    for key, reply in REPLIES[language].items():
        text = said(key, language, Hears("okay nabu", language), catalogue)
        assert "{" not in text
        assert text.strip()
        assert language == "en" or reply != REPLIES["en"][key]


@pytest.mark.parametrize("hears", LEXICONS)
@pytest.mark.parametrize("language", LEXICONS)
def test_whoever_reads_is_told_the_consent_and_the_wake_phrase_that_the_device_listens_for(
    language: str, hears: str, catalogue: Catalogue
) -> None:
    for key in ("read_back", "read_back_typed", "typed_cannot_confirm", "proposal", "low_how", "help"):
        text = said(key, language, Hears("hey jarvis", hears), catalogue)
        assert [heard for heard, consent in CONSENTS.items() if consent in text] == [hears]
        assert "okay nabu" not in text
        assert ("hey jarvis" in text) == ("{wake}" in REPLIES[language][key])


@pytest.mark.parametrize("language", LEXICONS)
def test_what_people_are_told_to_say_is_understood(language: str, catalogue: Catalogue) -> None:
    words, lexicon = normalise_text(CONSENTS[language]), LEXICONS[language]
    assert words in map(normalise_text, lexicon.consent_sentences)
    asked = normalise_text(said("enrol_consent", language, Hears("okay nabu", language), catalogue))
    assert [text for text in lexicon.enrolment_consents if normalise_text(text) in asked]
    for other in LEXICONS.keys() - {language}:
        spoken = LEXICONS[other].enrolment_consents
        assert not [text for text in spoken if normalise_text(text) in asked]


@pytest.mark.parametrize(
    ("language", "product", "quantity", "expected"),
    [
        ("en", "coffee", 2, "two bags of dark roast coffee"),
        ("en", "coffee", 1, "one bag of dark roast coffee"),
        ("pl", "coffee", 1, "jedną paczkę ciemno palonej kawy"),
        ("pl", "coffee", 2, "dwie paczki ciemno palonej kawy"),
        ("pl", "coffee", 5, "pięć paczek ciemno palonej kawy"),
        ("pl", "coffee", 12, "dwanaście paczek ciemno palonej kawy"),
        ("pl", "coffee", 22, "dwadzieścia dwie paczki ciemno palonej kawy"),
    ],
)
def test_quantities_agree_with_their_units(
    catalogue: Catalogue, language: str, product: str, quantity: int, expected: str
) -> None:
    line = catalogue.line(product, {"roast": "dark"}, quantity, language)
    assert spoken_basket(Basket((line,), 1), language) == expected


@pytest.mark.parametrize(
    ("minor", "language", "expected"),
    [
        (38_00, "en", "thirty-eight zloty"),
        (4_50, "en", "four zloty and fifty grosz"),
        (38_00, "pl", "trzydzieści osiem złotych"),
        (22_01, "pl", "dwadzieścia dwa złote i jeden grosz"),
        (0, "pl", "zero złotych"),
    ],
)
def test_money_is_spoken(minor: int, language: str, expected: str) -> None:
    assert spoken_money(Money(minor, "PLN"), language) == expected


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (1_250, "CZK", "twelve CZK and fifty / 100"),
        (1_250, "ISK", "one thousand two hundred and fifty ISK"),
        (12_500, "KWD", "twelve KWD and five hundred / 1000"),
    ],
)
def test_every_currency_is_read_out_by_its_own_minor_unit(minor: int, currency: str, expected: str) -> None:
    assert spoken_money(Money(minor, currency), "en") == expected


def test_an_unknown_refusal_of_the_shop_is_still_explained() -> None:
    assert "Nothing is ordered" in render(Say("shop_moon_phase", title="tea"), "en", "PLN", HEARS)
    assert render(Say("ordered", title="tea", delivery="soon"), "en", "PLN", HEARS) == "Ordered: tea."
