"""How people ask what they may have forgotten, and what they are told. Data, by language;
`heard_lists` has what of it is heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

HabitKind = Literal["suggest", "suggest_never"]
HABIT_KINDS: tuple[HabitKind, ...] = get_args(HabitKind)

HABIT_TEMPLATES: Mapping[str, Mapping[HabitKind, tuple[str, ...]]] = {
    "en": {
        "suggest": (
            "what do i (usually|always|often) forget",
            "(did|have) i (forget|forgotten) (anything|something)",
            "(is there|do i need) anything else",
            "anything else",
            "what (do|should|could) i [usually] (need|order)",
            "what else (do i need|should i order)",
        ),
        "suggest_never": (
            "stop (recommending|suggesting) [things]",
            "(do not|dont) (recommend|suggest) (anything|things)",
            "no [more] (recommendations|suggestions)",
            "stop remembering [(what i order|my orders)]",
            "(do not|dont) remember (what i order|my orders)",
        ),
    },
    "pl": {
        "suggest": (
            "o czym (zwykle|zawsze|często) zapominam",
            "czy (o czymś zapomniałem|o czymś zapomniałam|czegoś zapomniałem|czegoś zapomniałam)",
            "(coś jeszcze|czy coś jeszcze|co jeszcze)",
            "(czego|co) [jeszcze] (potrzebuję|mam zamówić|powinienem zamówić|powinnam zamówić)",
        ),
        "suggest_never": (
            "(przestań|nie) (polecać|polecaj|podpowiadać|podpowiadaj) [mi] [niczego]",
            "bez (podpowiedzi|rekomendacji)",
            "przestań pamiętać [(co zamawiam|moje zamówienia)]",
            "nie (pamiętaj|zapamiętuj) (co zamawiam|moich zamówień)",
        ),
    },
}

_ENGLISH = {
    "is_off": (
        "I do not look at what you have ordered to suggest anything, unless you want me to. Then say to me:"
        " {wake}, you may remember what I order. Or somebody runs: earmark people remember {name}."
    ),
    "nothing": "From your own orders nothing comes to mind.",
    "rhythm": "{Item}: you order it {every}, and the last was {since}.",
    "company": "{Item}: it was in {times} of your {of} orders with {beside}.",
    "then": "Nothing is ordered. To have the first: order {first}. To hear none of this: stop recommending.",
    "stopped": "All right. I do not look at your orders to suggest anything any more.",
    "not_stopped": "I could not write that down. Somebody looks after me with: earmark doctor.",
}

_POLISH = {
    "is_off": (
        "Nie zaglądam w Twoje zamówienia, żeby coś podpowiadać, chyba że tego chcesz. Wtedy powiedz mi:"
        " {wake}, możesz pamiętać, co zamawiam. Albo ktoś uruchamia: earmark people remember {name}."
    ),
    "nothing": "Z Twoich własnych zamówień nic nie przychodzi mi na myśl.",
    "rhythm": "Zamawiasz {item} {every}, a ostatnio {since}.",
    "company": "Kiedy zamawiasz {beside}, zamawiasz też {item}: {times} na {of} razy.",
    "then": (
        "Nic nie jest zamówione. Pierwsze można zamówić tak: poproszę {first}. Albo: przestań podpowiadać."
    ),
    "stopped": "Dobrze. Nie będę zaglądać w Twoje zamówienia, żeby coś podpowiadać.",
    "not_stopped": "Nie mogę tego zapisać. Opiekun urządzenia: earmark doctor.",
}

HABIT_REPLIES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH}


class Span(NamedTuple):
    """`every` is how a rhythm is put where it is one of the unit, `every_some` where there are more; `ago`
    how long ago something was. `forms` are those of the unit, after one, few and many."""

    every: str
    every_some: str
    ago: str
    forms: tuple[str, str, str]


SPANS: Mapping[str, Mapping[Literal["day", "week"], Span]] = {
    "en": {
        "day": Span(
            "about every day",
            "about every {count} {unit}",
            "{count} {unit} ago",
            ("day", "days", "days"),
        ),
        "week": Span(
            "about every week",
            "about every {count} {unit}",
            "{count} {unit} ago",
            ("week", "weeks", "weeks"),
        ),
    },
    "pl": {
        "day": Span(
            "mniej więcej codziennie",
            "mniej więcej co {count} {unit}",
            "{count} {unit} temu",
            ("dzień", "dni", "dni"),
        ),
        "week": Span(
            "mniej więcej co tydzień",
            "mniej więcej co {count} {unit}",
            "{count} {unit} temu",
            ("tydzień", "tygodnie", "tygodni"),
        ),
    },
}

IN_WEEKS_FROM_DAYS = 14
"""Shorter times are told in days."""
