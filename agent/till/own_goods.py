"""What whoever types asks about goods of their own: what was spent on them, when they were ordered last, and
whether more is needed. The journal, the sensors and the list say what they know; the rest is said not to be
known. It is the operator socket that is answered, where `earmark orders` shows as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from agent.deciding.basket import Line, parts_of
from agent.deciding.conversation import SensorsSilent
from agent.deciding.habits import HABIT_DAYS, rhythms
from agent.deciding.history_words import TOLD
from agent.deciding.nearly_named import is_called, nearly_named
from agent.deciding.own_goods import last_in_words, spent_in_words
from agent.deciding.own_goods_words import OWN_REPLIES, OwnAsked, asked_of_own
from agent.deciding.proposals import Low
from agent.deciding.spoken_basket import joined, spoken_line
from agent.deciding.suggested import rhythm_in_words
from agent.deciding.understanding import OrderAsked, asks_what_is_low, understand
from agent.plumbing.settings import Sensor
from agent.till.desk import Desk
from agent.till.past import local, past_orders
from agent.till.shopping_list import ShoppingList
from agent.till.tongue import low_in_words


def asked_of_goods(
    desk: Desk,
    text: str,
    low: Sequence[Low],
    silent: Sequence[SensorsSilent],
    person: str,
    language: str,
) -> str:
    """The answer to "what is running low?", "do we need coffee?" or "how much did I spend on coffee?"; ''
    where `text` asks nothing of the kind, or about nothing that is sold. `person` is who is said to type,
    '' for nobody."""
    if asks_what_is_low(text, language):
        return low_in_words(desk, low, silent, language)
    asked = asked_of_own(text, language)
    if asked is None:
        return ""
    goods = _Goods(desk, asked, language)
    if not goods.item:
        return ""
    if asked.kind == "need":
        return goods.needed(low, silent, person)
    if not asked.everybody and not person:
        return TOLD[language]["whose"]
    return goods.ordered("" if asked.everybody else person)


class _Goods:
    """What one question is about: `item` is that in words, '' where nothing that is sold is called so."""

    def __init__(self, desk: Desk, asked: OwnAsked, language: str) -> None:
        self._desk, self._asked, self._language = desk, asked, language
        parser, catalogue = desk.parser(language), desk.catalogue
        meaning = understand(parser, catalogue, "order", asked.thing, asked.thing)
        lines = meaning.basket.lines if isinstance(meaning, OrderAsked) else ()
        self._named = {line.product_id for line in lines}
        self._chosen = {
            line.sku for line in lines if line.sku != catalogue.line(line.product_id, {}, 1, language).sku
        }
        titles = [self._title(line) for line in lines]
        if not lines:
            near, _ = nearly_named(catalogue, language, asked.thing)
            self._named = {product.id for product in near}
            titles = [product.words[language].say for product in near]
        self.item = joined(titles, language) if titles else ""

    def _title(self, line: Line) -> str:
        """Of the product, or of what was chosen of it: "dark roast coffee"."""
        chosen = line.sku in self._chosen
        return (
            line.title if chosen else self._desk.catalogue.product(line.product_id).words[self._language].say
        )

    def is_meant(self, sku: str) -> bool:
        """Whether it is named, or has the name in its own: coffee beans are coffee."""
        product_id = parts_of(sku)[0]
        if self._chosen:
            return sku in self._chosen
        if product_id in self._named:
            return True
        try:
            product = self._desk.catalogue.product(product_id)
        except KeyError:  # not sold any more
            return False
        return is_called(product, self._language, self._asked.thing)

    def ordered(self, person: str) -> str:
        """What was spent on it, or when it was ordered last, by `person`, '' for everybody."""
        desk, asked = self._desk, self._asked
        orders, now = past_orders(desk.journal, person, desk.now_s(), HABIT_DAYS), local(desk.now_s())
        basket_of = partial(desk.basket_of, language=self._language)
        if asked.kind == "spent":
            period = asked.period or "this_month"
            return spent_in_words(orders, period, now, self.is_meant, basket_of, self._language, self.item)
        return last_in_words(orders, now, self.is_meant, basket_of, self._language, self.item)

    def needed(self, low: Sequence[Low], silent: Sequence[SensorsSilent], person: str) -> str:
        """What sensors, the list and the journal know of it, and a rhythm where `person` agreed."""
        words, told = OWN_REPLIES[self._language], [self._watched(low, silent)]
        listed = ShoppingList(self._desk).listed(self._language).basket
        own = [line for line in listed.lines if self.is_meant(line.sku)] if listed else []
        if own:
            items = joined([spoken_line(line, self._language) for line in own], self._language)
            told.append(words["need_listed"].format(items=items))
        told.append(self.ordered(""))
        known = self._desk.people.get(person)
        if known is not None and known.profile.remembers:
            told.append(self._rhythm(person))
        return " ".join(filter(None, told))

    def _watched(self, low: Sequence[Low], silent: Sequence[SensorsSilent]) -> str:
        desk, language, words = self._desk, self._language, OWN_REPLIES[self._language]
        places = [sensor.name for sensor in desk.settings.sensors if self._is_of(sensor)]
        if not places:
            return words["need_unwatched"].format(item=self.item)
        is_low = [each for each in low if self.is_meant(each.basket.lines[0].sku)]
        not_heard = [
            replace(each, places=own)
            for each in silent
            if (own := tuple(place for place in each.places if place in places))
        ]
        if is_low or not_heard:
            return low_in_words(desk, is_low, not_heard, language)
        return words["need_watched"].format(place=joined(places, language))

    def _is_of(self, sensor: Sensor) -> bool:
        try:
            return self.is_meant(
                self._desk.catalogue.line(sensor.product, sensor.options, 1, self._language).sku
            )
        except KeyError:  # not sold
            return False

    def _rhythm(self, person: str) -> str:
        desk = self._desk
        orders, now = past_orders(desk.journal, person, desk.now_s(), HABIT_DAYS), local(desk.now_s())
        own = [each for each in rhythms(orders, now) if self.is_meant(each.sku)]
        return rhythm_in_words(own[0], self.item, self._language) if own else ""
