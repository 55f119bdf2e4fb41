"""What the device can say of a product without the shop: from the details beside the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket, Line
from agent.deciding.details import Facts
from agent.deciding.spoken_basket import joined, spoken_line
from agent.deciding.telling import in_words
from agent.plumbing.sentence_graph import normalise_text


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

    def _place(self, line: Line) -> str:
        place = self._of(line).place
        if place is None:
            return self._unknown(line)
        key = "where_is_bin" if place.bin else "where_is"
        return self._say(key, line, aisle=place.aisle, bin=place.bin)

    def _others(self, line: Line) -> str:
        names = [name for other in self._of(line).goes_with if (name := self._name(other))]
        return (
            self._say("goes_with", line, others=joined(names, self._language))
            if names
            else self._unknown(line)
        )

    def _fit(self, line: Line, value: str) -> str:
        facts = self._of(line)
        wanted = normalise_text(value)
        for name, attribute in facts.attributes.items() if wanted else ():
            if normalise_text(str(attribute)) == wanted and not facts.fits:
                return self._say("fits_attribute", line, attribute=name.replace("_", " "), value=value)
        if not facts.fits:
            return self._unknown(line)
        fits = joined(facts.fits, self._language)
        if not wanted:
            return self._say("fits_all", line, fits=fits)
        known = wanted in map(normalise_text, facts.fits)
        return self._say("fits_yes" if known else "fits_not_named", line, fits=fits, value=value)

    def _of(self, line: Line) -> Facts:
        return self._facts.get(line.product_id, Facts())

    def _name(self, product_id: str) -> str:
        """'' where it is not sold, or has no name in the language."""
        try:
            return self._catalogue.product(product_id).words[self._language].say
        except KeyError:
            return ""

    def _unknown(self, line: Line) -> str:
        return self._say("details_unknown", line)

    def _say(self, key: str, line: Line, **values: str) -> str:
        items = spoken_line(line, self._language)
        return in_words(key, self._language, items=items, Items=items[:1].upper() + items[1:], **values)
