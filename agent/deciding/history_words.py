"""How people ask for what was ordered before, and what they are told. Data, by language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from agent.deciding.history import Period
from agent.plumbing.sentence_graph import normalise_text

Again = Literal["usual", "last", "last_week"]
"""What is ordered again: what one usually does, what one did last, or last week."""

AGAIN: Mapping[str, Mapping[Again, tuple[str, ...]]] = {
    "en": {
        "usual": (
            "the usual",
            "my usual",
            "the usual order",
            "my usual order",
            "same as usual",
            "the same as usual",
        ),
        "last": ("same as last time", "the same as last time", "the same again", "same again"),
        "last_week": ("same as last week", "the same as last week"),
    },
    "pl": {
        "usual": ("to co zwykle", "to co zawsze", "jak zwykle", "jak zawsze"),
        "last": ("to samo co ostatnio", "to samo co ostatnim razem", "jeszcze raz to samo"),
        "last_week": ("to samo co w zeszłym tygodniu", "to samo co tydzień temu"),
    },
}

Asked = Literal["ordered", "spent"]


class Recalled(NamedTuple):
    """A question about what was ordered or spent in a period: by who asks, or by `everybody`."""

    asked: Asked
    everybody: bool
    period: Period


_QUESTIONS: Mapping[str, Mapping[tuple[Asked, bool], tuple[str, ...]]] = {
    "en": {
        ("ordered", False): ("what did i order", "what have i ordered", "what i ordered"),
        ("ordered", True): ("what did we order", "what have we ordered", "what was ordered"),
        ("spent", False): ("what did i spend", "how much did i spend", "how much have i spent"),
        ("spent", True): ("what did we spend", "how much did we spend", "how much have we spent"),
    },
    "pl": {
        ("ordered", False): ("co zamówiłem", "co zamówiłam", "co zamawiałem", "co zamawiałam"),
        ("ordered", True): ("co zamówiliśmy", "co zamówiłyśmy", "co zamówiono", "co zamawialiśmy"),
        ("spent", False): ("ile wydałem", "ile wydałam"),
        ("spent", True): ("ile wydaliśmy", "ile wydałyśmy", "ile wydano"),
    },
}

PERIOD_WORDS: Mapping[str, Mapping[Period, tuple[str, ...]]] = {
    "en": {
        "today": ("today",),
        "yesterday": ("yesterday",),
        "this_week": ("this week",),
        "last_week": ("last week",),
        "this_month": ("this month",),
        "last_month": ("last month",),
    },
    "pl": {
        "today": ("dzisiaj", "dziś"),
        "yesterday": ("wczoraj",),
        "this_week": ("w tym tygodniu",),
        "last_week": ("w zeszłym tygodniu", "w ubiegłym tygodniu"),
        "this_month": ("w tym miesiącu",),
        "last_month": ("w zeszłym miesiącu", "w ubiegłym miesiącu"),
    },
}
"""The first of each is how it is told."""

TOLD: Mapping[str, Mapping[str, str]] = {
    "en": {
        "nothing": "Nothing was ordered {period}.",
        "ordered": "{Period}, {count}: {orders}. {Total} in total.",
        "spent": "{Period}: {total} for {count}.",
        "one": "{day} {items} for {cost}",
        "date": "on {date}",
        "open": "{day} {items} for {cost}, which the shop has not answered yet",
        "by": "{name}: {total} for {count}.",
        "whose": "I do not know who asks. Start again with your name: earmark chat --as NAME.",
    },
    "pl": {
        "nothing": "Nic nie zostało zamówione {period}.",
        "ordered": "{Period}, {count}: {orders}. Razem {total}.",
        "spent": "{Period}: {total} za {count}.",
        "one": "{day} {items} za {cost}",
        "date": "{date}",
        "open": "{day} {items} za {cost}, na co sklep jeszcze nie odpowiedział",
        "by": "{name}: {total} za {count}.",
        "whose": "Nie wiem, kto pyta. Zacznij jeszcze raz ze swoim imieniem: earmark chat --as IMIĘ.",
    },
}

ORDERS: Mapping[str, tuple[str, str, str]] = {
    "en": ("order", "orders", "orders"),
    "pl": ("zamówienie", "zamówienia", "zamówień"),
}


@cache
def recalling_questions(language: str) -> Mapping[str, Recalled]:
    """Every normalised way to ask what was ordered or spent: "co zamówiłem dziś", "co dziś zamówiłem"."""
    return {
        normalise_text(way): Recalled(asked, everybody, period)
        for (asked, everybody), questions in _QUESTIONS.get(language, {}).items()
        for question in questions
        for period, ways in PERIOD_WORDS[language].items()
        for words in ways
        for first, _, rest in (question.partition(" "),)
        for way in (f"{question} {words}", f"{first} {words} {rest}")
    }
