"""What a shop writes: its catalogue and all facts about its products in one document.

The schema in docs/catalogue.schema.json is made of these types.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from agent.deciding.catalogue import Version
from agent.deciding.details import Count, Facts, Hazard, Pack, Place, Promotion, Text
from agent.deciding.money import Currency
from agent.deciding.products import Identifier, Language, Option, Price, Product, Wording

SCHEMA_VERSION = 2
"""One is the catalogue as devices have it, without facts; it is taken as well."""


class WrittenProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product of the catalogue with its `Facts`, each key as it is there."""

    id: Identifier
    unit: str
    price_minor: Price
    words: dict[Language, Wording]
    options: tuple[Identifier, ...] = ()
    pack: Pack | None = None
    most: Count | None = None
    categories: tuple[Identifier, ...] = ()
    hazard: tuple[Hazard, ...] = ()
    who: tuple[Identifier, ...] = ()
    substitutes: tuple[Identifier, ...] = ()
    place: Place | None = None
    attributes: dict[Identifier, Text | int] = {}
    fits: tuple[Text, ...] = ()
    goes_with: tuple[Identifier, ...] = ()
    promotion: Promotion | None = None

    def product(self) -> Product:
        """As it stands in the catalogue."""
        return Product(self.id, self.unit, self.price_minor, self.words, self.options)

    def facts(self) -> Facts:
        """As they stand in the details."""
        return Facts(**{name: getattr(self, name) for name in Facts.__struct_fields__})


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that one shop sells."""

    schema_version: Literal[1, 2]
    shop_id: Identifier
    version: Version
    currency: Currency
    products: tuple[WrittenProduct, ...]
    options: tuple[Option, ...] = ()


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12)."""
    made = msgspec.json.schema(Written)
    for part in made["$defs"].values():
        if "properties" in part:
            part["additionalProperties"] = False
    made["$defs"]["Written"]["properties"]["products"]["minItems"] = 1
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A catalogue as a shop writes it, for: earmark catalogue import FILE --out DIR",
        **made,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
