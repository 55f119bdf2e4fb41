"""One product of a shop's catalogue as a priced basket: what commands are given as PRODUCT and quantity."""

from __future__ import annotations

from pathlib import Path

from agent.deciding.basket import Basket, parts_of
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.edition import source_id
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import normalise_text


def catalogue_of(path: Path) -> tuple[Catalogue, str]:
    """The catalogue at `path`, and the SHA-256 of its bytes. Raises CatalogueError catalogue_missing, and as
    `parse_catalogue`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogueError(
            "catalogue_missing", f"cannot read {path}: {error.strerror}", "put the shop's catalogue there"
        ) from error
    return parse_catalogue(data, name=path.name), source_id(data)


def basket_of(catalogue: Catalogue, item: str, quantity: int, language: str) -> Basket:
    """So many of `item`, titled in `language` where it has words in it. Raises CatalogueError
    catalogue_no_such_product, catalogue_options."""
    wanted, options = parts_of(item)
    called = [
        product.id
        for product in catalogue.products
        if product.id == wanted
        or normalise_text(wanted)
        in (normalise_text(form) for words in product.words.values() for form in words.heard)
    ]
    if not called:
        raise CatalogueError(
            "catalogue_no_such_product",
            f"nothing is called {wanted!r}",
            "name it as people say it, or by its id",
        )
    product = catalogue.product(called[0])
    titled = language if language in product.words else next(iter(product.words))
    try:
        line = catalogue.line(product.id, options, quantity, titled)
    except KeyError as error:
        raise CatalogueError(
            "catalogue_options",
            f"{product.id} has no such choice: {error}",
            f"--item '{product.id}?option=choice'",
        ) from error
    return Basket((line,), catalogue.version)
