"""The device's shopping list and the reminder of it: in the journal, at the prices of the catalogue in use.

What is due is said as what a sensor proposes is: it opens neither a question nor the microphone, and a known
voice that then consents is read the whole of it like any other order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from agent.committing.journal_lists import Reminder
from agent.deciding.basket import Basket, Line
from agent.deciding.shopping_list import ANSWERED_WITHIN_S, Entry, counted, meant, reminded_at
from agent.till.desk import Desk
from agent.till.past import local


class Listed(NamedTuple):
    """`basket` is what of the list can be ordered, None where nothing can; `gone` what is not sold any
    more."""

    basket: Basket | None
    gone: list[Entry]


class Kept(NamedTuple):
    """The list and its reminder at some moment."""

    entries: list[Entry]
    reminder: Reminder | None


class ShoppingList:
    """Used from the till's loop. What writes raises JournalError, and nothing has changed then."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._journal = desk, desk.journal

    def entries(self) -> list[Entry]:
        """What stands on it, oldest first."""
        return self._journal.on_list()

    def kept(self) -> Kept:
        """What `undo` is told."""
        return Kept(self.entries(), self._journal.reminder())

    def undo(self, before: Kept, after: Kept) -> None:
        """What made `after` of `before` was not meant. What others changed since stays."""
        was = {entry.number: entry.quantity for entry in before.entries}
        more = [(entry.number, entry.quantity - was.get(entry.number, 0)) for entry in after.entries]
        less = [(number, quantity) for number, quantity in more if quantity > 0]
        still = {entry.number for entry in after.entries}
        again = [
            entry._replace(person=self._still_known(entry.person))
            for entry in before.entries
            if entry.number not in still
        ]
        reminder = before.reminder
        # Who was forgotten took their reminder along; that of nobody in particular is named '' as well.
        if reminder is not None and self._still_known(reminder.person) != reminder.person:
            reminder = None
        if less or again or after.reminder != before.reminder:
            self._journal.undo_on_list(
                less=less, again=again, reminded=(after.reminder, reminder), now_s=self._desk.now_s()
            )

    def listed(self, language: str) -> Listed:
        """All of it in words of `language`."""
        entries = self.entries()
        lines: list[Line] = []
        gone: list[Entry] = []
        for sku, quantity in counted(entries).items():
            found = self._desk.basket_of(f"{sku}*{quantity}", language)
            if found is not None:
                lines += found.lines
            else:
                gone += [entry for entry in entries if entry.sku == sku]
        return Listed(Basket(tuple(lines), self._desk.catalogue.version) if lines else None, gone)

    def part(self, basket: Basket) -> Basket:
        """What of the list fits into one order: its oldest things. The rest stays on it."""
        return msgspec.structs.replace(basket, lines=basket.lines[: self._desk.policy.most_lines])

    def add(self, lines: Iterable[Line], person: str, day: int | None = None) -> datetime | None:
        """With a `day`, as of `remind`, it is to be spoken of then; when that is. Raises JournalError:
        list_full, and as the journal."""
        language = self._language
        titled = [self._desk.catalogue.titled(line, language) for line in lines]
        things = [(line.sku, line.quantity, line.title) for line in titled]
        at = None if day is None else self._on(day)
        person = self._still_known(person)
        reminder = None if at is None else Reminder(person, int(at.timestamp()), None)
        self._journal.add_to_list(things, person=person, now_s=self._desk.now_s(), reminder=reminder)
        return at

    def meant(self, line: Line) -> list[Entry]:
        """Which of it `line` names."""
        return meant(self.entries(), line.sku)

    def take_off(self, entries: Iterable[Entry]) -> None:
        self._journal.take_off_list(entry.number for entry in entries)

    def reminds_at(self) -> datetime | None:
        """When it is to be spoken of, in local time; None where it is not, or was."""
        reminder = self._journal.reminder()
        return local(reminder.due_at_s) if reminder and reminder.said_at_s is None else None

    def remind(self, day: int, person: str) -> datetime:
        """On that day (Monday 0 to Sunday 6, tomorrow 7), in local time. The time has to be known."""
        at = self._on(day)
        self._journal.remind(Reminder(self._still_known(person), int(at.timestamp()), None))
        return at

    def unremind(self) -> None:
        """It is not spoken of any more."""
        self._journal.remind(None)

    def due(self) -> Basket | None:
        """What is to be said now, in the device's language; None for nothing. An empty list is nothing to
        speak of: its reminder is gone then."""
        desk, reminder = self._desk, self._journal.reminder()
        if reminder is None or reminder.said_at_s is not None:
            return None
        if not desk.road.clock_trusted() or desk.now_s() < reminder.due_at_s or desk.is_quiet():
            return None
        basket = self.listed(self._language).basket
        if basket is None:
            self.unremind()
            return None
        return self.part(basket)

    def said(self) -> None:
        """It is being said."""
        if (reminder := self._journal.reminder()) is not None:
            self._journal.remind(reminder._replace(said_at_s=self._desk.now_s()))

    def said_at_s(self) -> int:
        """When it was said last, in Unix seconds."""
        reminder = self._journal.reminder()
        return (reminder and reminder.said_at_s) or 0

    def awaiting(self) -> Basket | None:
        """What was said and may be consented to."""
        said_at_s = self.said_at_s()
        if not said_at_s or self._desk.now_s() >= said_at_s + ANSWERED_WITHIN_S:
            return None
        basket = self.listed(self._language).basket
        return self.part(basket) if basket else None

    def decided(self, code: str) -> None:
        """What was said of it was declined, or is to be said later."""
        if code == "proposal_declined":
            self.unremind()
        elif code == "proposal_postponed" and (reminder := self._journal.reminder()) is not None:
            later = self._desk.now_s() + self._desk.settings.proposals.rest_seconds
            self._journal.remind(Reminder(reminder.person, later, None))

    def _still_known(self, person: str) -> str:
        """A conversation that goes on must not name somebody who was forgotten meanwhile."""
        return "" if self._desk.people.was_forgotten(person) else person

    def _on(self, day: int) -> datetime:
        return reminded_at(day, local(self._desk.now_s()))

    @property
    def _language(self) -> str:
        return self._desk.settings.device.language
