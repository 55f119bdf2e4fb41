"""What orders are priced from, however it is kept: one product at a time, and lines made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from agent.deciding.basket import Line
from agent.deciding.lexicon import LEXICONS
from agent.deciding.money import Currency, Money
from agent.deciding.products import COUNTED, Choice, Option, Product


class _Pick(NamedTuple):
    option: Option
    choice: Choice


class Assortment:
    """What one shop sells at one `version`; prices are in minor units of `currency` for one `unit`."""

    version: int
    currency: Currency
    options: Sequence[Option]

    def product(self, product_id: str) -> Product:
        """Raises KeyError where there is no such product."""
        raise NotImplementedError

    def option(self, option_id: str) -> Option:
        """Raises KeyError where there is no such option."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise KeyError(option_id)

    def line(self, product_id: str, chosen: Mapping[str, str], quantity: int, language: str) -> Line:
        """The priced line for a product with `chosen` option values (defaults filled in), titled in
        `language`. Raises KeyError where there is no such product, choice, or word for them."""
        product = self.product(product_id)
        picks = self._picks(product, chosen)
        values = tuple(sorted((option.id, choice.id) for option, choice in picks))
        query = "&".join(f"{option}={choice}" for option, choice in values)
        price = product.price_minor + sum(choice.price_delta_minor for _, choice in picks)
        return Line(
            sku=f"{product_id}?{query}" if query else product_id,
            product_id=product_id,
            options=values,
            title=_title(product, picks, quantity, language),
            quantity=quantity,
            unit=product.unit,
            unit_price=Money(price, self.currency),
        )

    def titled(self, line: Line, language: str) -> Line:
        """The same line with its title in `language`; as it is where there are no words for it. Its price
        stays, whatever the product costs here."""
        try:
            product = self.product(line.product_id)
            title = _title(product, self._picks(product, dict(line.options)), line.quantity, language)
        except KeyError:
            return line
        return msgspec.structs.replace(line, title=title)

    def _picks(self, product: Product, chosen: Mapping[str, str]) -> list[_Pick]:
        picks = []
        for option in map(self.option, product.options):
            wanted = chosen.get(option.id, option.default)
            if wanted:
                picks.append(_Pick(option, option.choice(wanted)))
        return picks


def _title(product: Product, picks: Sequence[_Pick], quantity: int, language: str) -> str:
    words, lexicon = product.words[language], LEXICONS[language]
    before = [pick.choice.words[language].say for pick in picks if pick.option.position == "before"]
    after = [pick.choice.words[language].say for pick in picks if pick.option.position == "after"]
    several = quantity > 1 and product.unit == COUNTED
    title = " ".join([*before, words.many if several and words.many else words.say])
    if after:
        title += f" {lexicon.after_joiner} " + f" {lexicon.and_joiner} ".join(after)
    return title
