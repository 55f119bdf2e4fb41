"""What a catalogue is made of: products, options, and the words for them in each language."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

COUNTED = "piece"
"""The unit of what is counted by itself: "two lattes", not "two pieces of latte"."""

Price = Annotated[int, msgspec.Meta(ge=-10_000_000_00, le=10_000_000_00)]
Identifier = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}$")]


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`say` is how the device names it after a quantity and unit ("two bags of SAY"); `hear` are further
    forms that people use; `many` is the plural of things counted in pieces ("two lattes")."""

    say: str
    hear: tuple[str, ...] = ()
    many: str = ""

    @property
    def heard(self) -> tuple[str, ...]:
        """Every accepted form, without repetition."""
        return tuple(dict.fromkeys(form for form in (self.say, self.many, *self.hear) if form))


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    id: Identifier
    words: dict[Language, Wording]
    price_delta_minor: Price = 0


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something to choose about a product. `position` is where it is said: before the name ("dark roast
    coffee") or after it ("with milk"). Where it is not said, `default` holds; '' leaves it open."""

    id: Identifier
    position: Literal["before", "after"]
    choices: tuple[Choice, ...]
    default: str = ""

    def choice(self, choice_id: str) -> Choice:
        """Raises KeyError where there is no such choice."""
        for choice in self.choices:
            if choice.id == choice_id:
                return choice
        raise KeyError(choice_id)


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    id: Identifier
    unit: str
    price_minor: Price
    words: dict[Language, Wording]
    options: tuple[Identifier, ...] = ()
