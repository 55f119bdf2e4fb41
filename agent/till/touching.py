"""What keypad, badge reader and button mean to the till: a factor for the order in hand, a new PIN or badge,
the begin or end of a shift, or a wish to speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from agent.deciding.conversation import Record, Say
from agent.plumbing import audit, messages, site_messages
from agent.plumbing.errors import EarmarkError
from agent.till.desk import Conversation, Desk
from agent.till.factors import Kind
from agent.till.proofs import Proofs
from agent.till.shift_badges import ShiftBadges
from agent.till.spoken import SpokenDialogue

NEW_FACTOR_SECONDS = 60
"""So long a new PIN or badge is waited for; then nothing is changed."""

OnStep = Callable[[str, bool, bool], None]
"""What was said, whether that ends it, whether the PIN or badge was set."""


@dataclass(frozen=True)
class _NewFactor:
    """`person` is choosing a PIN or showing a badge; `first` is the number that came once."""

    kind: Kind
    person: str
    name: str
    on_step: OnStep
    first: str = ""


class Touching:
    """A number that nobody asked for is forgotten and never tried: the keypad is no oracle. Of badges that
    holds where there are no shifts.

    Where there are, a badge begins and ends them at any time, so by itself it agrees to nothing that happens
    to be open: only that of who is on does, right after a key was pressed since it was read back."""

    def __init__(
        self,
        desk: Desk,
        spoken: SpokenDialogue,
        start_timer: Callable[[int, Callable[[], None]], None],
        proofs: Proofs | None = None,
    ) -> None:
        """`proofs`: where what is awaited gets its numbers; None: of the spoken conversation only."""
        self._desk, self._spoken, self._start_timer = desk, spoken, start_timer
        self._proofs = proofs or Proofs(desk, lambda: [spoken])
        self._new: _NewFactor | None = None
        self._shifts = ShiftBadges(desk, spoken, start_timer)

    def received(self, message: messages.Message) -> None:
        """From `touch`."""
        again = isinstance(message, site_messages.BadgeRead) and self._shifts.seen(message.number)
        self._proofs.look()
        match message:
            case site_messages.BadgeRead(number=number) if self._desk.shifts.used:
                self._badge_where_there_are_shifts(number, again=again)
            case site_messages.PinTyped(number=number) if self._proofs.awaited_aloud:
                self._proofs.number(number)
            case site_messages.BadgeRead(number=number) if self._proofs.awaited_aloud:
                self._proofs.badge(number)
            case site_messages.PinTyped(number=number) if newcomer := self._spoken.awaits_admission:
                self._admit(newcomer, number, self._desk.factors.pin_owner)
            case site_messages.BadgeRead(number=number) if newcomer := self._spoken.awaits_admission:
                self._admit(newcomer, number, self._desk.factors.badge_owner)
            case site_messages.PinTyped(number=number) if self._new and self._new.kind == "pin":
                self._choose(self._new, number)
            case site_messages.BadgeRead(number=number) if self._new and self._new.kind == "badge":
                self._choose(self._new, number)
            case site_messages.PinTyped(number=number) if self._proofs.awaited:
                self._proofs.number(number)
            case site_messages.ButtonPressed() | site_messages.EnterPressed():
                self._pressed(wishes_to_speak=isinstance(message, site_messages.ButtonPressed))
            case _:
                audit.log("touch_unasked")

    def _pressed(self, *, wishes_to_speak: bool) -> None:
        if self._spoken.awaited.press():
            return
        if self._desk.shifts.used and self._spoken.awaits_admission:
            self._spoken.press_to_admit.note()
        elif wishes_to_speak:
            self._spoken.push_to_talk()

    def _badge_where_there_are_shifts(self, number: str, *, again: bool) -> None:
        newcomer = self._spoken.awaits_admission
        if self._confirms(number):
            self._proofs.badge(number)
        elif newcomer and self._spoken.press_to_admit.take():
            self._admit(newcomer, number, self._desk.factors.badge_owner)
        elif self._new and self._new.kind == "badge":
            self._choose(self._new, number)
        elif not again:
            self._shifts.held_up(number)

    def _confirms(self, number: str) -> bool:
        """Whether it is held up for what is awaited: the badge of who is on, after a key, where there is one.
        Nobody learns more by it than by what a badge does anyhow, and there its tries are counted."""
        on, can_press = self._desk.shifts.on, self._desk.settings.touch.can_press
        if on is None or not self._proofs.wants_badge_of(on.person):
            return False
        meant = self._spoken.awaited.take_press() or not can_press
        return meant and self._desk.factors.fits_badge(on.person, number)

    def begin_new(self, kind: Kind, person: str, on_step: OnStep) -> None:
        """Asks that person aloud to type a new PIN, or to hold up a new badge, twice.

        Raises EarmarkError: person_unknown, no_keypad, no_badge_reader, factor_busy.
        """
        known = self._desk.people.get(person)
        if known is None:
            raise EarmarkError("person_unknown", f"nobody is enrolled as {person}", "earmark people")
        if not known.admitted:
            raise EarmarkError(
                "person_not_admitted", f"{person} may order nothing yet", f"earmark people admit {person}"
            )
        touch = self._desk.settings.touch
        if kind == "pin" and not touch.keypad_device:
            raise EarmarkError("no_keypad", "no keypad is set up", "name it in [touch] keypad_device")
        if kind == "badge" and not touch.badge_device:
            raise EarmarkError(
                "no_badge_reader", "no badge reader is set up", "name it in [touch] badge_device"
            )
        text = None if self._new else self._spoken.announce(Say(f"{kind}_new"), known.name)
        if text is None:
            raise EarmarkError(
                "factor_busy", "the device is in the middle of something", "try again in a minute"
            )
        self._new = _NewFactor(kind, person, known.name, on_step)
        on_step(text, False, False)
        self._start_timer(NEW_FACTOR_SECONDS * 1_000, lambda: self._give_up(on_step))

    def _choose(self, new: _NewFactor, number: str) -> None:
        if not new.first:
            self._new = replace(new, first=number)
            self._step(new, "repeat", done=False)
            return
        self._new = None
        if number != new.first:
            self._step(new, "differs", done=True)
            return
        try:
            self._desk.factors.set(new.person, new.kind, number)
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail)
            self._step(new, "taken" if error.code == "factor_taken" else "not_set", done=True)
            return
        language = self._desk.settings.device.language
        self._desk.record(Record(f"{new.kind}_set", person=new.person), Conversation.new(), language)
        self._step(new, "set", done=True, learned=True)

    def _step(self, new: _NewFactor, key: str, *, done: bool, learned: bool = False) -> None:
        new.on_step(self._spoken.announce(Say(f"{new.kind}_{key}"), new.name) or "", done, learned)

    def _give_up(self, on_step: OnStep) -> None:
        if self._new and self._new.on_step is on_step:
            new, self._new = self._new, None
            new.on_step("", True, False)

    def _admit(self, newcomer: str, number: str, owner_of: Callable[[str], str | None]) -> None:
        """Whoever has a PIN or badge and may order lets in the voice that was learned right now."""
        people = self._desk.people
        try:
            found = self._desk.factors.tried(partial(owner_of, number), now_s=self._desk.now_s())
            owner = people.get(found or "")
            if owner is None or not owner.admitted or people.get(newcomer) is None:
                self._spoken.announce(Say("admit_wrong"), "")
                return
            admitted = people.admit(newcomer)
        except EarmarkError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            self._spoken.announce(Say("admit_wrong"), "")
            return
        self._spoken.awaits_admission = ""
        self._desk.record(Record("admitted", person=newcomer), Conversation.new(), "")
        self._spoken.announce(Say("admit_done"), admitted.name)
