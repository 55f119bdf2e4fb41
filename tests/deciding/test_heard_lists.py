"""What is heard of the shopping list and of suggestions: each way is one that is typed, none is an order, and
nothing else becomes one."""

from __future__ import annotations

import pytest

from agent.deciding import question_sentences
from agent.deciding.habit_words import HABIT_KINDS
from agent.deciding.heard_lists import (
    LISTED,
    LISTS_ABOUT,
    LISTS_WHOLE,
    heard_list_its,
    heard_list_orders,
)
from agent.deciding.heard_questions import ITEM, QuestionAsked
from agent.deciding.list_asked import ListAsked, list_asked
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, MoreAsked, NotUnderstood, OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text
from tests.deciding.test_heard_questions import FRAMES, PARSERS, SHOP, THINGS, _meaning
from tests.deciding.test_named_like_commands import _named, _shop

WAYS = [
    *(
        (language, kind, way.replace(ITEM, THINGS[language]))
        for table in (LISTS_ABOUT, LISTS_WHOLE)
        for language, kinds in table.items()
        for kind, ways in kinds.items()
        for way in ways
    ),
    *((language, "list_order", way) for language in LISTS_WHOLE for way in heard_list_orders(language)),
    *(
        (language, "list_add_it_on" if then in way else "list_add_it", way)
        for language, then in (("en", " and order "), ("pl", " i zamów "))
        for way in heard_list_its(language)
    ),
]


def _asked(language: str, said: str) -> ListAsked | str | None:
    """What of the list is wanted, or which question about habits this is, as if it had been typed."""
    meaning = _meaning(language, said)
    assert isinstance(meaning, QuestionAsked), (said, meaning)
    wanted = list_asked(PARSERS[language], SHOP, FRAMES[language], meaning.text)
    habits = (frame.kind for frame in FRAMES[language] if frame.kind in HABIT_KINDS)
    whole = {frame.before: frame.kind for frame in FRAMES[language] if frame.whole}
    return wanted or (kind if (kind := whole.get(meaning.text, "")) in habits else None)


def test_every_way_that_is_heard_is_one_that_is_typed() -> None:
    assert {kind for _, kind, _ in WAYS} == LISTED
    for language, kind, said in WAYS:
        for around in ("{}", "okay nabu {}"):
            asked = _asked(language, around.format(said))
            if isinstance(asked, ListAsked):
                about = [(line.sku, line.quantity) for line in asked.basket.lines] if asked.basket else []
                assert (asked.kind, about) == (kind, [("rice", 2)] if THINGS[language] in said else []), said
            else:
                assert asked == kind, said


@pytest.mark.parametrize(
    "said", ["add it to the list and order on friday", "put it on the list and order it tomorrow"]
)
def test_what_is_in_hand_may_be_listed_for_a_day_with_and_without_it(said: str) -> None:
    assert _asked("en", said) == ListAsked("list_add_it_on", None, 4 if "friday" in said else 7)


@pytest.mark.parametrize(
    ("language", "said", "day"), [("en", "order the list on friday", 4), ("pl", "zamów listę jutro", 7)]
)
def test_the_list_may_be_for_a_day(language: str, said: str, day: int) -> None:
    assert _asked(language, said) == ListAsked("list_order", None, day)


def test_it_is_heard_nowhere_but_after_the_wake_word() -> None:
    for language, kind, said in WAYS:
        for entry in ("consent", "enrol", "phrase"):
            meaning = _meaning(language, said, entry)
            assert isinstance(meaning, Answer | NotUnderstood), (kind, said)
            assert meaning not in (Answer("consent"), Answer("bare")), (kind, said)


@pytest.mark.parametrize("said", ["rice to the list", "order rice on the list", "rice off my list"])
def test_the_end_of_it_alone_is_no_order(said: str) -> None:
    assert _meaning("en", said) == NotUnderstood()


@pytest.mark.parametrize("said", ["add rice off the list", "how much is rice on the list", "add rice cost"])
def test_the_wrong_end_wants_nothing(said: str) -> None:
    assert _asked("en", said) is None


@pytest.mark.parametrize(
    "free",
    [
        "add rice to the list no",
        "add rice to the list cancel that",
        "do not add rice to the list",
        "cancel add rice to the list",
    ],
)
def test_what_is_called_off_in_the_free_decode_is_not_written_down(free: str) -> None:
    assert understand(PARSERS["en"], SHOP, "order", "add rice to the list", free) == Answer("denial")


@pytest.mark.parametrize("said", ["stop recommending", "what do i usually forget", "order the list"])
def test_its_own_words_call_nothing_off(said: str) -> None:
    assert isinstance(_meaning("en", said), QuestionAsked)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("The List", "order the list"),
        ("What is on the list", "what is on the list"),
        ("Stop recommending", "stop recommending"),
    ],
)
def test_what_is_called_like_a_list_is_ordered(name: str, said: str) -> None:
    """As where it is typed: it is read back, and whoever meant the list hears that it is something else."""
    shop = _shop([name, "rice"])
    meaning = understand(SentenceParser(compile_sentences(shop, "en")), shop, "order", said, said)
    assert isinstance(meaning, OrderAsked) and _named(meaning)[0].lower().endswith(normalise_text(name))


def test_an_addition_to_what_was_read_back_is_still_one() -> None:
    assert isinstance(_meaning("en", "add two bags of rice", "consent"), MoreAsked)


@pytest.mark.parametrize("language", ["en", "pl"])
def test_it_takes_little_of_the_grammar(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lists = len(compile_sentences(SHOP, language).source)
    monkeypatch.setattr(question_sentences, "LISTS_ABOUT", {})
    monkeypatch.setattr(question_sentences, "LISTS_WHOLE", {})
    monkeypatch.setattr(question_sentences, "heard_list_orders", lambda _: ())
    assert with_lists <= 1.1 * len(compile_sentences(SHOP, language).source)
