"""A refusal in whatever words is no consent, and takes an order back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.connected_speech import accented
from agent.deciding.denials import is_called_off, is_denied, is_doubtful
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, NotUnderstood, OrderAsked, understand
from agent.plumbing.sentence_graph import BETWEEN_DECODES, normalise_text
from tests.deciding.conftest import CORNER_SHOP

SHOP = parse_catalogue(CORNER_SHOP.read_bytes())
PARSERS = {language: SentenceParser(compile_sentences(SHOP, language)) for language in ("en", "pl")}


def _answer(language: str, words: str, open_words: str) -> object:
    return understand(PARSERS[language], SHOP, "consent", words, open_words)


@st.composite
def _refused(draw: st.DrawFn) -> tuple[str, str, str]:
    """A language, a consent of its grammar, and the same with a negator somewhere in it."""
    language = draw(st.sampled_from(sorted(PARSERS)))
    lexicon = LEXICONS[language]
    negators = [*lexicon.denial_words, *lexicon.denial_phrases, *lexicon.doubt_words, *lexicon.denials]
    consents = (*accented(lexicon.consent_sentences, language), *lexicon.enrolment_consents)
    consent = normalise_text(draw(st.sampled_from(consents)))
    words = consent.split()
    at = draw(st.integers(0, len(words)))
    negator = normalise_text(draw(st.sampled_from(sorted(negators))))
    return language, consent, " ".join([*words[:at], negator, *words[at:]])


@given(_refused())
def test_a_negator_anywhere_in_a_consent_leaves_none(refused: tuple[str, str, str]) -> None:
    """Whether the grammar heard it, or only the free decode, or one of two free decodes."""
    language, consent, said = refused
    for entry in ("consent", "enrol"):
        for words, open_words in (
            *((consent, said), (said, said), (said, consent), ("", said)),
            *((consent, f"{consent}{BETWEEN_DECODES}{said}"), (consent, f"{said}{BETWEEN_DECODES}{consent}")),
        ):
            meaning = understand(PARSERS[language], SHOP, entry, words, open_words)
            assert meaning in (Answer("denial"), NotUnderstood())


@pytest.mark.parametrize(
    "said",
    [
        *("I refuse to confirm the order", "I won't confirm the order", "we wouldn't confirm the order"),
        *("hold on, confirm the order", "not yet, confirm the order", "no, wait, confirm the order"),
        *(
            "I am declining to confirm the order",
            "confirm the order? I changed my mind",
            "confirm the order? As if!",
        ),
        *("I can not confirm the order", "cancellation, don't confirm the order"),
    ],
)
def test_english_refusals_deny(said: str) -> None:
    assert _answer("en", "confirm the order", said) == Answer("denial")


@pytest.mark.parametrize(
    "said",
    [
        *(
            "odmawiam",
            "rezygnujemy",
            "anulujemy zamówienie",
            "ani mi się śni",
            "w życiu, zamawiam",
            "poczekaj",
        ),
        *("chwileczkę, zamawiam", "zmieniłam zdanie", "wykluczone"),
    ],
)
def test_polish_refusals_deny(said: str) -> None:
    assert _answer("pl", "tak zamawiam", said) == Answer("denial")


@pytest.mark.parametrize("said", ["odmawiam", "ani mi się śni", "rezygnujemy", "w życiu", "czekaj"])
def test_polish_refusals_are_sentences_of_the_grammar(said: str) -> None:
    """One consonant tells "odmawiam" from "zamawiam": the recogniser has to be able to hear either."""
    assert _answer("pl", said, "") == Answer("denial")


@pytest.mark.parametrize(
    "said",
    [
        *("I can't confirm the order", "we cannot confirm the order", "wait, confirm the order"),
        *("he said, confirm the order", "hold it, confirm the order"),
        *("what happens if I say confirm the order", "my mother would like to confirm the order"),
    ],
)
def test_a_consent_in_doubt_is_asked_for_again(said: str) -> None:
    assert _answer("en", "confirm the order", said) == NotUnderstood()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("yes confirm the order", "can't wait, yes, confirm the order"),
        ("yes confirm the order", "permission granted, yes, confirm the order"),
        ("yes confirm the order", "yes, confirm the order, Nora"),
        ("yes place my order", "yes leaves place my order"),
        ("yes please order that", f"yes these were the next{BETWEEN_DECODES}yes hes worded that"),
        ("i confirm the order", f"i confirmed the horror group{BETWEEN_DECODES}i can turn the horriders"),
        ("yes order two bags", f"the ice order to bend the sea{BETWEEN_DECODES}yes order to banks"),
    ],
)
def test_what_denies_nothing_is_still_a_consent(words: str, said: str) -> None:
    """The last four are consents in noise, as the recogniser wrote them."""
    assert isinstance(meaning := _answer("en", words, said), Answer)
    assert meaning.kind == "consent"


@pytest.mark.parametrize("said", ["can't wait, yes, no", "yes, I can't wait, cancel it", "can't wait, never"])
def test_what_says_yes_excuses_no_other_denial(said: str) -> None:
    assert is_denied(said, "en")


def test_what_says_yes_excuses_no_doubt_beside_it() -> None:
    assert is_doubtful("I can't. Wait! Place my order.", "place my order", "en")


def test_much_more_than_the_sentence_has_to_be_in_every_decode() -> None:
    more = "my mother would like to confirm the order"
    assert is_doubtful(more, "confirm the order", "en")
    assert is_doubtful(f"{more}{BETWEEN_DECODES}{more}", "confirm the order", "en")
    assert not is_doubtful(f"{more}{BETWEEN_DECODES}confirm the order", "confirm the order", "en")


@pytest.mark.parametrize("language", PARSERS)
def test_no_consent_is_a_denial_and_every_denial_is_one(language: str) -> None:
    lexicon = LEXICONS[language]
    for said in (*lexicon.consent_sentences, *lexicon.consent_bare, *lexicon.enrolment_consents):
        assert not is_denied(said, language)
        assert not is_doubtful(said, said, language)
    for said in (*lexicon.denials, *lexicon.denial_phrases, *lexicon.denial_words, *lexicon.doubt_words):
        assert is_denied(said, language) or is_doubtful(said, said, language), said
        assert _answer(language, said, said) in (Answer("denial"), NotUnderstood())
    for word in lexicon.denial_words | lexicon.call_off_words | lexicon.doubt_words:
        assert normalise_text(word) == word


@pytest.mark.parametrize(
    ("language", "words", "said"),
    [
        ("en", "i want two bags of rice", "I don't want two bags of rice"),
        ("en", "order two bags of rice", "never order two bags of rice"),
        ("en", "order two bags of rice", "do not order two bags of rice"),
        ("en", "order two bags of rice", "I am not ordering two bags of rice"),
        ("en", "order two bags of rice", "I refuse to order two bags of rice"),
        ("en", "order two bags of rice", "I won't order two bags of rice"),
        ("en", "order two bags of rice", "order two bags of rice, I changed my mind"),
        ("pl", "chce dwie paczki ryzu", "nie chcę dwie paczki ryżu"),
        ("pl", "zamow dwie paczki ryzu", "nie zamawiaj dwie paczki ryżu"),
        ("pl", "zamow dwie paczki ryzu", "nigdy zamów dwie paczki ryżu"),
    ],
)
def test_an_order_that_is_refused_is_none(catalogue: Catalogue, language: str, words: str, said: str) -> None:
    assert isinstance(understand(PARSERS[language], catalogue, "order", words, words), OrderAsked)
    assert understand(PARSERS[language], catalogue, "order", words, said) == Answer("denial")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pl", "nie, jednak dziękuję"),
        ("pl", "nie, jednak zostaw"),
        ("pl", "nie, jednak później"),
        ("en", "no, actually, leave it"),
    ],
)
def test_a_no_after_which_anything_may_follow_is_no_change_begun(language: str, said: str) -> None:
    assert _answer(language, "", normalise_text(said)) == Answer("denial")


def test_a_correction_calls_nothing_off() -> None:
    assert not is_called_off("two bags of rice no three", "two bags of rice no three", "en")
    assert not is_called_off("poproszę ryż, nie, kawę", "poprosze ryz nie kawe", "pl")


def test_a_want_that_is_written_like_a_refusal_calls_nothing_off() -> None:
    assert not is_called_off("I won't two bags of rice", "i want two bags of rice", "en")
