"""What is heard of the shopping list and of suggestions after the wake word, by language and kind. Data.

As `heard_questions`: each is a way of the templates that are typed, and is answered as if it had been typed.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.deciding.list_words import DAY_WORDS

LISTS_ABOUT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "list_add": (
            *("add {item} to the list", "add {item} to my list", "add {item} to the shopping list"),
            *("put {item} on the list", "put {item} on my list", "put {item} on the shopping list"),
        ),
        "list_remove": (
            *("take {item} off the list", "take the {item} off the list", "take {item} off my list"),
        ),
    },
    "pl": {
        "list_add": (
            *("dodaj {item} do listy", "dopisz {item} do listy", "dopisz {item} do listy zakupów"),
            *("dodaj {item} na listę", "dopisz {item} na listę"),
        ),
        "list_remove": ("skreśl {item} z listy", "usuń {item} z listy", "skreśl {item} z listy zakupów"),
    },
}

_ORDERED: Mapping[str, tuple[str, ...]] = {
    "en": ("order the list", "order my list", "order the shopping list"),
    "pl": ("zamów listę", "zamów całą listę", "zamów listę zakupów"),
}

LISTS_WHOLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "list_what": ("what is on the list", "what is on my list", "what is on the shopping list"),
        "list_clear": ("clear the list", "clear my list", "clear the shopping list"),
        "suggest": ("what do i usually forget", "what do i often forget", "did i forget anything"),
        "suggest_never": ("stop recommending", "stop recommending things", "stop remembering"),
    },
    "pl": {
        "list_what": ("co jest na liście", "co mam na liście", "co mamy na liście"),
        "list_clear": ("wyczyść listę", "wyczyść listę zakupów"),
        "suggest": ("o czym zwykle zapominam", "o czym często zapominam"),
        "suggest_never": ("przestań polecać", "przestań podpowiadać", "przestań pamiętać"),
    },
}

_IT: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (("add it to the list", "put it on the list"), ("and order it", "and order")),
    "pl": (("dodaj to do listy", "dopisz to do listy"), ("i zamów",)),
}
"""What is in hand, or was asked about last; and what stands between that and a day."""

LISTED = frozenset(
    {
        *(
            "list_add",
            "list_add_it",
            "list_add_it_on",
            "list_remove",
            "list_what",
            "list_order",
            "list_clear",
        ),
        *("suggest", "suggest_never"),
    }
)
"""The kinds here. What is an order as well, because something is called like a list, is an order."""


def heard_list_orders(language: str) -> tuple[str, ...]:
    """All that is heard of "order the list", and of "order the list on Friday"."""
    days = ("", *(f" {phrases[0]}" for phrases in DAY_WORDS.get(language, ())))
    return tuple(f"{ordered}{day}" for ordered in _ORDERED.get(language, ()) for day in days)


def heard_list_its(language: str) -> tuple[str, ...]:
    """All that is heard of "add it to the list", and of "add it to the list and order it on Friday"."""
    adds, thens = _IT.get(language, ((), ()))
    days = ("", *(f" {then} {phrases[0]}" for then in thens for phrases in DAY_WORDS.get(language, ())))
    return tuple(f"{add}{day}" for add in adds for day in days)
