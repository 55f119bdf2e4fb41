"""Questions that are heard: each is one that is typed, none is an order, and nothing else becomes one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding import really, sentences
from agent.deciding.asked import Asked, question_in
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.heard_questions import (
    CONFIRMATIONS,
    HEARD_ABOUT,
    HEARD_WHOLE,
    ITEM,
    QuestionAsked,
    confirmations,
    heard_recalls,
)
from agent.deciding.lexicon import LEXICONS
from agent.deciding.question_frames import question_frames
from agent.deciding.replies_questions import ALOUD
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.telling import offers_in_words
from agent.deciding.understanding import Answer, Meaning, NotUnderstood, OrderAsked, understand
from agent.deciding.verification import Verdict
from agent.plumbing.sentence_graph import normalise_text
from agent.plumbing.told import Told, ToldOffer
from tests.deciding.conftest import CORNER_SHOP

SHOP = parse_catalogue(CORNER_SHOP.read_bytes())
PARSERS = {language: SentenceParser(compile_sentences(SHOP, language)) for language in ("en", "pl")}
FRAMES = {language: question_frames(language) for language in PARSERS}
THINGS = {"en": "two bags of rice", "pl": "dwie paczki ryżu"}
WAYS = [
    *(
        (language, kind, way.replace(ITEM, THINGS[language]))
        for table in (HEARD_ABOUT, HEARD_WHOLE)
        for language, kinds in table.items()
        for kind, ways in kinds.items()
        for way in ways
    ),
    *((language, "recall", way) for language in HEARD_WHOLE for way in heard_recalls(language)),
]


def _meaning(language: str, said: str, entry: str = "order") -> Meaning:
    return understand(PARSERS[language], SHOP, entry, normalise_text(said), normalise_text(said))


def _asked(language: str, said: str) -> Asked | None:
    meaning = _meaning(language, said)
    assert isinstance(meaning, QuestionAsked), (said, meaning)
    return question_in(PARSERS[language], SHOP, FRAMES[language], meaning.text)


def test_every_question_that_is_heard_is_one_that_is_typed() -> None:
    for language, kind, said in WAYS:
        for around in ("{}", "okay nabu {}"):
            asked = _asked(language, around.format(said))
            assert asked is not None and asked.kind == kind, said
            about = [(line.sku, line.quantity) for line in asked.basket.lines] if asked.basket else []
            assert about == ([("rice", 2)] if THINGS[language] in said else []), said


def test_a_question_is_heard_nowhere_but_after_the_wake_word() -> None:
    for language, _, said in WAYS:
        for entry in ("consent", "enrol", "phrase"):
            assert isinstance(_meaning(language, said, entry), Answer | NotUnderstood), said


@pytest.mark.parametrize(
    "said", ["rice in stock", "order rice left", "two bags of rice cost", "and a box of green tea in stock"]
)
def test_the_end_of_a_question_alone_is_no_order(said: str) -> None:
    assert _meaning("en", said) == NotUnderstood()
    assert not isinstance(_meaning("en", said, "consent"), OrderAsked)
    assert _meaning("en", said, "consent") == NotUnderstood()


@pytest.mark.parametrize(
    "said", ["how much is rice in stock", "where is rice cost", "is there any rice cost"]
)
def test_the_wrong_end_of_a_question_asks_nothing(said: str) -> None:
    assert _asked("en", said) is None


@pytest.mark.parametrize("said", ["how much is rice no cancel", "where is the rice cancel"])
def test_a_denial_after_a_question_is_one(said: str) -> None:
    assert _meaning("en", said) == Answer("denial")


@pytest.mark.parametrize(
    ("said", "meaning"),
    [("cancel", Answer("denial")), ("cancel the order", Answer("denial")), ("two bags of rice", OrderAsked)],
)
def test_what_was_heard_before_means_what_it_meant(said: str, meaning: Answer | type[OrderAsked]) -> None:
    found = _meaning("en", said)
    assert isinstance(found, meaning) if isinstance(meaning, type) else found == meaning


@pytest.mark.parametrize("language", ["en", "pl"])
def test_questions_take_little_of_the_grammar(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shop of 23 products; with more of them they are a smaller share."""
    with_questions = len(compile_sentences(SHOP, language).source)
    monkeypatch.setattr(sentences, "add_questions", lambda *_: None)
    assert with_questions <= 1.3 * len(compile_sentences(SHOP, language).source)


def test_what_is_said_aloud_is_said_in_both_languages() -> None:
    fields = [
        {key: sorted(set(re.findall(r"\{\w+\}", text))) for key, text in ALOUD[language].items()}
        for language in ("en", "pl")
    ]
    assert fields[0] == fields[1]
    for kind in CONFIRMATIONS["en"]:
        assert {f"{kind}_really", f"{kind}_again"} <= ALOUD["en"].keys()
    assert not [
        text for said in ALOUD.values() for text in said.values() if re.search("[Tt]ype|apisz:", text)
    ]


def test_of_many_offers_the_first_are_said() -> None:
    told = Told(
        kind="offers", offers=tuple(ToldOffer({"en": f"offer {n}"}, until="2026-12-01") for n in range(4))
    )
    assert offers_in_words(told, "en", briefly=True) == (
        "On offer: offer 0; offer 1; offer 2. All of them: earmark chat."
    )
    assert offers_in_words(told, "en").count("until") == 4


ANNA, BERT = Verdict("anna"), Verdict("bert")
NOBODY = Verdict(reason="unknown_voice")


@pytest.mark.parametrize("language", CONFIRMATIONS)
@pytest.mark.parametrize("kind", ["cancel", "person"])
@given(data=st.data())
def test_only_a_yes_is_one_and_any_denial_wins(language: str, kind: str, data: st.DataObject) -> None:
    yes = confirmations(kind, language)
    words = data.draw(st.sampled_from(("", *really.really_answers(kind, language))))
    denial = data.draw(st.sampled_from(sorted(LEXICONS[language].denial_words)))
    denied = data.draw(st.booleans())
    speaker, same = data.draw(st.sampled_from([ANNA, BERT, NOBODY])), data.draw(st.booleans())
    outcome = really.answered(
        *(really.Really(kind, "anna"), words, f"{words} {denial}" if denied else words, speaker),
        same_speaker=same,
        language=language,
    )
    may = kind == "person" or (same and speaker == ANNA)
    assert (outcome == "yes") == (words in yes and not denied and may)


def test_a_question_whether_it_is_meant_is_put_twice_and_no_more() -> None:
    asked = really.unanswered(really.Really("cancel", "anna"))
    assert asked == really.Really("cancel", "anna", tries=2)
    assert really.unanswered(asked) == "no"
    again = {"same_speaker": False, "language": "en"}
    short = Verdict(reason="too_short")
    said = confirmations("cancel", "en")[0]
    assert really.answered(really.Really("cancel", "anna"), said, said, short, **again) == asked
    assert really.answered(asked, said, said, short, **again) == "no"
