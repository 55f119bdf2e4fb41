"""What the device can say of a product without the shop: from the details beside the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket, Line
from agent.deciding.details import Facts
from agent.deciding.packs import pack_in_words
from agent.deciding.replies_instead import HOLDS
from agent.deciding.sizes import written_size
from agent.deciding.spoken_basket import joined, spoken_basket, spoken_line
from agent.deciding.telling import in_words
from agent.plumbing.sentence_graph import normalise_text

MOST_NAMED = 10
"""Of what goes with one thing, or what it fits: nobody listens to more, and a message has an end."""


class Known:
    """`facts` by product id, of exactly this `catalogue`; answers are in `language`."""

    def __init__(self, catalogue: Assortment, facts: Mapping[str, Facts], language: str) -> None:
        self._catalogue, self._facts, self._language = catalogue, facts, language

    def where(self, basket: Basket) -> str:
        """Aisle and bin of each thing."""
        return " ".join(self._place(line) for line in basket.lines)

    def goes_with(self, basket: Basket) -> str:
        """What the shop says goes with each thing, as far as it sells it."""
        return " ".join(self._others(line) for line in basket.lines)

    def fits(self, basket: Basket, value: str) -> str:
        """What each thing is made for; whether it is for `value`, where that is not ''."""
        return " ".join(self._fit(line, value) for line in basket.lines)

    def pack(self, basket: Basket) -> str:
        """How much a unit of each thing holds."""
        return " ".join(self._pack(line) for line in basket.lines)

    def promoted(self, basket: Basket, today: str) -> str:
        """What the shop offers for each of them on that day (ISO 8601), or that nothing is known of it."""
        items = spoken_basket(basket, self._language)
        none = in_words("offers_not", self._language, items=items, Items=items[:1].upper() + items[1:])
        return self._promoted(basket, today) or none

    def packs(self, basket: Basket) -> str:
        """How many pieces one unit holds, where it is one thing that is counted by the pack; else ''."""
        pack = self._of(basket.lines[0]).pack
        by_the_piece = len(basket.lines) == 1 and pack is not None and pack.unit == "piece"
        return self._holds(basket.lines[0]) if by_the_piece else ""

    def more(self, basket: Basket, today: str) -> str:
        """What helps whoever asks the price: how much one unit of a single thing holds, and what the shop
        offers for each of them on that day (ISO 8601)."""
        holds = self._holds(basket.lines[0]) if len(basket.lines) == 1 else ""
        return " ".join(part for part in (holds, self._promoted(basket, today)) if part)

    def _holds(self, line: Line) -> str:
        amount = pack_in_words(self._of(line).pack, self._language)
        one, several = HOLDS.get(self._language, ("", ""))
        return (one if line.quantity == 1 else several).format(amount=amount) if amount else ""

    def _promoted(self, basket: Basket, today: str) -> str:
        promotions = (self._of(line).promotion for line in basket.lines)
        offers = [
            one.words[self._language]
            for one in promotions
            if one and self._language in one.words and not (one.until and one.until < today)
        ]
        return (
            in_words("offers_are", self._language, offers="; ".join(dict.fromkeys(offers))) if offers else ""
        )

    def _pack(self, line: Line) -> str:
        amount = pack_in_words(self._of(line).pack, self._language)
        one = msgspec.structs.replace(line, quantity=1)
        return self._say("pack_holds", one, amount=amount) if amount else self._unknown(line)

    def _place(self, line: Line) -> str:
        place = self._of(line).place
        if place is None:
            return self._unknown(line)
        key = "where_is_bin" if place.bin else "where_is"
        return self._say(key, line, aisle=place.aisle, bin=place.bin)

    def _others(self, line: Line) -> str:
        named = self._of(line).goes_with[:MOST_NAMED]
        lines = [other for name in named if (other := self._one(name)) is not None]
        if not lines:
            return self._unknown(line)
        names = joined([self._name(other.product_id) for other in lines], self._language)
        counted = joined([spoken_line(other, self._language) for other in lines], self._language)
        return self._say("goes_with", line, others=names, counted=counted)

    def _fit(self, line: Line, value: str) -> str:
        facts = self._of(line)
        wanted = normalise_text(written_size(value, self._language) or value)
        for name, attribute in facts.attributes.items() if wanted else ():
            if normalise_text(str(attribute)) == wanted and not facts.fits:
                return self._say("fits_attribute", line, attribute=name.replace("_", " "), value=value)
        if not facts.fits:
            return self._unknown(line)
        fits = joined(facts.fits[:MOST_NAMED], self._language)
        if not wanted:
            return self._say("fits_all", line, fits=fits)
        known = next((one for one in facts.fits if normalise_text(one) == wanted), "")
        return self._say("fits_yes" if known else "fits_not_named", line, fits=fits, value=known or value)

    def _of(self, line: Line) -> Facts:
        return self._facts.get(line.product_id, Facts())

    def _one(self, product_id: str) -> Line | None:
        """One of it; None where it is not sold, or has no name in the language."""
        try:
            return self._catalogue.line(product_id, {}, 1, self._language)
        except KeyError:
            return None

    def _name(self, product_id: str) -> str:
        return self._catalogue.product(product_id).words[self._language].say

    def _unknown(self, line: Line) -> str:
        return self._say("details_unknown", line)

    def _say(self, key: str, line: Line, **values: str) -> str:
        items = spoken_line(line, self._language)
        return in_words(key, self._language, items=items, Items=items[:1].upper() + items[1:], **values)
