"""Whose PIN, badge, code or signed approval it is that comes for what is awaited, spoken or typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from agent.committing.approvals import approval_in
from agent.committing.envelope import down_topic
from agent.deciding.conversation import AwaitingFactor, FactorGiven, FactorRefused, PhoneRefused
from agent.deciding.phone import Asked, asked
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, JournalError, TrustError
from agent.till.desk import Desk
from agent.till.talk import Talk


class Proofs:
    """Used from the till's loop. For what is typed only a phone counts: nobody at the keypad was told what
    it is about."""

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

    def number(self, number: str) -> None:
        """Typed on the keypad: a PIN, or the code that a phone shows."""
        self._try(lambda state: self._owner_of_number(state, number))

    def badge(self, number: str) -> None:
        """Held to the reader."""
        self._try(lambda state: self._owner_of_badge(state, number))

    def takes(self, topic: str) -> bool:
        """Whether what comes from there is a phone's answer."""
        return topic == self._topic

    def received(self, payload: bytes) -> None:
        """A phone's signed answer, by the broker. What is forged, of another basket, late or repeated changes
        nothing: the right one may still come."""
        try:
            self._answer(approval_in(payload))
        except (TrustError, JournalError) as error:
            audit.refused(self.refused, error)

    def asked_of(self, person: str) -> Asked | None:
        """What that person's phone is asked now."""
        for talk in self._talks():
            if talk.awaiting is not None and (found := self._asked(talk.awaiting).get(person)):
                return found
        return None

    def asked(self) -> list[Asked]:
        """All that phones may be asked now."""
        states = [talk.awaiting for talk in self._talks()]
        return [of for state in states if state is not None for of in self._asked(state).values()]

    def _asked(self, state: AwaitingFactor) -> dict[str, Asked]:
        """Who may confirm it now, and what the phone of each is asked about."""
        about = partial(asked, self._desk.settings.device.id, basket=state.basket)
        return {person: about(person) for person in self._who(state)}

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
                answer = self._desk.phones.take_answer(
                    token, self._asked(talk.awaiting), now_s=self._desk.now_s()
                )
            except TrustError as error:
                fault = error
                continue
            refused = answer.answer == "refuse"
            talk.factor(PhoneRefused(answer.sub) if refused else FactorGiven(answer.sub, "phone"))
            return
        raise fault

    def _try(self, owner_of: Callable[[AwaitingFactor], FactorGiven | None]) -> None:
        talk = next((talk for talk in self._talks() if talk.awaiting), None)
        if talk is None or talk.awaiting is None:
            return
        found = partial(owner_of, talk.awaiting)
        try:
            given = self._desk.factors.tried(found, now_s=self._desk.now_s())
        except EarmarkError as error:
            talk.factor(FactorRefused(error.code))
            return
        talk.factor(given or FactorRefused("factor_wrong"))

    def _owner_of_number(self, state: AwaitingFactor, number: str) -> FactorGiven | None:
        now_s, factors = self._desk.now_s(), self._desk.factors
        for person, of in self._asked(state).items():
            if self._desk.phones.take_code(number, of, now_s=now_s):
                return FactorGiven(person, "phone")
        if state.wants == "phone" or state.speaker.reason == "typed":
            return None
        if state.wants == "second" and factors.fits_pin(state.speaker.person, number):
            return None  # whoever ordered, or a number that says nothing about who typed it
        owners = [person for person in self._who(state) if factors.fits_pin(person, number)]
        return FactorGiven(owners[0], "pin") if len(owners) == 1 else None

    def _owner_of_badge(self, state: AwaitingFactor, number: str) -> FactorGiven | None:
        owner = self._desk.factors.badge_owner(number)
        if owner is None or state.speaker.reason == "typed":
            return None
        if state.wants == "second" and owner not in (state.speaker.person, *self._who(state)):
            return None  # nobody who may agree to anything
        return FactorGiven(owner, "badge")
