"""What the shop sells: products, options, prices, and the words for them in each language.

`parse_catalogue` takes JSON bytes and reports every fault it finds at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, NamedTuple

import msgspec

from agent.deciding.assortment import Assortment
from agent.deciding.money import Currency
from agent.deciding.products import Identifier, Option, Product, Wording
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import normalise_text

SCHEMA_VERSION = 1
LONGEST_NAME_WORDS = 12
LONGEST_NAME_LETTERS = 600
"""A spoken name longer than these is a slip of the keyboard, not a name. (A longer one than a message between
processes may be could not be read back.)"""

LONGEST_TITLE_LETTERS = 500
"""Of a name with its options: so an order names each line, and no order service takes a longer one."""

Version = Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]


class Catalogue(
    Assortment, msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True
):
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
    faults = [fault.text for fault in catalogue_faults(catalogue)]
    if faults:
        raise CatalogueError("catalogue_invalid", f"{name}:\n  " + "\n  ".join(faults), "mend these entries")
    return catalogue


def _no_catalogue(detail: str) -> CatalogueError:
    return CatalogueError(
        "catalogue_syntax",
        detail,
        "see docs/catalogue.md; all faults at once: earmark catalogue check FILE",
    )


Path = tuple[str | int, ...]
"""To a value in the document: ("products", 3, "words", "en")."""


class Fault(NamedTuple):
    """What is wrong, and where."""

    path: Path
    text: str


def catalogue_faults(catalogue: Catalogue) -> Iterator[Fault]:
    """Everything for which `parse_catalogue` refuses what is well shaped."""
    if not catalogue.products:
        yield Fault(("products",), "there is no product")
    yield from _repeated(("products",), "product", [product.id for product in catalogue.products])
    yield from _repeated(("options",), "option", [option.id for option in catalogue.options])
    known = {option.id: option for option in catalogue.options}
    for at, option in enumerate(catalogue.options):
        yield from _option_faults(("options", at), option)
    yield from _same_names(catalogue.products)
    for at, product in enumerate(catalogue.products):
        path, where = ("products", at), f"product {product.id!r}"
        yield from _wording_faults(path, where, product.words)
        if not product.unit:
            yield Fault((*path, "unit"), f"{where}: the unit is empty")
        for number, option_id in enumerate(product.options):
            if option_id not in known:
                yield Fault((*path, "options", number), f"{where}: unknown option {option_id!r}")
                continue
            for choice in known[option_id].choices:
                for language in product.words.keys() - choice.words.keys():
                    text = f"{where}: its choice {option_id}={choice.id} has no words in {language!r}"
                    yield Fault((*path, "options", number), text)
        yield from _title_faults(path, where, product, known)
        cheapest = product.price_minor + sum(
            min(0, *(choice.price_delta_minor for choice in known[option_id].choices))
            for option_id in product.options
            if option_id in known and known[option_id].choices
        )
        if product.price_minor < 0 or cheapest < 0:
            text = f"{where}: the price is below zero ({min(product.price_minor, cheapest)})"
            yield Fault((*path, "price_minor"), text)


def _title_faults(path: Path, where: str, product: Product, known: Mapping[str, Option]) -> Iterator[Fault]:
    options = [known[option_id].choices for option_id in product.options if option_id in known]
    for language, wording in product.words.items():
        longest = max(len(wording.say), len(wording.many)) + sum(
            max(
                (len(choice.words[language].say) + 1 for choice in choices if language in choice.words),
                default=0,
            )
            for choices in options
        )
        if longest > LONGEST_TITLE_LETTERS:
            most = f"at most {LONGEST_TITLE_LETTERS} can be ordered"
            yield Fault(
                (*path, "words", language),
                f"{where}: {longest} letters with its options in {language!r}; {most}",
            )


def _option_faults(path: Path, option: Option) -> Iterator[Fault]:
    choices = [choice.id for choice in option.choices]
    yield from _repeated((*path, "choices"), f"choice of option {option.id!r}", choices)
    if not choices:
        yield Fault(path, f"option {option.id!r} has no choice")
    if option.default and option.default not in choices:
        yield Fault(
            (*path, "default"), f"option {option.id!r}: default {option.default!r} is none of its choices"
        )
    for at, choice in enumerate(option.choices):
        yield from _wording_faults((*path, "choices", at), f"choice {option.id}={choice.id}", choice.words)


def _same_names(products: Iterable[Product]) -> Iterator[Fault]:
    """Two products under one name: with accents folded, as the grammar has them, one would never be heard."""
    taken: dict[tuple[str, str], str] = {}
    for at, product in enumerate(products):
        for language, wording in product.words.items():
            for form in dict.fromkeys(normalise_text(form) for form in wording.heard):
                other = taken.setdefault((language, form), product.id)
                if other != product.id:
                    text = f"products {other!r} and {product.id!r} are both called {form!r} in {language!r}"
                    yield Fault(("products", at, "words", language), text)


def _repeated(path: Path, what: str, identifiers: list[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, identifier in enumerate(identifiers):
        if identifier in seen:
            yield Fault((*path, at), f"{what} id {identifier!r} is there twice")
        seen.add(identifier)


def _wording_faults(path: Path, where: str, words: Mapping[str, Wording]) -> Iterator[Fault]:
    if not words:
        yield Fault(path, f"{where}: no words in any language")
    for language, wording in words.items():
        here = (*path, "words", language)
        for form in wording.heard or ("",):
            count = len(form.split())
            if not form.isprintable():
                yield Fault(here, f"{where}: a name in {language!r} holds control characters: {form!r}")
            elif count == 0:
                yield Fault(here, f"{where}: an empty name in {language!r}")
            elif count > LONGEST_NAME_WORDS:
                most = f"at most {LONGEST_NAME_WORDS} can be spoken"
                yield Fault(here, f"{where}: a name of {count} words in {language!r}; {most}")
            elif len(form) > LONGEST_NAME_LETTERS:
                most = f"at most {LONGEST_NAME_LETTERS} can be spoken"
                yield Fault(here, f"{where}: a name of {len(form)} letters in {language!r}; {most}")
