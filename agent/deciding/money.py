"""Money as integer minor units with a currency; nothing here ever becomes a float."""

from __future__ import annotations

from typing import Annotated

import msgspec

Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


class Money(msgspec.Struct, frozen=True, order=True):
    """`minor` units (grosz, cent) of the ISO 4217 `currency`."""

    minor: int
    currency: Currency

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.currency)
