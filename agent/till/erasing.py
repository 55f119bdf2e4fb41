"""Somebody is forgotten: in the people's files, among PINs and badges, in the journal, and in what any of
them keeps of its past. Each step may be the last before a power cut; the next start goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent.committing.journal import Journal
from agent.committing.journal_people import Left
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, JournalError
from agent.till.people import People

LOOK_MS = 60_000
"""So often it is looked whether an order of somebody forgotten has ended."""


class Erasure:
    """Used from the till's loop."""

    def __init__(
        self,
        people: People,
        others: Iterable[Callable[[str], None]],
        journal: Journal,
        named: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """`others`: each forgets what else is kept of that pseudonym: PIN and badge, phones. Done again, it
        does nothing; it raises JournalError. `named`: of whom something is kept that an earlier release does
        not know, and leaves when it forgets somebody."""
        self._people, self._others, self._journal = people, tuple(others), journal
        self._named = named
        self._scrubbed: tuple[str, ...] = ()  # whose traces are known to be out of the journal's file

    def forget(self, person: str, *, now_s: int, at_once: bool = False) -> Left | None:
        """Forgets `person`, and says what of their orders stays and for how long; None where nobody has that
        pseudonym. `at_once` drops what a restored shop may need, too.

        Raises JournalError people_unwritable (nobody is forgotten unless the detail of forget_unfinished says
        so), and forget_unfinished: the person is forgotten, and what is left goes by itself."""
        if not self._people.forget(person):
            return None
        try:
            return self._go_on(now_s, at_once=at_once)
        except EarmarkError as error:
            raise JournalError(
                "forget_unfinished",
                "voice, name and key are destroyed; what the journal says of this person is not out of it"
                f" yet: {error.detail}",
                f"{error.next_step or 'earmark doctor'}; the device then goes on by itself",
            ) from error

    def look(self, *, now_s: int) -> None:
        """Goes on where somebody is forgotten of whom something is left, also by an earlier release. What
        fails is logged, and tried again at the next look."""
        try:
            for person in self._named():
                if not self._people.is_kept(person):
                    self._forget_elsewhere(person)
            if self._journal.drop_forgotten():
                self._journal.scrub()
            if self._people.forgotten():
                self._go_on(now_s, at_once=False)
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)

    def _go_on(self, now_s: int, *, at_once: bool) -> Left:
        forgotten = self._people.forgotten()
        for person in forgotten:
            self._forget_elsewhere(person)
        left, changed = self._journal.forget_people(forgotten, now_s=now_s, at_once=at_once)
        if changed or self._scrubbed != forgotten:
            self._journal.scrub()
            self._scrubbed = forgotten
        if not left:
            for person in forgotten:
                self._people.erased(person)
        return left

    def _forget_elsewhere(self, person: str) -> None:
        for forget in self._others:
            forget(person)
