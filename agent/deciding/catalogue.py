"""What the shop sells: products, options, prices, and the words for them in each language.

`parse_catalogue` takes JSON bytes and reports every fault it finds at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated

import msgspec

from agent.deciding.assortment import Assortment
from agent.deciding.money import Currency
from agent.deciding.products import Identifier, Option, Product, Wording
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import normalise_text

SCHEMA_VERSION = 1
LONGEST_NAME_WORDS = 12
"""A spoken name longer than this is a slip of the keyboard, not a name."""

Version = Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]


class Catalogue(Assortment, msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All of it as values, for whoever needs every product: the compiler, and checks."""

    schema_version: int
    shop_id: Identifier
    version: Version
    currency: Currency
    products: tuple[Product, ...]
    options: tuple[Option, ...] = ()

    def product(self, product_id: str) -> Product:
        """Raises KeyError where there is no such product."""
        return self._products[product_id]

    @cached_property
    def _products(self) -> Mapping[str, Product]:
        return {product.id: product for product in self.products}


class Head(msgspec.Struct, frozen=True):
    """Whose it is and which: enough to know whether a catalogue is news."""

    shop_id: Identifier
    version: Version


def catalogue_head(data: bytes) -> Head:
    """Of a catalogue in JSON bytes, whatever the rest of it is worth. Raises CatalogueError
    catalogue_syntax."""
    try:
        return msgspec.json.decode(data, type=Head)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_catalogue(f"{error}") from error


def parse_catalogue(data: bytes, *, name: str = "catalogue") -> Catalogue:
    """The catalogue in JSON bytes.

    Raises CatalogueError: catalogue_syntax (not JSON, unknown key, wrong type), catalogue_newer,
    catalogue_invalid (`detail` lists every fault, one a line).
    """
    try:
        catalogue = msgspec.json.decode(data, type=Catalogue)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _no_catalogue(f"{name}: {error}") from error
    if catalogue.schema_version > SCHEMA_VERSION:
        raise CatalogueError(
            "catalogue_newer",
            f"{name} has schema {catalogue.schema_version}, this release knows {SCHEMA_VERSION}",
            "update earmark-agent",
        )
    faults = tuple(_faults(catalogue))
    if faults:
        raise CatalogueError("catalogue_invalid", f"{name}:\n  " + "\n  ".join(faults), "mend these entries")
    return catalogue


def _no_catalogue(detail: str) -> CatalogueError:
    return CatalogueError("catalogue_syntax", detail, "see docs/catalogue.md for the format")


def _faults(catalogue: Catalogue) -> Iterable[str]:
    if not catalogue.products:
        yield "there is no product"
    yield from _repeated("product", [product.id for product in catalogue.products])
    yield from _repeated("option", [option.id for option in catalogue.options])
    known = {option.id: option for option in catalogue.options}
    for option in catalogue.options:
        yield from _repeated(f"choice of option {option.id!r}", [choice.id for choice in option.choices])
        if not option.choices:
            yield f"option {option.id!r} has no choice"
        if option.default and option.default not in {choice.id for choice in option.choices}:
            yield f"option {option.id!r}: default {option.default!r} is none of its choices"
        for choice in option.choices:
            yield from _wording_faults(f"choice {option.id}={choice.id}", choice.words)
    yield from _same_names(catalogue.products)
    for product in catalogue.products:
        where = f"product {product.id!r}"
        yield from _wording_faults(where, product.words)
        if not product.unit:
            yield f"{where}: the unit is empty"
        for option_id in product.options:
            if option_id not in known:
                yield f"{where}: unknown option {option_id!r}"
                continue
            for choice in known[option_id].choices:
                for language in product.words.keys() - choice.words.keys():
                    yield f"{where}: its choice {option_id}={choice.id} has no words in {language!r}"
        cheapest = product.price_minor + sum(
            min(0, *(choice.price_delta_minor for choice in known[option_id].choices))
            for option_id in product.options
            if option_id in known and known[option_id].choices
        )
        if product.price_minor < 0 or cheapest < 0:
            yield f"{where}: the price is below zero ({min(product.price_minor, cheapest)})"


def _same_names(products: Iterable[Product]) -> Iterable[str]:
    """Two products under one name: with accents folded, as the grammar has them, one would never be heard."""
    taken: dict[tuple[str, str], str] = {}
    for product in products:
        for language, wording in product.words.items():
            for form in dict.fromkeys(normalise_text(form) for form in wording.heard):
                other = taken.setdefault((language, form), product.id)
                if other != product.id:
                    yield f"products {other!r} and {product.id!r} are both called {form!r} in {language!r}"


def _repeated(what: str, identifiers: list[str]) -> Iterable[str]:
    seen: set[str] = set()
    for identifier in identifiers:
        if identifier in seen:
            yield f"{what} id {identifier!r} is there twice"
        seen.add(identifier)


def _wording_faults(where: str, words: Mapping[str, Wording]) -> Iterable[str]:
    if not words:
        yield f"{where}: no words in any language"
    for language, wording in words.items():
        for form in wording.heard or ("",):
            count = len(form.split())
            if not form.isprintable():
                yield f"{where}: a name in {language!r} holds control characters: {form!r}"
            elif count == 0:
                yield f"{where}: an empty name in {language!r}"
            elif count > LONGEST_NAME_WORDS:
                most = f"at most {LONGEST_NAME_WORDS} can be spoken"
                yield f"{where}: a name of {count} words in {language!r}; {most}"
