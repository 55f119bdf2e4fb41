"""The shop's own reading of the details of its catalogue: to whom they belong, whom a product is for, and of
which kinds it is."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, TypeVar

import msgspec

from agent.committing.catalogue_manifest import LARGEST_DETAILS_BYTES
from agent.plumbing.errors import ConfigurationError
from order_backend.price_list import PriceList


class _Facts(msgspec.Struct, frozen=True):
    who: tuple[str, ...] = ()


class _Details(msgspec.Struct, frozen=True):
    schema_version: int
    shop_id: str
    version: int
    catalogue_sha256: str
    products: dict[str, _Facts]


class Kinds(NamedTuple):
    """Of one product: its categories, and its hazards by their pictograms."""

    categories: tuple[str, ...]
    hazards: tuple[str, ...]


class _KindFacts(msgspec.Struct, frozen=True):
    categories: tuple[str, ...] = ()
    hazard: tuple[str, ...] = ()


class _KindDetails(msgspec.Struct, frozen=True):
    products: dict[str, _KindFacts]


T = TypeVar("T")


def check_details(details: bytes, catalogue: bytes, prices: PriceList) -> None:
    """That these are of exactly that catalogue, whose `prices` these are.

    Raises ConfigurationError: details_invalid, details_differ, details_too_large.
    """
    told = _parsed(details, _Details)
    if len(details) > LARGEST_DETAILS_BYTES:
        detail = f"{len(details)} bytes of details, {LARGEST_DETAILS_BYTES} fit"
        raise ConfigurationError("details_too_large", detail, "tell less of each product")
    if told.catalogue_sha256 != hashlib.sha256(catalogue).hexdigest():
        raise ConfigurationError(
            "details_differ",
            f"they are of another catalogue (version {told.version})",
            "take both files that one `earmark catalogue import FILE --out DIR` has written",
        )
    if (told.shop_id, told.version) != (prices.shop_id, prices.version):
        raise ConfigurationError("details_differ", "they name another shop or version than their catalogue")


def restricted(details: bytes) -> frozenset[str]:
    """The ids of the products that not everybody may order. Raises ConfigurationError details_invalid."""
    return frozenset(id_ for id_, facts in _parsed(details, _Details).products.items() if facts.who)


def kinds(details: bytes) -> dict[str, Kinds]:
    """By the ids of the products. Raises ConfigurationError details_invalid."""
    shared: dict[Kinds, Kinds] = {}
    told = _parsed(details, _KindDetails).products
    return {
        id_: shared.setdefault(one := Kinds(each.categories, each.hazard), one) for id_, each in told.items()
    }


def _parsed(details: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(details, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(
            "details_invalid", str(error), "write them anew: earmark catalogue import FILE --out DIR"
        ) from error
