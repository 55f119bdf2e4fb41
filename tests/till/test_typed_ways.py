"""Ways to type what the grammar has in other words: each is understood, and none agrees to anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.deciding.conversation import Confirming
from agent.deciding.replies_aids import AIDS
from agent.deciding.replies_typed import NEAR, NEAR_MORE, PART
from agent.deciding.reply_words import REPLIES
from agent.deciding.typed_ways import (
    MOST_TRIES,
    MOST_WORDS,
    aid,
    asks_price_of_it,
    in_other_words,
    understood_part,
)
from agent.deciding.typed_words import PRICE_OF_IT, WAYS
from agent.deciding.understanding import Answer, understand
from agent.till import typed
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import Till, make_till

THING = {"en": "two bags of coffee", "pl": "dwie paczki kawy"}
PERIOD = {"en": "this week", "pl": "w tym tygodniu"}
DAY = {"en": "on friday", "pl": "w piątek"}
ORDERED = {"en": "order two bags of coffee", "pl": "zamów dwie paczki kawy"}
THREE = {"en": "three", "pl": "trzy"}
CHANGES = ("make it {}", "zmień na {}")
LANGUAGES = tuple(WAYS)


class Typed(TypedDialogue):
    """With its state to look at, and what was not understood."""

    @property
    def is_confirming(self) -> bool:
        return isinstance(self._state, Confirming)


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    folder: Path = tmp_path_factory.mktemp("till")
    bench = make_bench(folder)
    yield make_till(bench, folder, online=False)
    bench.desk.close()
    bench.journal.close()


def _filled(means: str, way: str, language: str) -> str:
    about_time = any(word in means for word in ("spend {}", "order {}", "wyda", "zamówiłem", "zamówiliśmy"))
    about_time = about_time and not means.startswith(("order {}", "zamów {}"))
    if "one {}" in means:
        return way.format("bag of coffee")
    rest = DAY if "list" in means and means.endswith("{}") else PERIOD if about_time else THING
    return way.format(rest[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_way_is_put_in_the_words_that_it_means(language: str) -> None:
    for means, ways in WAYS[language].items():
        for way in ways:
            line, chain = _filled(means, way, language), list[str]()
            while line := in_other_words(line, language, chain):
                chain.append(line)
            assert _filled(means, means, language) in chain, way


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_way_stands_there_that_is_understood_without_it(
    till: Till, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LookedUp(Exception):
        pass

    def look_up(*_: object) -> str:
        raise LookedUp

    monkeypatch.setattr(typed, "in_other_words", look_up)
    for means, ways in WAYS[language].items():
        for way in ways if means != "{}" else ():
            line, idle = (
                _filled(means, way, language),
                Typed(till.desk, language, [].append, till.what_is_low),
            )
            try:
                idle.typed(line)
            except LookedUp:
                continue
            asking = Typed(till.desk, language, [].append, till.what_is_low)
            asking.typed(ORDERED[language])
            with pytest.raises(LookedUp):
                asking.typed(line)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_meant_is_understood(till: Till, language: str) -> None:
    shown: list[str] = []
    unknown = [
        REPLIES[language]["not_understood_typed"],
        *(words[language] for words in (PART, NEAR, NEAR_MORE)),
    ]
    for means in WAYS[language]:
        typed = Typed(till.desk, language, shown.append, till.what_is_low)
        line, was = _filled(means, means, language), ""
        if means in CHANGES:
            typed.typed(ORDERED[language])
            line, was = means.format(THREE[language]), shown[-1]
        typed.typed(line)
        assert not shown[-1].startswith(tuple(words.split("{")[0] for words in unknown)), means
        assert shown[-1] != was


@pytest.mark.parametrize("language", LANGUAGES)
def test_courtesies_are_left_out(till: Till, language: str) -> None:
    shown: list[str] = []
    for way in WAYS[language]["{}"]:
        typed = Typed(till.desk, language, shown.append, till.what_is_low)
        order = {"en": "order {}", "pl": "zamów {}"}[language].format(THING[language])
        typed.typed(way.format(order))
        assert typed.is_confirming, way


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_way_means_a_yes(till: Till, language: str) -> None:
    parser, catalogue = till.desk.parser(language), till.desk.catalogue
    for means in WAYS[language]:
        said = understand(parser, catalogue, "consent", means.format(THING[language]))
        assert not (isinstance(said, Answer) and said.kind in ("consent", "bare")), means


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            sorted(
                {
                    word
                    for ways in WAYS.values()
                    for each in ways.values()
                    for way in each
                    for word in way.split()
                }
            )
        ),
        max_size=MOST_WORDS + 2,
    ).map(" ".join)
)
def test_other_words_come_to_an_end(text: str) -> None:
    for language in LANGUAGES:
        line, tried = text, list[str]()
        while line := in_other_words(line, language, tried):
            tried.append(line)
            assert len(tried) <= MOST_TRIES
    assert in_other_words("return it", "en") == "i want to return it"
    assert not in_other_words("return it", "en", ("i want to return it",))
    assert not in_other_words("please " * (MOST_WORDS + 1), "en")


@pytest.mark.parametrize(
    ("line", "items"),
    [
        ("we would like dog food for Rex", "one can of dog food"),
        ("my mother said two bags of rice and something sweet", "two bags of rice"),
    ],
)
def test_what_was_understood_is_offered_and_not_ordered(till: Till, line: str, items: str) -> None:
    shown: list[str] = []
    typed = Typed(till.desk, "en", shown.append, till.what_is_low)
    typed.typed(line)
    assert shown == [PART["en"].format(items=items)]
    assert not typed.is_confirming
    typed.typed(f"order {items}")
    assert typed.is_confirming


def test_nothing_is_offered_of_a_line_that_denies(till: Till) -> None:
    parser, catalogue = till.desk.parser("en"), till.desk.catalogue
    assert understood_part(parser, catalogue, "the rice was good today") is not None
    assert understood_part(parser, catalogue, "the rice was not good today") is None
    assert understood_part(parser, catalogue, "rice " + "was good " * MOST_WORDS) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_lost_something_is_told_what_to_do(till: Till, language: str) -> None:
    shown: list[str] = []
    for known in AIDS[language].values():
        for line in known.lines.split(";"):
            typed = Typed(till.desk, language, shown.append, till.what_is_low)
            typed.typed(line)
            assert shown[-1] == known.reply.format(**till.desk.hears.words(language)), line
    assert not aid("order two bags of coffee", language)


def test_a_lost_pin_ends_the_order_that_waits_as_any_denial_does(till: Till) -> None:
    shown: list[str] = []
    typed = Typed(till.desk, "en", shown.append, till.what_is_low)
    typed.typed("order two bags of coffee")
    typed.typed("are you recording me?")
    assert typed.is_confirming
    assert shown[-1].endswith(shown[0])
    typed.typed("I forgot my PIN")
    assert not typed.is_confirming
    assert shown[-1].endswith(REPLIES["en"]["postponed"])
    assert "earmark pin" in shown[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_it_costs_is_asked_of_what_is_in_hand_or_was_spoken_of(till: Till, language: str) -> None:
    for line in PRICE_OF_IT[language]:
        assert asks_price_of_it(line, language)
    line, shown = {"en": "how much altogether", "pl": "ile razem"}[language], list[str]()
    typed = Typed(till.desk, language, shown.append, till.what_is_low)
    typed.typed(line)
    assert shown[-1].startswith(REPLIES[language]["not_understood_typed"].split("{")[0])
    typed.typed({"en": "where is the rice", "pl": "gdzie jest ryż"}[language])
    typed.typed(line)
    assert REPLIES[language]["price"].split("{total}")[1].split("{")[0] in shown[-1]
    typed.typed({"en": "order {}", "pl": "zamów {}"}[language].format(THING[language]))
    typed.typed(line)
    assert shown[-1] == shown[-2]
