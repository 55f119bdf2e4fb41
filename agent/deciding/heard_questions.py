"""What is heard of questions after the wake word, by language and kind. Data.

Each is a way of the templates that are typed, and is answered as if it had been typed; as few and as distinct
as will do, because each competes with every order. `{item}` is what somebody could order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from agent.deciding.history_words import PERIOD_WORDS
from agent.plumbing.sentence_graph import normalise_text

ITEM = "{item}"
ASK, ASKED = "ask", "asked"
"""Slots of the tags: a question by its first words, or by its last."""


@dataclass(frozen=True)
class QuestionAsked:
    """Somebody asked something after the wake word: `text` is that, normalised. It is read as if it were
    typed (`asked.question_in`), and may still turn out to ask nothing."""

    text: str


HEARD_ABOUT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "price": (
            *(
                "how much is {item}",
                "how much is the {item}",
                "how much are {item}",
                "how much are the {item}",
            ),
            *("how much does {item} cost", "how much does the {item} cost"),
            *("what is the price of {item}", "what is the price of the {item}"),
        ),
        "stock": (
            *(
                "is {item} in stock",
                "is the {item} in stock",
                "are {item} in stock",
                "are the {item} in stock",
            ),
            *("is there any {item} in stock", "is there any {item} left"),
        ),
        "where": (
            *("where is {item}", "where is the {item}", "where are {item}", "where are the {item}"),
            *("where do i find {item}", "where do i find the {item}", "where can i find {item}"),
        ),
        "goes_with": ("what goes with {item}", "what goes with the {item}", "what goes well with {item}"),
        "delivery": (
            *("when would {item} come", "when would the {item} come"),
            *("when would {item} arrive", "when would the {item} arrive"),
        ),
        "instead": ("what can i take instead of {item}", "what can i take instead of the {item}"),
        "promoted": ("is {item} on offer", "is the {item} on offer", "are {item} on offer"),
        "fits": ("what does {item} fit", "what does the {item} fit", "what do {item} fit"),
        "quote": ("ask for a quote for {item}",),
    },
    "pl": {
        "price": (
            *("ile kosztuje {item}", "ile kosztują {item}", "po ile jest {item}", "po ile są {item}"),
            "jaka jest cena {item}",
        ),
        "stock": (
            *("czy jest {item}", "czy jest jeszcze {item}", "czy są {item}", "czy są jeszcze {item}"),
            *("czy macie {item}", "czy macie jeszcze {item}"),
        ),
        "where": ("gdzie jest {item}", "gdzie są {item}", "gdzie leży {item}", "gdzie znajdę {item}"),
        "goes_with": ("co pasuje do {item}",),
        "delivery": ("kiedy przyjdzie {item}", "kiedy przyjdą {item}", "kiedy będzie {item}"),
        "instead": ("co zamiast {item}", "co mogę wziąć zamiast {item}"),
        "promoted": ("czy {item} jest w promocji", "czy {item} są w promocji"),
        "fits": ("do czego pasuje {item}", "do czego pasują {item}"),
        "quote": ("zapytaj o wycenę na {item}", "przygotuj wycenę na {item}"),
    },
}

SIZE = "{size}"

HEARD_SIZED: Mapping[str, tuple[str, ...]] = {
    "en": ("does {size} fit", "does it fit {size}", "do they fit {size}"),
    "pl": ("czy {size} pasuje", "czy to pasuje do {size}", "czy one pasują do {size}"),
}
"""Whether what is in hand, or was asked about last, fits a size that the shop's names have (`sizes`)."""

HEARD_SIZED_ABOUT: Mapping[str, tuple[str, ...]] = {
    "en": ("does {item} fit {size}", "does the {item} fit {size}", "do {item} fit {size}"),
    "pl": ("czy {item} pasuje do {size}", "czy {item} pasują do {size}"),
}
"""The same of what is named."""

