"""Amounts of money as they are printed, from the minor units (grosz, cent) in which they are counted."""

from __future__ import annotations

from decimal import Decimal

_NO_DIGITS = frozenset(
    [
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
        *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    ]
)
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def minor_digits(currency: str) -> int:
    """How many decimal digits its minor unit has (ISO 4217): 2 for PLN, 0 for KRW."""
    if currency in _NO_DIGITS:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


def in_major_units(minor: int, currency: str, point: str = ".") -> str:
    """The amount alone, with as many digits as its currency has: "38.00", and "12000" of KRW."""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}".replace(".", point)


def on_a_bill(minor: int, currency: str, point: str = ".") -> str:
    """With its currency: "480.00 PLN", "12000 KRW", "1.500 KWD"."""
    return f"{in_major_units(minor, currency, point)} {currency}"
