"""The shop's own reading of its catalogue: what is sold, and what one unit costs with its options."""

from __future__ import annotations

from typing import Annotated

import msgspec

from agent.plumbing.errors import ConfigurationError

Minor = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_00)]


class _Choice(msgspec.Struct, frozen=True):
    id: str
    price_delta_minor: int = 0


class _Option(msgspec.Struct, frozen=True):
    id: str
    choices: tuple[_Choice, ...]
    default: str = ""


class _Product(msgspec.Struct, frozen=True):
    id: str
    price_minor: Minor
    options: tuple[str, ...] = ()


class _Catalogue(msgspec.Struct, frozen=True):
    shop_id: str
    version: int
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    products: tuple[_Product, ...]
    options: tuple[_Option, ...] = ()


class PriceList(msgspec.Struct, frozen=True):
    """Prices in minor units of `currency`; names and languages are the device's business."""

    shop_id: str
    version: int
    currency: str
    products: dict[str, _Product]
    options: dict[str, _Option]

    def unit_price(self, sku: str) -> int | None:
        """Minor units for one unit of 'product?option=choice&option=choice', None where that is not sold.

        An option that the sku leaves out is taken at its default.
        """
        product_id, _, query = sku.partition("?")
        product = self.products.get(product_id)
        if product is None:
            return None
        chosen: dict[str, str] = {}
        for pair in query.split("&") if query else []:
            option_id, equals, choice_id = pair.partition("=")
            if not equals or option_id in chosen or option_id not in product.options:
                return None
            chosen[option_id] = choice_id
        price = product.price_minor
        for option_id in product.options:
            option = self.options[option_id]
            wanted = chosen.get(option_id, option.default)
            if not wanted:
                continue
            choice = next((choice for choice in option.choices if choice.id == wanted), None)
            if choice is None:
                return None
            price += choice.price_delta_minor
        return price


def parse_price_list(data: bytes) -> PriceList:
    """Raises ConfigurationError price_list_invalid (wrong shape, a product twice, an option that is not
    there, a price below zero)."""
    try:
        catalogue = msgspec.json.decode(data, type=_Catalogue)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError("price_list_invalid", str(error)) from error
    products = {product.id: product for product in catalogue.products}
    options = {option.id: option for option in catalogue.options}
    if len(products) != len(catalogue.products) or len(options) != len(catalogue.options):
        raise ConfigurationError("price_list_invalid", "a product or an option is there twice")
    for product in catalogue.products:
        lowest = product.price_minor
        for option_id in product.options:
            if option_id not in options:
                raise ConfigurationError("price_list_invalid", f"{product.id}: no option {option_id!r}")
            lowest += min((choice.price_delta_minor for choice in options[option_id].choices), default=0)
        if lowest < 0:
            raise ConfigurationError(
                "price_list_invalid", f"{product.id}: a choice takes the price below zero"
            )
    return PriceList(catalogue.shop_id, catalogue.version, catalogue.currency, products, options)
