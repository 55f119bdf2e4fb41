"""Who is on shift at this device. In memory only: a restart ends it, and nobody's hours are kept anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from agent.deciding.shift import Shift, who_answers, who_orders
from agent.deciding.verification import Verdict
from agent.plumbing.errors import EarmarkError
from agent.till.factors import Factors
from agent.till.people import People, Person

Turned = Literal["shift_on", "shift_next", "shift_off", "shift_unknown"]


class Turn(NamedTuple):
    """What a badge came to, as the key of what is said, and whose it is; `shift` is what began."""

    key: Turned
    name: str = ""
    shift: Shift | None = None


class Shifts:
    """Used from the till's loop. Badge on, badge off, the next badge, the time, the loss of the badge or of
    the person: each ends it."""

    def __init__(self, people: People, factors: Factors, hours: Callable[[], int]) -> None:
        """`hours`: how long one lasts at most; 0 where there are no shifts."""
        self._people, self._factors, self._hours = people, factors, hours
        self._now: Shift | None = None
        self._badge = b""  # by which it began
        self.when_ended: Callable[[], None] = lambda: None
        """Called after its time or an operator has ended it."""

    @property
    def used(self) -> bool:
        """Whether a badge that nobody asked for begins or ends a shift."""
        return self._hours() > 0

    @property
    def on(self) -> Shift | None:
        """The one that is on."""
        return self._now if self._now is not None and self._person(self._now) else None

    @property
    def name(self) -> str:
        """How whoever is on is called; '' for nobody."""
        person = self._person(self._now) if self._now is not None else None
        return person.name if person else ""

    def badge(self, number: str, *, now_s: int) -> Turn:
        """A badge that nobody asked for was held up. Raises TrustError factor_locked after too many that
        nobody has, and JournalError: it is not known whose it is then, and nobody is on any more, as it may
        be the one that is to end it."""
        try:
            owner = self._factors.shift_badge(number, now_s=now_s)
        except EarmarkError:
            self.end()
            raise
        person = self._people.get(owner or "")
        if person is None or not person.admitted:
            return Turn("shift_unknown")
        before = self.on
        if before is not None and before.person == person.pseudonym:
            self.end()
            return Turn("shift_off", person.name)
        began_s = self._factors.boot_s()
        self._now = Shift(person.pseudonym, began_s, began_s + self._hours() * 3600)
        self._badge = self._factors.badge_mark(person.pseudonym)
        return Turn("shift_next" if before else "shift_on", person.name, self._now)

    def end(self) -> None:
        """Nobody is on any more."""
        self._now = None

    def counts(self, person: str) -> bool:
        """Whether a PIN or badge of theirs would confirm what somebody else has said now: a badge does only
        of who is on, where there are shifts."""
        on = self.on is not None and self.on.person == person
        return on or not self.used or "pin" in self._factors.kinds_of(person)

    def time_is_over(self, shift: Shift) -> str | None:
        """Ends it where it is still that one, and its time is over: whose it was, by name ('' where they were
        forgotten), else None."""
        if self._now is not shift or shift.is_on(self._factors.boot_s()):
            return None
        self.end()
        self.when_ended()
        person = self._people.get(shift.person)
        return person.name if person else ""

    def who_orders(self, heard: Verdict) -> Verdict:
        """As `agent.deciding.shift`; where there are no shifts, who was heard."""
        return who_orders(heard, self._pseudonym, learned=self._learned) if self.used else heard

    def who_answers(self, heard: Verdict, ordered: Verdict) -> Verdict:
        """As `agent.deciding.shift`, to what was `ordered` on a shift."""
        return who_answers(heard, ordered, self._pseudonym, learned=self._learned)

    @property
    def _pseudonym(self) -> str:
        return self.on.person if self.on else ""

    @property
    def _learned(self) -> bool:
        """Whether the voice of whoever is on was learned."""
        person = self._people.get(self._pseudonym)
        return person is not None and person.voiceprint is not None

    def _person(self, shift: Shift) -> Person | None:
        """Whose it is, while it is on: `_now`. Another badge of theirs is not the one that was held up."""
        person = self._people.get(shift.person)
        if person is None or not person.admitted or not self.used:
            return None
        has_badge = self._factors.badge_mark(shift.person) == self._badge
        return person if has_badge and shift.is_on(self._factors.boot_s()) else None
