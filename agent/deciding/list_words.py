"""How people speak of the shopping list, by language and kind: sentence templates in the language of hassil,
as `question_words`, and words for days. Data; all of it is typed, and `heard_lists` has what of it is heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

ListKind = Literal[
    "list_add",
    "list_add_it",
    "list_add_on",
    "list_add_it_on",
    "list_remove",
    "list_what",
    "list_order",
    "list_clear",
    "list_unremind",
]
LIST_KINDS: tuple[ListKind, ...] = get_args(ListKind)

ON_A_DAY: frozenset[ListKind] = frozenset({"list_add_on", "list_add_it_on"})
"""These are nothing without a day; "list_order" may have one."""

LIST_TEMPLATES: Mapping[str, Mapping[ListKind, tuple[str, ...]]] = {
    "en": {
        "list_add": ("(add|put) {item} (to|on) (the|my|our) [shopping] list",),
        "list_add_it": ("(add|put) (it|them|that|this) (to|on) (the|my|our) [shopping] list",),
        "list_add_on": ("(add|put) {item} (to|on) (the|my|our) [shopping] list and order [it|them]",),
        "list_add_it_on": (
            "(add|put) (it|them|that|this) (to|on) (the|my|our) [shopping] list and order [it|them]",
        ),
        "list_remove": (
            "(take|remove|delete|cross) [the] {item} (off|from) (the|my|our) [shopping] list",
            "(take|cross) off [the] {item} from (the|my|our) [shopping] list",
        ),
        "list_what": (
            "(what is|whats) on (the|my|our) [shopping] list",
            "(show|read|tell) me (the|my|our) [shopping] list",
            "(show|read) (the|my|our) [shopping] list",
        ),
        "list_order": (
            "(order|buy) (the|my|our) [whole] [shopping] list",
            "(order|buy) (everything|all|what is|whats) on (the|my|our) [shopping] list",
        ),
        "list_clear": (
            "(clear|empty) (the|my|our) [shopping] list",
            "(take|remove|delete) everything (off|from) (the|my|our) [shopping] list",
        ),
        "list_unremind": (
            "(do not|dont) remind me [of (the|my|our) [shopping] list]",
            "(do not|dont) order (the|my|our) [shopping] list",
        ),
    },
    "pl": {
        "list_add": (
            "(dodaj|dopisz|wpisz|zapisz) {item} (do listy|na listę) [zakupów]",
            "(dodaj|dopisz|wpisz|zapisz) (do listy|na listę) [zakupów] {item}",
        ),
        "list_add_it": ("(dodaj|dopisz|wpisz|zapisz) to (do listy|na listę) [zakupów]",),
        "list_add_on": ("(dodaj|dopisz|wpisz|zapisz) {item} (do listy|na listę) [zakupów] i zamów [to|je]",),
        "list_add_it_on": ("(dodaj|dopisz|wpisz|zapisz) to (do listy|na listę) [zakupów] i zamów [to|je]",),
        "list_remove": ("(usuń|skreśl|wykreśl|zdejmij) {item} z listy [zakupów]",),
        "list_what": (
            "co (jest|mam|mamy) na liście [zakupów]",
            "(pokaż|przeczytaj) listę [zakupów]",
        ),
        "list_order": (
            "(zamów|kup|zamawiam) [całą] listę [zakupów]",
            "(zamów|kup) (wszystko|to) [co jest] (z listy|na liście) [zakupów]",
        ),
        "list_clear": (
            "(wyczyść|opróżnij) listę [zakupów]",
            "usuń wszystko z listy [zakupów]",
        ),
        "list_unremind": (
            "nie przypominaj [mi] [o liście [zakupów]]",
            "nie zamawiaj listy [zakupów]",
        ),
    },
}

TOMORROW = 7
"""Beside the days of a week, Monday 0 to Sunday 6."""

DAY_WORDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("on monday", "monday"),
        ("on tuesday", "tuesday"),
        ("on wednesday", "wednesday"),
        ("on thursday", "thursday"),
        ("on friday", "friday"),
        ("on saturday", "saturday"),
        ("on sunday", "sunday"),
        ("tomorrow",),
    ),
    "pl": (
        ("w poniedziałek",),
        ("we wtorek",),
        ("w środę",),
        ("w czwartek",),
        ("w piątek",),
        ("w sobotę",),
        ("w niedzielę",),
        ("jutro",),
    ),
}
"""By the day; the longer of two that end alike comes first."""
