"""What a shop wrote, as two documents: the catalogue as devices have it, and the details of just that."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agent.deciding.catalogue import SCHEMA_VERSION, Catalogue
from agent.deciding.details import SCHEMA_VERSION as DETAILS_VERSION
from agent.deciding.details import Details, Facts
from agent.deciding.edition import source_id
from agent.importing.written import Written


class Documents(NamedTuple):
    """Both as JSON. Without facts about any product there are no details: b''."""

    catalogue: bytes
    details: bytes


def split(written: Written) -> Documents:
    """The same of the same, byte by byte."""
    catalogue = Catalogue(
        schema_version=SCHEMA_VERSION,
        shop_id=written.shop_id,
        version=written.version,
        currency=written.currency,
        products=tuple(product.product() for product in written.products),
        options=written.options,
    )
    source = _pretty(catalogue)
    facts = {product.id: product.facts() for product in written.products}
    told = {product_id: of_it for product_id, of_it in facts.items() if of_it != Facts()}
    if not told:
        return Documents(source, b"")
    details = Details(
        schema_version=DETAILS_VERSION,
        shop_id=written.shop_id,
        version=written.version,
        catalogue_sha256=source_id(source),
        products=told,
    )
    return Documents(source, _pretty(details))


def _pretty(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
