"""A day of the year as it is read out: "17 November", "siedemnastego listopada"."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "pl": (
        *("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca"),
        *("lipca", "sierpnia", "września", "października", "listopada", "grudnia"),
    ),
}

_ONES = (
    *("pierwszego", "drugiego", "trzeciego", "czwartego", "piątego"),
    *("szóstego", "siódmego", "ósmego", "dziewiątego"),
)
_DAYS: Mapping[str, tuple[str, ...]] = {
    "en": tuple(map(str, range(1, 32))),
    "pl": (
        *_ONES,
        *("dziesiątego", "jedenastego", "dwunastego", "trzynastego", "czternastego"),
        *("piętnastego", "szesnastego", "siedemnastego", "osiemnastego", "dziewiętnastego"),
        "dwudziestego",
        *(f"dwudziestego {one}" for one in _ONES),
        "trzydziestego",
        f"trzydziestego {_ONES[0]}",
    ),
}
"""In English a voice reads the number as it should; in Polish it would not be in the genitive."""


def date_in_words(date: str, language: str) -> str:
    """`date` (ISO 8601) without its year; as it is where it is none, or for a language without months."""
    try:
        day = datetime.date.fromisoformat(date)
    except ValueError:
        return date
    if language not in _MONTHS:
        return date
    return f"{_DAYS[language][day.day - 1]} {_MONTHS[language][day.month - 1]}"
