"""Whose PIN, badge, code or signed approval it is that comes for what is awaited, spoken or typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from agent.committing.approvals import approval_in
from agent.committing.envelope import down_topic
from agent.deciding.conversation import AwaitingFactor, FactorGiven, FactorRefused, PhoneRefused
from agent.deciding.phone import Asked, asked
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, JournalError, TrustError
from agent.till.desk import Desk
from agent.till.talk import Talk

_OwnerOf = Callable[[Talk, AwaitingFactor, str], FactorGiven | None]


class Proofs:
    """Used from the till's loop. For what is typed a badge says nothing, and a PIN counts after the digits
    that stand on that screen: nobody at the keypad was told what it is about."""

    def __init__(self, desk: Desk, talks: Callable[[], Iterable[Talk]]) -> None:
        """`talks`: the conversations, in the order in which a number is for them."""
        self._desk, self._talks = desk, talks
        self._topic = down_topic(desk.settings.device.id, "approval")
        self.refused: Counter[str] = Counter()
        """What came from the shop and was no approval of what is awaited, by error code."""

    @property
    def awaited(self) -> bool:
        """Whether anything is."""
        return any(talk.awaiting for talk in self._talks())

    @property
    def awaited_aloud(self) -> bool:
        """Whether anything is that was said, and so was told at the device."""
        return any(self._aloud())

    def look(self) -> None:
        """Takes back what has been awaited for too long."""
        for talk in self._talks():
            talk.awaited.look()

    def number(self, number: str) -> None:
        """Typed on the keypad: a PIN, or the code that a phone shows."""
        self._try(self._waiting(), number, self._owner_of_number)

    def badge(self, number: str) -> None:
        """Held to the reader."""
        self._try(self._aloud(), number, self._owner_of_badge)

    def wants_badge_of(self, person: str) -> bool:
        """Whether anything said is awaited that this person's badge would confirm."""
        return any(state.wants != "phone" and person in self._who(state) for _, state in self._aloud())

    def takes(self, topic: str) -> bool:
        """Whether what comes from there is a phone's answer."""
        return topic == self._topic

    def received(self, payload: bytes) -> None:
        """A phone's signed answer, by the broker. What is forged, of another basket, late or repeated changes
        nothing: the right one may still come."""
        self.look()
        try:
            self._answer(approval_in(payload))
        except (TrustError, JournalError) as error:
            audit.refused(self.refused, error)

    def asked_of(self, person: str) -> Asked | None:
        """What that person's phone is asked now."""
        for talk in self._talks():
            if found := self._asked(talk).get(person):
                return found
        return None

    def asked(self) -> list[Asked]:
        """All that phones may be asked now."""
        return [of for talk in self._talks() for of in self._asked(talk).values()]

    def _asked(self, talk: Talk) -> dict[str, Asked]:
        """Who may confirm what it awaits, if anything, and what the phone of each is asked about."""
        state, device = talk.awaiting, self._desk.settings.device.id
        if state is None:
            return {}
        return {
            person: asked(device, person, state.basket, talk.awaited.nonce) for person in self._who(state)
        }

    def _who(self, state: AwaitingFactor) -> list[str]:
        own = state.speaker.person
        if state.wants != "second":
            return [own]
        return [one.pseudonym for one in self._desk.people.all() if one.pseudonym != own and one.admitted]

    def _answer(self, token: str) -> None:
        fault = TrustError("approval_unasked", "nothing is awaited that a phone could approve")
        for talk in self._talks():
            if talk.awaiting is None:
                continue
            try:
                answer = self._desk.phones.take_answer(token, self._asked(talk), now_s=self._desk.now_s())
            except TrustError as error:
                fault = error
                continue
            refused = answer.answer == "refuse"
            talk.factor(PhoneRefused(answer.sub) if refused else FactorGiven(answer.sub, "phone"))
            return
        raise fault

    def _waiting(self) -> list[tuple[Talk, AwaitingFactor]]:
        return [(talk, talk.awaiting) for talk in self._talks() if talk.awaiting is not None]

    def _aloud(self) -> list[tuple[Talk, AwaitingFactor]]:
        return [(talk, state) for talk, state in self._waiting() if state.speaker.reason != "typed"]

    def _try(self, waiting: list[tuple[Talk, AwaitingFactor]], number: str, owner_of: _OwnerOf) -> None:
        """For the conversation that it confirms; where it confirms none, it was wrong for one."""

        def find() -> tuple[Talk, FactorGiven] | None:
            for talk, state in waiting:
                if given := owner_of(talk, state, number):
                    return talk, given
            return None

        if not waiting:
            return
        typed = [talk for talk, state in waiting if state.speaker.reason == "typed" and talk.pin_in(number)]
        meant = typed[0] if typed else waiting[0][0]
        try:
            found = self._desk.factors.tried(find, now_s=self._desk.now_s())
        except EarmarkError as error:
            meant.factor(FactorRefused(error.code))
            return
        talk, given = found or (meant, FactorRefused("factor_wrong"))
        talk.factor(given)

    def _owner_of_number(self, talk: Talk, state: AwaitingFactor, number: str) -> FactorGiven | None:
        now_s, factors = self._desk.now_s(), self._desk.factors
        for person, of in self._asked(talk).items():
            if self._desk.phones.take_code(number, of, now_s=now_s):
                return FactorGiven(person, "phone")
        pin = None if state.wants == "phone" else talk.pin_in(number)
        if pin is None:
            return None
        if state.wants == "second" and factors.fits_pin(state.speaker.person, pin):
            return None  # whoever ordered, or a number that says nothing about who typed it
        owners = [person for person in self._who(state) if factors.fits_pin(person, pin)]
        return FactorGiven(owners[0], "pin") if len(owners) == 1 else None

    def _owner_of_badge(self, _: Talk, state: AwaitingFactor, number: str) -> FactorGiven | None:
        owner = self._desk.factors.badge_owner(number)
        if owner is None:
            return None
        if state.wants == "second" and owner not in (state.speaker.person, *self._who(state)):
            return None  # nobody who may agree to anything
        return FactorGiven(owner, "badge")
