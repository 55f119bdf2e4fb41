"""What is typed or said about the shopping list, and what comes of it. Only "order the list" leads to an
order, which is read back and consented to like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from agent.deciding.basket import Basket
from agent.deciding.list_asked import ListAsked, list_asked
from agent.deciding.replies import on_day, spoken_money
from agent.deciding.replies_lists import LIST_REPLIES
from agent.deciding.shopping_list import Entry, counted
from agent.deciding.spoken_basket import joined, spoken_basket
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.desk import Desk
from agent.till.shopping_list import Listed, ShoppingList

MOST_ALOUD = 5
"""So many things of the list are said; all of it is shown to whoever types."""


class Listing:
    """Of one conversation."""

    def __init__(
        self,
        desk: Desk,
        language: str,
        person: str,
        tell: Callable[[str], None],
        instead: Callable[[str], None],
        order: Callable[[Basket, str], None],
        *,
        is_aloud: bool = False,
    ) -> None:
        """`person` is who types or speaks, '' where that is not known. `tell` shows an answer. `instead`
        shows one after which what is being ordered is not ordered now. `order` is given what is ordered, and
        what is said before its read-back."""
        self._desk, self._language, self._person = desk, language, person
        self._tell, self._instead, self._order = tell, instead, order
        self._is_aloud = is_aloud
        self._list = ShoppingList(desk)

    def typed(self, text: str, in_hand: Basket | None, about: Basket | None, *, asking: bool = False) -> bool:
        """Whether this is about the list: then it is told. `in_hand` is being ordered, `about` is what "it"
        means otherwise. While something is `asking`, a denial is one of that."""
        edition = self._desk.edition
        frames = edition.questions.get(self._language, ())
        asked = list_asked(edition.parser(self._language), edition.catalogue, frames, text)
        if asked is None or (asked.kind == "list_unremind" and asking):
            return False
        self.asked(asked, in_hand, about)
        return True

    def asked(self, asked: ListAsked, in_hand: Basket | None = None, about: Basket | None = None) -> None:
        """What is wanted is done and told, or told not to have been done."""
        self._tried(lambda: self._asked(asked, in_hand, about))

    def clear(self, meant: Sequence[Entry]) -> None:
        """What somebody has agreed to have taken off goes, and nothing that was put there since."""
        self._tried(lambda: self._clear(meant))

    def _tried(self, change: Callable[[], None]) -> None:
        try:
            change()
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            self._say("list_full" if error.code == "list_full" else "list_not_kept")

    def _asked(self, asked: ListAsked, in_hand: Basket | None, about: Basket | None) -> None:
        match asked.kind:
            case "list_add" | "list_add_on" | "list_remove" if asked.basket is None:
                self._say("list_unsold", example=self._example)
            case "list_add" | "list_add_on":
                self._add(asked.basket, asked.day)
            case "list_add_it" | "list_add_it_on":
                self._add(in_hand or about, asked.day, self._instead if in_hand else self._tell)
            case "list_remove" if asked.basket is not None:
                self._remove(asked.basket)
            case "list_what":
                self._show()
            case "list_clear":
                self._clear(None)
            case "list_order" if asked.day is not None:
                self._remind(asked.day)
            case "list_order":
                self._order_it()
            case "list_unremind":
                self._list.unremind()
                self._say("list_unreminded")

    def _add(self, basket: Basket | None, day: int | None, tell: Callable[[str], None] | None = None) -> None:
        if basket is None:
            self._say("list_about_what", example=self._example)
            return
        if day is not None and not self._desk.road.clock_trusted():
            self._say("list_no_clock")
            return
        basket = self._desk.in_language(basket, self._language)
        at = self._list.add(basket.lines, self._person, day)
        told = [self._in_words("list_added", items=spoken_basket(basket, self._language))]
        if at is not None:
            told.append(self._dated("list_will_remind", at))
        (tell or self._tell)(" ".join(told))

    def _remove(self, basket: Basket) -> None:
        found: list[Entry] = []
        for line in basket.lines:
            of_line = self._list.meant(line)
            if not of_line:
                named = Basket((line,), basket.catalogue_version)
                self._say("list_not_there", items=spoken_basket(named, self._language))
                return
            found += of_line
        self._list.take_off(found)
        self._say("list_removed", items=self._titles(found))

    def _show(self) -> None:
        listed = self._list.listed(self._language)
        told = self._gone(listed)
        if listed.basket is not None:
            total, shown, key = spoken_money(listed.basket.total, self._language), listed.basket, "list_is"
            if self._is_aloud and len(shown.lines) > MOST_ALOUD:
                shown, key = msgspec.structs.replace(shown, lines=shown.lines[:MOST_ALOUD]), "list_begins"
            told.append(self._in_words(key, items=spoken_basket(shown, self._language), total=total))
        elif not told:
            told.append(self._in_words("list_empty", example=self._example))
        if (at := self._list.reminds_at()) is not None:
            told.append(self._dated("list_reminds", at))
        self._tell(" ".join(told))

    def _clear(self, meant: Sequence[Entry] | None) -> None:
        there = self._list.entries()
        numbers = {entry.number for entry in (there if meant is None else meant)}
        found = [entry for entry in there if entry.number in numbers]
        if not there:
            self._say("list_empty", example=self._example)
            return
        if not found:
            self._show()
            return
        self._list.take_off(found)
        if len(found) < len(there):
            self._say("list_removed", items=self._titles(found))
        elif self._is_aloud and len(found) > MOST_ALOUD:
            self._say("list_emptied")
        else:
            self._say("list_cleared", items=self._titles(found))

    def _remind(self, day: int) -> None:
        if not self._desk.road.clock_trusted():
            self._say("list_no_clock")
        else:
            self._tell(self._dated("list_will_remind", self._list.remind(day, self._person)))

    def _order_it(self) -> None:
        listed = self._list.listed(self._language)
        told = self._gone(listed)
        if listed.basket is None:
            self._tell(" ".join(told) or self._in_words("list_empty", example=self._example))
            return
        part = self._list.part(listed.basket)
        if part != listed.basket:
            told.append(self._in_words("list_in_parts"))
        self._order(part, " ".join(told))

    @property
    def _example(self) -> str:
        return self._desk.hears.examples.get(self._language, "")

    def _gone(self, listed: Listed) -> list[str]:
        return [self._in_words("list_gone", items=self._titles(listed.gone))] if listed.gone else []

    def _titles(self, entries: Sequence[Entry]) -> str:
        """In the language of this conversation, where the catalogue in use has words for it."""
        written = {entry.sku: entry.title for entry in entries}
        titles = []
        for sku, quantity in counted(entries).items():
            basket = self._desk.basket_of(f"{sku}*{quantity}", self._language)
            titles.append(spoken_basket(basket, self._language) if basket else f"{quantity} × {written[sku]}")
        return joined(titles, self._language)

    def _dated(self, key: str, at: datetime) -> str:
        if self._is_aloud:  # nobody can hear "2026-11-06"
            key = f"{key}_aloud"
        date = at.date().isoformat()
        day = on_day(date, self._language)
        return self._in_words(key, day=day, Day=day[:1].upper() + day[1:], date=date, time=f"{at:%H:%M}")

    def _in_words(self, key: str, **values: str) -> str:
        return LIST_REPLIES[self._language][key].format(**values)

    def _say(self, key: str, **values: str) -> None:
        self._tell(self._in_words(key, **values))
