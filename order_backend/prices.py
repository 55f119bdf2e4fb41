"""Which prices an intent is judged by: those of the version that it names, as long as they hold."""

from __future__ import annotations

from agent.plumbing.errors import ConfigurationError
from order_backend.checks import Refusal
from order_backend.folder import ShopFolder
from order_backend.price_list import PriceList, parse_price_list
from order_backend.published import Standing
from order_backend.shop import Shop

MOST_IN_MEMORY = 3
"""A list of 50,000 products takes some tens of megabytes."""


class Prices:
    """On the database of one desk, and asked at each intent: what another process publishes or withdraws
    holds from the next one on."""

    def __init__(self, folder: ShopFolder, shop: Shop, longest_lifetime_s: int) -> None:
        """Raises ConfigurationError price_list_invalid."""
        self._shop, self._longest_lifetime_s = shop, longest_lifetime_s
        self._read: dict[tuple[int, str], PriceList] = {}
        self._of_file = None if shop.published.newest_number() else price_list_of_file(folder)
        self._folder = folder

    def of(self, version: int, *, now_s: int, is_published: bool = True) -> PriceList:
        """As long as nothing is published these are the folder's, whatever `version` is. `is_published`
        False: that is known already.

        Raises Refusal: catalogue_unknown, catalogue_withdrawn (taken back, or replaced for longer than an
        intent may be under way).
        """
        found = self._shop.published.standing(version) if is_published else None
        if found is None:
            if is_published and self._shop.published.newest_number():
                raise Refusal("catalogue_unknown", f"version {version} of the catalogue is not known here")
            return self._file()
        since_s = 0 if found.superseded_at is None else now_s - found.superseded_at
        if found.withdrawn or since_s > self._longest_lifetime_s:
            raise Refusal("catalogue_withdrawn", f"the prices of version {version} do not hold any more")
        return self._list(found)

    def then(self, version: int) -> PriceList:
        """For what was ordered already: of that version where it is kept, else of the newest."""
        published = self._shop.published
        found = published.standing(version) or published.standing(published.newest_number())
        return self._file() if found is None else self._list(found)

    def _file(self) -> PriceList:
        if self._of_file is None:
            self._of_file = price_list_of_file(self._folder)
        return self._of_file

    def _list(self, version: Standing) -> PriceList:
        key = (version.version, version.sha256)
        if key not in self._read:
            read = parse_price_list(self._shop.published.source(version.version))
            while len(self._read) >= MOST_IN_MEMORY:
                del self._read[next(iter(self._read))]
            self._read[key] = read
        return self._read[key]


def price_list_of_file(folder: ShopFolder) -> PriceList:
    """Of the catalogue in the shop's folder. Raises ConfigurationError price_list_invalid."""
    try:
        return parse_price_list(folder.catalogue.read_bytes())
    except OSError as error:
        raise ConfigurationError("price_list_invalid", f"cannot read {folder.catalogue}") from error


def newest_price_list(folder: ShopFolder, shop: Shop) -> PriceList:
    """Of what is sold now. Raises ConfigurationError price_list_invalid."""
    number = shop.published.newest_number()
    return parse_price_list(shop.published.source(number)) if number else price_list_of_file(folder)
