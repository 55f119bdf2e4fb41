"""What people write into the cells of a spreadsheet: prices, packs, days."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from agent.plumbing.currencies import minor_digits

_PRICE = re.compile(r"([+-]?)([0-9]{1,9})(?:[.,]([0-9]+))?")
_AMOUNT = re.compile(r"([0-9]{1,7}(?:[.,][0-9]{1,3})?)\s*([a-z]*)", re.IGNORECASE)
_UNITS: dict[str, tuple[int, str]] = {
    "g": (1, "g"), "kg": (1_000, "g"),
    "ml": (1, "ml"), "cl": (10, "ml"), "l": (1_000, "ml"),
    "mm": (1, "mm"), "cm": (10, "mm"), "m": (1_000, "mm"),
    "": (1, "piece"), "pcs": (1, "piece"), "szt": (1, "piece"),
}  # fmt: skip


def minor_units(text: str, currency: str) -> int | None:
    """A price in minor units: whole ("12"), or with a comma or a point and every digit of the minor unit
    ("12,50"). None for all else: "12,5" may be a slip, "1.250" a thousand."""
    found = _PRICE.fullmatch(text)
    if found is None:
        return None
    sign, whole, fraction = found.groups()
    digits = minor_digits(currency)
    if fraction is not None and len(fraction) != digits:
        return None
    return int(f"{sign}{whole}{fraction or '0' * digits}")


def amount(text: str) -> tuple[int, str] | None:
    """ "1.5 l" as (1500, "ml"), "100" as (100, "piece"); None where it is no such thing, or not whole in the
    smaller unit."""
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2].lower() not in _UNITS:
        return None
    times, unit = _UNITS[found[2].lower()]
    value = Decimal(found[1].replace(",", ".")) * times
    return (int(value), unit) if value == int(value) and value > 0 else None


def is_date(text: str) -> bool:
    """Whether it is a day of the calendar, as ISO 8601 writes it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
