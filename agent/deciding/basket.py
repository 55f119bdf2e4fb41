"""What somebody asked for, priced: the values that the dialogue reads back and the signer signs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from agent.deciding.money import Money

Factor = Literal["voice", "pin", "badge", "phone"]


class Line(msgspec.Struct, frozen=True):
    """One product with its chosen options. `sku` is product id and options in one stable string, e.g.
    'coffee-beans?roast=dark'; `title` is for people; `unit_price` is for one `unit` ('bag', 'box',
    'piece')."""

    sku: str
    product_id: str
    options: tuple[tuple[str, str], ...]
    title: str
    quantity: int
    unit: str
    unit_price: Money

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity

    def plus(self, quantity: int) -> Line:
        """So many more of it."""
        return msgspec.structs.replace(self, quantity=self.quantity + quantity)


def basket_key(lines: Iterable[tuple[str, int]]) -> str:
    """Of (sku, quantity) in any order: `Basket.key`, as the journal keeps it."""
    return "|".join(sorted(f"{sku}*{quantity}" for sku, quantity in lines))


def parts_of(sku: str) -> tuple[str, dict[str, str]]:
    """The product's id and its options of e.g. 'coffee?roast=dark'."""
    product_id, _, query = sku.partition("?")
    return product_id, dict(part.split("=", 1) for part in query.split("&") if "=" in part)


def counts_of(key: str) -> Counter[str]:
    """sku -> quantity, of a `basket_key`."""
    counts: Counter[str] = Counter()
    for part in key.split("|"):
        sku, _, quantity = part.rpartition("*")
        counts[sku] += int(quantity)
    return counts


class Basket(msgspec.Struct, frozen=True):
    """At least one line, all in one currency, priced by catalogue `catalogue_version`. `delivery` is the day
    (ISO 8601) on which the shop has said that it comes, '' where it has not: only what is read back has one.
    """

    lines: tuple[Line, ...]
    catalogue_version: int
    delivery: str = ""

    @property
    def total(self) -> Money:
        total = self.lines[0].total
        for line in self.lines[1:]:
            total = total + line.total
        return total

    @property
    def key(self) -> str:
        """Equal for two baskets that hold the same products, options and quantities in any order."""
        return basket_key((line.sku, line.quantity) for line in self.lines)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over what somebody agrees to: products, options, quantities and prices, in any
        order, the version of the catalogue, and the day on which it comes, where that is known."""
        lines = sorted((line.sku, line.quantity, line.unit, line.unit_price.minor) for line in self.lines)
        source: tuple[object, ...] = (lines, self.total.currency, self.catalogue_version)
        if self.delivery:
            source = (*source, self.delivery)
        return hashlib.sha256(msgspec.json.encode(source)).hexdigest()

    def coming(self, delivery: str) -> Basket:
        """The same on that day, '' where nobody has said when."""
        return msgspec.structs.replace(self, delivery=delivery)

    def at(self, unit_prices: Iterable[Money]) -> Basket:
        """The same at other prices, one for each line."""
        pairs = zip(self.lines, unit_prices, strict=True)
        lines = tuple(msgspec.structs.replace(line, unit_price=price) for line, price in pairs)
        return Basket(lines, self.catalogue_version)

    def plus(self, other: Basket) -> Basket | None:
        """Both as one, counts of the same thing added; None where they were priced by two catalogues."""
        if other.catalogue_version != self.catalogue_version:
            return None
        lines = {line.sku: line for line in self.lines}
        for line in other.lines:
            before = lines.get(line.sku)
            more = line.quantity + (before.quantity if before else 0)
            lines[line.sku] = msgspec.structs.replace(line, quantity=more)
        return Basket(tuple(lines.values()), self.catalogue_version)


class Offer(msgspec.Struct, frozen=True):
    """What the shop offered for `heard`, signed and verified: its own JWS, the id of the one order that may
    take it, and until when it holds (Unix seconds). Its prices stand in the basket that it goes with."""

    token: str
    intent_id: str
    exp: int
    heard: Basket  # at the catalogue's prices


class AgreedOrder(msgspec.Struct, frozen=True):
    """A basket that a verified person agreed to: what `sign_intent` turns into mandates.

    `person` is the enrolled pseudonym, never a name; `factors` is how the person was verified (`amr`).
    """

    basket: Basket
    person: str
    factors: tuple[Factor, ...]
    conversation: str  # groups the journal rows of one dialogue; a UUID
    title: str = ""  # the basket as it was read back, in the device's language
    speech_ended_ns: int = (
        0  # CLOCK_MONOTONIC of the end of the consent, for the journal's timing; 0 = unknown
    )
    offer: Offer | None = None  # whose prices the basket has
    details: str = ""  # the SHA-256 of what the shop told of its products, by which it was judged
    by_another: bool = False  # a second person agreed as well, whom nothing names