HEARD_WHOLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "stock": ("is it in stock", "are they in stock"),
        "where": ("where is it", "where are they"),
        "offers": ("any offers", "are there any offers", "what is on offer", "do you have any offers"),
        "status": (
            *("where is my order", "where is my last order"),
            *("when does my order come", "when will my order come", "is my order on its way"),
        ),
        "price_of_it": ("how much is it", "how much does it cost", "how much are they"),
        "goes_with": ("what goes with it", "what goes with them"),
        "delivery": (
            "when would it come",
            "when will it come",
            "when would it arrive",
            "how long does delivery take",
        ),
        "fits": ("what does it fit", "what do they fit"),
        "quote": ("ask for a quote", "yes a quote"),
        "cancel": ("cancel my last order", "take my last order back"),
        "return": ("return my last order", "send my last order back", "send back my last order"),
        "person": ("talk to a person", "i want to talk to a person", "can i talk to a person"),
    },
    "pl": {
        "stock": ("czy to jest na stanie",),
        "where": ("gdzie to jest",),
        "offers": ("jakie są promocje", "czy są jakieś promocje", "co jest w promocji"),
        "status": (
            *("gdzie jest moje zamówienie", "gdzie jest moje ostatnie zamówienie"),
            *("kiedy przyjdzie moje zamówienie", "co z moim zamówieniem"),
        ),
        "cancel": (
            "anuluj moje ostatnie zamówienie",
            "anuluj ostatnie zamówienie",
            "cofnij ostatnie zamówienie",
        ),
        "price_of_it": ("ile to kosztuje", "po ile to jest"),
        "goes_with": ("co do tego pasuje",),
        "delivery": ("kiedy to przyjdzie", "kiedy będzie dostawa", "ile trwa dostawa"),
        "fits": ("do czego to pasuje",),
        "quote": ("zapytaj o wycenę", "przygotuj wycenę", "tak wycenę"),
        "return": (
            *("zwróć moje ostatnie zamówienie", "zwróć ostatnie zamówienie"),
            *("odeślij moje ostatnie zamówienie", "odeślij ostatnie zamówienie"),
        ),
        "person": (
            "chcę rozmawiać z człowiekiem",
            "chcę porozmawiać z człowiekiem",
            "połącz mnie z człowiekiem",
        ),
    },
}

_RECALLED: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("what did i order", "what did we order"),
        *("what did i spend", "how much did i spend", "what did we spend", "how much did we spend"),
    ),
    "pl": (
        *("co zamówiłem", "co zamówiłam", "co zamówiliśmy", "co zamówiłyśmy"),
        *("ile wydałem", "ile wydałam", "ile wydaliśmy", "ile wydałyśmy"),
    ),
}

CONFIRMATIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "list_clear": ("yes clear the list", "yes please clear the list", "clear the list"),
        "cancel": ("yes take back my order", "yes please take back my order", "take back my order"),
        "return": ("yes send back my order", "yes please send back my order", "send back my order"),
        "quote": ("yes a quote", "yes please a quote", "yes ask for a quote", "a quote please", "yes"),
        "person": ("yes tell the shop", "yes please tell the shop", "tell the shop", "yes", "yes please"),
    },
    "pl": {
        "list_clear": ("tak wyczyść listę", "tak proszę wyczyść listę", "wyczyść listę"),
        "cancel": ("tak cofnij moje zamówienie", "tak proszę cofnij moje zamówienie"),
        "return": ("tak odeślij moje zamówienie", "tak proszę odeślij moje zamówienie"),
        "quote": ("tak zapytaj o wycenę", "tak proszę o wycenę", "tak wycenę", "zapytaj o wycenę", "tak"),
        "person": ("tak powiadom sklep", "powiadom sklep", "tak", "tak proszę"),
    },
}
"""What is answered to "is that really meant?": a sentence to know a voice by, where it has to be known."""

BY_A_KNOWN_VOICE = frozenset({"list_clear", "status", "cancel", "return", "recall"})
"""Kinds that are answered to whom they are about, and to nobody else in the room."""


def heard_recalls(language: str) -> tuple[str, ...]:
    """All that is heard of "what did I order today"."""
    return tuple(
        f"{question} {words}"
        for question in _RECALLED.get(language, ())
        for ways in PERIOD_WORDS[language].values()
        for words in ways
    )


@cache
def confirmations(kind: str, language: str) -> tuple[str, ...]:
    """Those of `CONFIRMATIONS`, normalised."""
    return tuple(normalise_text(text) for text in CONFIRMATIONS[language][kind])


def whole_questions(language: str) -> tuple[str, ...]:
    """All in which nothing is named."""
    wholes = (text for texts in HEARD_WHOLE.get(language, {}).values() for text in texts)
    return (*wholes, *heard_recalls(language))


def takes_back(text: str, language: str) -> bool:
    """Whether normalised `text` is "cancel my last order": where a basket waits, that is a denial of it."""
    return text in map(normalise_text, HEARD_WHOLE.get(language, {}).get("cancel", ()))
