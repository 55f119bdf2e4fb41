"""How people ask about goods of their own (what was spent on them, when they were ordered last, whether more
is needed), and what they are told. Data, by language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple, get_args

from agent.deciding.history import Period
from agent.deciding.history_words import PERIOD_WORDS
from agent.deciding.questions import Frame
from agent.plumbing.sentence_graph import normalise_text

OwnKind = Literal["spent", "last", "need"]
OWN_KINDS: Mapping[str, OwnKind] = {kind: kind for kind in get_args(OwnKind)}

MOST_WORDS = 24
"""Of a line that is looked at."""


_WAYS: Mapping[str, Mapping[tuple[OwnKind, bool], str]] = {
    "en": {
        ("spent", False): """
            how much did i spend on; how much have i spent on; how much money did i spend on;
            how much money have i spent on; what did i spend on; what have i spent on; how much do i spend on;
            how much did i pay for
            """,
        ("spent", True): """
            how much did we spend on; how much have we spent on; how much money did we spend on;
            how much money have we spent on; what did we spend on; what have we spent on;
            how much do we spend on; how much was spent on; how much did we pay for
            """,
        ("last", False): """
            when did i last order; when did i last buy; when have i last ordered; did i order; did i buy;
            did i already order; have i ordered; have i already ordered; when did i order; when did i buy;
            have i bought
            """,
        ("last", True): """
            when did we last order; when did we last buy; when was the last; did we order; did we buy;
            did we already order; have we ordered; have we already ordered; when did we order;
            when did we buy; did anybody order; did anyone order; has anybody ordered; has anyone ordered;
            have we bought
            """,
        ("need", True): """
            do we need; do i need; do we need to order; do we need to buy; do i need to order;
            do i need to buy; should we order; should we buy; should i order; should i buy; are we low on;
            are we out of;
            are we running out of; are we running low on; are we short of; am i out of; am i low on;
            do we have; do we still have; do i have; do i still have; have we got; is there enough;
            do we have enough; are we running short of
            """,
    },
    "pl": {
        ("spent", False): """
            ile wydałem na; ile wydałam na; ile wydaję na; ile pieniędzy wydałem na; ile pieniędzy wydałam na;
            ile zapłaciłem za; ile zapłaciłam za
            """,
        ("spent", True): """
            ile wydaliśmy na; ile wydałyśmy na; ile wydano na; ile wydajemy na; ile poszło na;
            ile pieniędzy wydaliśmy na; ile zapłaciliśmy za; ile zapłaciłyśmy za
            """,
        ("last", False): """
            kiedy ostatnio zamawiałem; kiedy ostatnio zamawiałam; kiedy ostatnio zamówiłem;
            kiedy ostatnio zamówiłam; kiedy ostatnio kupiłem; kiedy ostatnio kupiłam;
            kiedy ostatnio kupowałem; kiedy ostatnio kupowałam; kiedy zamówiłem; kiedy zamówiłam;
            czy zamówiłem; czy zamówiłam; czy już zamówiłem; czy już zamówiłam;
            czy zamawiałem; czy zamawiałam; czy kupiłem; czy kupiłam
            """,
        ("last", True): """
            kiedy ostatnio zamawialiśmy; kiedy ostatnio zamówiliśmy; kiedy ostatnio kupiliśmy;
            kiedy ostatnio kupowaliśmy; kiedy zamówiliśmy; czy zamówiliśmy; czy zamówiłyśmy;
            czy już zamówiliśmy; czy ktoś już zamówił;
            czy zamawialiśmy; czy kupiliśmy; czy ktoś zamówił; czy ktoś zamawiał; czy ktoś kupił
            """,
        ("need", True): """
            czy potrzebujemy; czy potrzebuję; czy potrzeba; czy potrzebna jest; czy potrzebne są;
            czy trzeba kupić; czy trzeba zamówić; czy mam kupić; czy mam zamówić; czy kończy się;
            czy kończy nam się; czy nie kończy się; czy kończą się; czy kończą nam się; czy brakuje;
            czy brakuje nam; czy mamy; czy mam; czy mamy dość; czy starczy; czy starczy nam; mamy jeszcze;
            czy jest w domu; czy skończyła się; czy skończyło się; czy skończył się; czy skończyły się
            """,
    },
}

_AFTER: Mapping[str, tuple[str, ...]] = {
    "en": ("left", "at home", "in the house", "already", "yet", "last", "for the week", "again"),
    "pl": ("w domu", "już", "jeszcze", "ostatnio", "na tydzień"),
}
"""What may stand after it and asks nothing else."""

_BEFORE: Mapping[str, frozenset[str]] = {
    "en": frozenset(("any", "some", "more", "enough", "the", "our", "my", "another", "a", "an")),
    "pl": frozenset(("jeszcze", "więcej", "już", "dość", "nam", "nową", "nowy", "nowe", "jakąś", "jakieś")),
}
"""Words that may stand before what is asked about."""

OWN_REPLIES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "spent": "{Period}: {total} on {items}, in {count}.",
        "today_prices": "What came together with other things is counted at today's prices.",
        "not_sold": "What came with other things and is not sold any more is not counted.",
        "spent_unknown": "{Period} it came with other things, and what it cost then I cannot tell, as it is"
        " not sold any more: {item}.",
        "spent_nothing": "{Period} nothing of that was ordered: {item}.",
        "last": "Last ordered {when}: {items}.",
        "last_open": "Last ordered {when}: {items}. The shop has not answered yet.",
        "ago_0": "today",
        "ago_1": "yesterday",
        "last_never": "In the last half year I know of no order of it: {item}.",
        "need_watched": "A sensor watches {place}, and has not found it low.",
        "need_unwatched": "How much {item} is left I do not know, as no sensor watches that.",
        "need_listed": "On the list: {items}.",
    },
    "pl": {
        "spent": "{Period}: {total} za {items}, {count}.",
        "today_prices": "To, co przyszło razem z innymi rzeczami, liczę po dzisiejszych cenach.",
        "not_sold": "Tego, co przyszło z innymi rzeczami, a nie jest już sprzedawane, nie liczę.",
        "spent_unknown": "{Period} przyszło to z innymi rzeczami, a nie jest już sprzedawane, więc nie wiem,"
        " ile kosztowało: {item}.",
        "spent_nothing": "{Period} nie zamówiono {item}.",
        "last": "Ostatnio zamówione {when}: {items}.",
        "last_open": "Ostatnio zamówione {when}: {items}. Sklep jeszcze nie odpowiedział.",
        "ago_0": "dzisiaj",
        "ago_1": "wczoraj",
        "last_never": "Z ostatniego półrocza nie znam żadnego zamówienia {item}.",
        "need_watched": "Pilnuje tego czujnik ({place}) i nie zgłasza, że się kończy.",
        "need_unwatched": "Nie wiem, ile zostało {item}, bo nie pilnuje tego żaden czujnik.",
        "need_listed": "Na liście: {items}.",
    },
}


class OwnAsked(NamedTuple):
    """`thing` is what is asked about, as it is written; `everybody`: not only of who asks. `period` is None
    where none is named."""

    kind: OwnKind
    everybody: bool
    period: Period | None
    thing: str


def asked_of_own(text: str, language: str) -> OwnAsked | None:
    """What a typed line asks about goods of one's own ("how much did I spend on coffee this month", "ile
    w tym miesiącu wydałam na kawę"); None where it asks nothing of the kind."""
    written = text.strip(" ?.!").split()
    if len(written) > MOST_WORDS:
        return None
    period, rest = _without_period(written, language)
    line = " ".join(rest)
    for frame, everybody in _frames(language):
        words = frame.around(line).split()
        while words and normalise_text(words[0]) in _BEFORE[language]:
            words = words[1:]
        if words:
            return OwnAsked(OWN_KINDS[frame.kind], everybody, period, " ".join(words))
    return None


def _without_period(written: list[str], language: str) -> tuple[Period | None, list[str]]:
    said = [normalise_text(word) for word in written]
    for period, ways in PERIOD_WORDS.get(language, {}).items():
        for way in (normalise_text(each).split() for each in ways):
            for at in range(len(said) - len(way) + 1):
                if said[at : at + len(way)] == way:
                    return period, written[:at] + written[at + len(way) :]
    return None, written


@cache
def _frames(language: str) -> tuple[tuple[Frame, bool], ...]:
    """Every way to ask, and whether of everybody, the one with the most words first."""
    found = [
        (Frame(kind, normalise_text(way), normalise_text(after)), everybody)
        for (kind, everybody), ways in _WAYS.get(language, {}).items()
        for way in ways.split(";")
        for after in ("", *_AFTER[language])
    ]
    return tuple(sorted(found, key=lambda one: -len(f"{one[0].before} {one[0].after}".split())))
