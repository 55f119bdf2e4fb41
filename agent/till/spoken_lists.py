"""The shopping list and suggestions by voice: answered as they are when typed (`listing`, `suggesting`).
The list is for a voice that is known, and on a shift for whoever speaks. Habits are for nobody's voice but
their own, also on a shift, where what was ordered or spent is told to whoever speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.deciding.basket import Basket
from agent.deciding.list_asked import list_asked
from agent.deciding.replies_lists import LIST_REPLIES
from agent.deciding.shopping_list import Entry
from agent.deciding.telling import aloud as spoken
from agent.deciding.verification import UNCLEAR, Verdict
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.plumbing.messages import Utterance
from agent.till.desk import Desk
from agent.till.listing import Listing
from agent.till.shopping_list import Kept, ShoppingList
from agent.till.suggesting import suggestion

GOES_ON_WITHIN_S = 30
"""Whoever goes on after a breath has said all by then. Later, nothing is taken back."""

Order = Callable[[Basket, str, Utterance, Verdict], None]
"""Is given what is ordered of the list, and what is said before its read-back."""

NotNow = Callable[[str, Verdict], None]
"""Is given what is said where something is put on the list instead of being ordered now."""


class Clearing:
    """Whether all of the list is really to be taken off it: one misheard word would lose it."""

    def __init__(self, desk: Desk, language: str, person: str, meant: Sequence[Entry]) -> None:
        """`meant` is what stands there now."""
        self._desk, self._language, self._person, self._meant = desk, language, person, meant
        self.count = len({entry.sku for entry in meant})
        """Of different things."""
        self.asks_if_meant = True
        self.tell: Callable[[str], None] = lambda _: None

    def settle(self, *, yes: bool) -> None:
        """The answer to that."""
        self.drop()
        if not yes:
            self.tell(spoken("list_clear_stays", self._language))
            return
        listing = Listing(
            *(self._desk, self._language, self._person, self.tell, self.tell, lambda *_: None), is_aloud=True
        )
        listing.clear(self._meant)

    def drop(self) -> None:
        """Nobody has answered it."""
        self.asks_if_meant = False


class _Change(NamedTuple):
    """Of the list, by what was heard; by a clock that nobody can set."""

    before: Kept
    after: Kept
    at_s: float


class SpokenLists:
    """What was changed last is taken back where whoever said it had not yet said all."""

    def __init__(
        self,
        desk: Desk,
        language: str,
        tell: Callable[[int, str, bool], bool],
        order: Order,
        not_now: NotNow,
        ask_if_meant: Callable[[Clearing, Utterance, Verdict], None],
    ) -> None:
        """`tell` says an answer to the utterance of that number, and where that is True, only once."""
        self._desk, self._language, self._tell, self._order = desk, language, tell, order
        self._not_now, self._ask_if_meant = not_now, ask_if_meant
        self._list = ShoppingList(desk)
        self._change: _Change | None = None
        self._went_on = False

    def asked(
        self,
        text: str,
        in_hand: Basket | None,
        about: Basket | None,
        utterance: Utterance,
        speaker: Verdict,
    ) -> bool:
        """Whether `text`, what was heard, is about the list, or asks what may be missing: then it is
        answered. `in_hand` waits for an answer, `about` was asked about last."""

        def tell(answer: str) -> None:
            # Any voice may have something said again; the list and habits are for whoever asked.
            self._tell(utterance.number, answer, bool(speaker.person))

        desk, language, own = self._desk, self._language, LIST_REPLIES[self._language]
        edition = desk.edition
        frames = edition.questions.get(language, ())
        wanted = list_asked(edition.parser(language), edition.catalogue, frames, text)
        if wanted is None:
            person = "" if speaker.reason == "shift" else speaker.person
            answer = suggestion(desk, text, person, in_hand, language)
            if answer:
                tell(answer if person else self._refused(speaker, own["habit_whose"]))
            return bool(answer)
        if not speaker.person:
            tell(self._refused(speaker, own["list_whose"]))
            return True

        def order(basket: Basket, before: str) -> None:
            self._order(basket, before, utterance, speaker)

        def instead(answer: str) -> None:
            self._not_now(answer, speaker)

        before = self._list.kept()
        listing = Listing(desk, language, speaker.person, tell, instead, order, is_aloud=True)
        if wanted.kind == "list_clear" and before.entries:
            clearing = Clearing(desk, language, speaker.person, before.entries)
            self._ask_if_meant(clearing, utterance, speaker)
            return True
        listing.asked(wanted, in_hand, about)
        after = self._list.kept()
        self._change = _Change(before, after, desk.factors.boot_s()) if before != after else None
        return True

    def went_on(self) -> None:
        """Whoever said what was heard last speaks on: the whole of it will come."""
        self._went_on = self._change is not None

    def stands(self) -> None:
        """What was heard last was all of it."""
        self._change, self._went_on = None, False

    def settle(self) -> None:
        """Something else is heard, perhaps the whole of what was heard last."""
        change = self._change
        if change is not None and self._went_on and self._is_recent(change):
            try:
                self._list.undo(change.before, change.after)
            except JournalError as error:
                audit.log(error.code, detail=error.detail, next_step=error.next_step)
        self.stands()

    def _is_recent(self, change: _Change) -> bool:
        return 0 <= self._desk.factors.boot_s() - change.at_s <= GOES_ON_WITHIN_S

    def _refused(self, speaker: Verdict, otherwise: str) -> str:
        return spoken("whose_unclear", self._language) if speaker.reason in UNCLEAR else otherwise
