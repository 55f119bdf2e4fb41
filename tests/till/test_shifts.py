"""Shifts in the till: badges that nobody asked for, and what `earmark shift` shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.committing.cancelling import BY_OPERATOR, BY_VOICE
from agent.deciding.lockout import CLEAR
from agent.deciding.policy_file import parse_policy
from agent.deciding.verification import Verdict, Voiceprint
from agent.plumbing.errors import EarmarkError, JournalError, TrustError
from agent.plumbing.operator_shift import EndShift, ShiftShown, ShowShift
from agent.plumbing.settings import Touch
from agent.plumbing.site_messages import BadgeRead, ButtonPressed, EnterPressed, PinTyped
from agent.plumbing.speaker_models import GE2E
from agent.till import factors as factors_module
from agent.till.desk import Desk
from agent.till.factors import Factors
from agent.till.house import HouseRules
from agent.till.kept import kept
from agent.till.people import People
from agent.till.shift_asked import shift_shown
from agent.till.shifts import Turn
from agent.till.touching import Touching
from tests.committing.kit import make_bench
from tests.till.kit import ANNA, BERT, EDITION, Till, Vector, utterance

BADGE, OTHER = "0055555555", "0099999999"
ORDER = "okay nabu order two bags of dark roast coffee"
POLICY = "schema_version = 2\n[shift]\nhours = 10\n"


class Hall:
    """Anna, whose voice is known, and Mona, whose is not; both have a badge."""

    def __init__(self, folder: Path) -> None:
        self.bench, self._folder = make_bench(folder), folder
        touch = Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")
        self.bench.settings = msgspec.structs.replace(self.bench.settings, touch=touch)
        self.bench.restart_device()
        self.till = self._make()
        self.desk.people.add("Mona", None, now_s=0)
        self.anna, self.mona = (
            next(one.pseudonym for one in self.desk.people.all() if one.name == name)
            for name in ("Anna", "Mona")
        )
        self.desk.factors.set(self.anna, "badge", OTHER)
        self.desk.factors.set(self.mona, "badge", BADGE)

    def _make(self) -> Till:
        bench, folder = self.bench, self._folder
        bench.trust_time()
        people = People(folder / "people")
        factors = Factors(folder / "factors.json", bench.journal, lambda: bench.clocks.boot_s)
        desk = Desk(
            *(bench.settings, EDITION, bench.journal, bench.road, people, factors),
            *(lambda: bench.clocks.wall_s, HouseRules(parse_policy(POLICY))),
        )
        desk.online, desk.speaker_model = True, GE2E
        if not len(people):
            people.add("Anna", Voiceprint(GE2E, ANNA), now_s=0)
        till = Till(bench, desk)
        self.touching = Touching(desk, till.spoken, lambda _, then: till.timers.append(then))
        return till

    @property
    def desk(self) -> Desk:
        return self.till.desk

    def badge(self, number: str = BADGE, *, after_s: float = 60) -> None:
        self.bench.clocks.pass_by(after_s)
        self.till.finish_speaking()
        self.touching.received(BadgeRead(number))

    def restart(self) -> None:
        self.bench.restart_device()
        self.till = self._make()

    @property
    def on(self) -> str:
        return self.desk.shifts.on.person if self.desk.shifts.on else ""


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    monkeypatch.setattr(factors_module, "COST", 2)
    made = Hall(tmp_path)
    yield made
    made.bench.desk.close()
    made.bench.journal.close()


def test_badge_on_and_off_are_said_and_orders_are_hers_in_between(hall: Hall) -> None:
    hall.badge()
    assert hall.till.said.startswith("Mona, you are on now.") and hall.on == hall.mona
    hall.till.wake_and_say(ORDER, None)
    hall.till.answer("yes place my order", None)
    [order] = hall.desk.journal.orders()
    assert order.person == hall.mona and hall.till.decided[-1] == "consented_on_shift"
    assert hall.desk.journal.spent_by_voice_since(0, "PLN") == order.total.minor, "a shift is no factor"
    hall.till.deliver()
    hall.badge()
    assert hall.till.said.startswith("Mona, you are off now.") and not hall.on
    hall.till.wake_and_say(ORDER, BERT)
    assert hall.till.decided[-1] == "refused_no_shift"


def _open(hall: Hall) -> None:
    hall.till.wake_and_say("okay nabu order eight bags of dark roast coffee", None)
    assert hall.till.spoken.awaiting is not None


@pytest.mark.parametrize("press", [ButtonPressed(), EnterPressed()])
def test_a_badge_confirms_only_after_a_key_and_else_ends_the_shift(
    hall: Hall, press: ButtonPressed | EnterPressed
) -> None:
    hall.badge()
    hall.touching.received(press)
    _open(hall)
    hall.badge()
    assert not hall.on and not hall.desk.journal.orders(), "pressed before it was read back"
    hall.badge()
    _open(hall)
    hall.touching.received(press)
    hall.badge(after_s=9)
    assert hall.on == hall.mona and hall.till.decided[-1] == "confirmed_by_badge"


def test_a_press_counts_for_a_moment_only(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    hall.touching.received(ButtonPressed())
    hall.badge(after_s=10)
    assert not hall.on and not hall.desk.journal.orders()


def test_another_badge_than_hers_who_is_on_confirms_nothing(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    hall.touching.received(ButtonPressed())
    hall.badge(OTHER, after_s=5)
    assert hall.on == hall.anna and hall.till.decided[-1] == "cancelled"
    assert not hall.desk.journal.orders()


def test_where_there_is_a_reader_only_her_badge_confirms_within_two_minutes(hall: Hall) -> None:
    hall.desk.settings = msgspec.structs.replace(hall.desk.settings, touch=Touch(badge_device="/dev/null"))
    hall.badge()
    _open(hall)
    hall.badge(after_s=130)
    assert hall.till.decided[-1] == "factor_late" and not hall.on
    hall.badge()
    _open(hall)
    hall.badge(after_s=110)
    assert hall.on and hall.till.decided[-1] == "confirmed_by_badge"


def test_a_badge_admits_a_voice_only_after_a_key(hall: Hall) -> None:
    newcomer = hall.desk.people.add("new voice 1", Voiceprint(GE2E, BERT), now_s=0, admitted=False).pseudonym
    hall.till.spoken._await_admission(newcomer)
    hall.badge()
    assert hall.on == hall.mona
    assert not next(one for one in hall.desk.people.all() if one.pseudonym == newcomer).admitted
    hall.touching.received(ButtonPressed())
    hall.badge(after_s=10)
    assert not hall.on, "whoever pressed to speak, and then goes"
    assert not next(one for one in hall.desk.people.all() if one.pseudonym == newcomer).admitted
    hall.touching.received(ButtonPressed())
    hall.badge(after_s=9)
    assert next(one for one in hall.desk.people.all() if one.pseudonym == newcomer).admitted


def test_an_operator_who_ends_a_shift_takes_back_what_is_open(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    shift_shown(hall.desk, EndShift())
    assert hall.till.spoken.awaiting is None and hall.till.decided[-1] == "cancelled"


def test_what_was_heard_of_whoever_speaks_on_ends_with_the_shift(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    hall.till.spoken.went_on(0)
    hall.badge()
    hall.till.wake_and_say("thank you", None)
    assert hall.till.spoken.awaiting is None and not hall.desk.journal.orders()


def test_what_stands_after_somebody_spoke_on_is_taken_back_in_time(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    hall.till.spoken.went_on(0)
    hall.bench.clocks.pass_by(121)
    hall.till.spoken.awaited.look()
    hall.till.wake_and_say("thank you", None)
    assert hall.till.spoken.awaiting is not None, "it was read back just now"
    hall.bench.clocks.pass_by(121)
    hall.till.spoken.awaited.look()
    assert hall.till.spoken.awaiting is None and hall.till.decided[-1] == "factor_late"


def test_a_press_while_somebody_speaks_on_is_one_before_the_read_back(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    hall.till.spoken.went_on(0)
    hall.touching.received(EnterPressed())
    hall.till.wake_and_say("thank you", None)
    assert hall.till.spoken.awaiting is not None
    hall.badge()
    assert not hall.on and not hall.desk.journal.orders()


def test_after_badge_off_while_somebody_speaks_on_the_button_is_the_wake_word(hall: Hall) -> None:
    hall.badge()
    _open(hall)
    hall.till.spoken.went_on(0)
    hall.badge()
    assert not hall.on
    hall.till.finish_speaking()
    assert not hall.till.spoken.awaited.press()


def test_whoever_is_on_and_has_only_a_badge_is_told_how_to_agree(hall: Hall) -> None:
    hall.desk.house = HouseRules(parse_policy(f'{POLICY}[[rule]]\nid = "r"\nrequire = "second"'))
    hall.badge()
    hall.till.wake_and_say(ORDER, ANNA)
    way = "whoever is on presses the button or Enter, then holds up the badge. Or say: cancel."
    assert hall.till.said.endswith(way)
    hall.touching.received(PinTyped("1111"))
    assert hall.till.said.startswith("That was not right.") and hall.till.said.endswith(way)
    hall.touching.received(EnterPressed())
    hall.badge(after_s=5)
    assert hall.till.decided[-1] == "approved_by_badge" and hall.on == hall.mona


@pytest.mark.parametrize("on", ["", BADGE])
def test_who_is_on_cannot_agree_to_their_own_order_and_nobody_is_on_to(hall: Hall, on: str) -> None:
    hall.desk.house = HouseRules(parse_policy(f'{POLICY}[[rule]]\nid = "r"\nrequire = "second"'))
    for person, pin in ((hall.anna, "2468"), (hall.mona, "7431")):
        hall.desk.factors.set(person, "pin", pin)
    if on:
        hall.badge(on)
    hall.till.wake_and_say(ORDER, None if on else ANNA)
    assert hall.till.said.endswith(
        "Somebody else has to agree to that, with a PIN or a phone. Or say: cancel."
    )


def test_nobodys_hours_are_kept_anywhere(hall: Hall) -> None:
    before = hall.till.decided
    hall.badge()
    hall.badge()
    assert hall.till.decided == before


@pytest.mark.parametrize(
    "end", ["restart", "forgotten", "badge removed", "badge replaced", "badge set again", "time", "no shifts"]
)
def test_whatever_ends_a_shift_ends_it(hall: Hall, end: str) -> None:
    hall.badge()
    assert hall.on
    match end:
        case "restart":
            hall.restart()
        case "forgotten":
            hall.desk.forget(hall.mona)
        case "badge removed":
            hall.desk.factors.remove(hall.mona, "badge")
        case "badge replaced":
            hall.desk.factors.set(hall.mona, "badge", "0044444444")
        case "badge set again":
            hall.desk.factors.remove(hall.mona, "badge")
            hall.desk.factors.set(hall.mona, "badge", BADGE)
        case "time":
            hall.bench.clocks.pass_by(10 * 3600)
        case _:
            hall.desk.house = HouseRules()
    assert not hall.on and not hall.desk.shifts.name
    assert not hall.desk.shifts.who_orders(Verdict(reason="unknown_voice")).person


def test_a_badge_that_can_be_said_nothing_about_still_ends_the_shift_and_it_is_said_later(hall: Hall) -> None:
    hall.badge()
    hall.till.finish_speaking()
    hall.till.wake_and_say(ORDER, None)
    hall.till.answer("yes place my order", None)
    assert hall.till.spoken.awaiting is None
    count = len(hall.till.timers)
    hall.badge()
    assert not hall.on
    assert not hall.till.said.startswith("Mona, you are off"), "the receipt is awaited"
    assert hall.desk.journal.orders(), "what was signed stays"
    hall.till.deliver()
    for ring in hall.till.timers[count:]:
        ring()
    assert hall.till.said.startswith("Mona, you are off now.")


def test_the_second_reading_of_one_badge_changes_nothing(hall: Hall) -> None:
    hall.badge()
    for _ in range(3):
        hall.badge(after_s=2)
    assert hall.on == hall.mona
    hall.badge(OTHER, after_s=0)
    assert hall.on == hall.anna, "another badge is another"
    hall.badge(OTHER, after_s=3)
    assert not hall.on


def test_wrong_badges_wait_by_themselves_and_a_right_one_is_no_excuse_for_guessing(hall: Hall) -> None:
    for number in range(4):
        hall.badge(f"777777{number}", after_s=5)
    assert hall.till.said.startswith("I do not know that badge")
    hall.badge(OTHER, after_s=5)
    assert hall.on == hall.anna
    hall.badge("7777779", after_s=5)
    hall.badge(after_s=5)
    assert hall.till.said.startswith("There were too many badges")
    assert not hall.on, "it may have been hers, to end it"
    assert kept(hall.bench.journal, "factor_lockout", CLEAR) == CLEAR, "PINs are not locked"
    hall.restart()
    with pytest.raises(TrustError, match="factor_locked"):
        hall.desk.shifts.badge(BADGE, now_s=hall.desk.now_s())
    hall.bench.clocks.pass_by(600)
    assert hall.desk.shifts.badge(BADGE, now_s=hall.desk.now_s()).key == "shift_on"
    assert kept(hall.bench.journal, "shift_lockout", CLEAR) == CLEAR


def test_a_badge_that_is_known_again_at_once_is_not_known_after_it_was_taken_away(hall: Hall) -> None:
    hall.badge()
    hall.badge()
    hall.desk.factors.remove(hall.mona, "badge")
    hall.badge()
    assert not hall.on and hall.till.said.startswith("I do not know that badge")


def test_who_is_on_is_shown_and_can_be_ended(hall: Hall) -> None:
    assert shift_shown(hall.desk, ShowShift()) == ShiftShown(used=True)
    hall.badge()
    hall.bench.clocks.pass_by(3600)
    now_s = hall.desk.now_s()
    shown = ShiftShown(True, hall.mona, "Mona", now_s - 3600, now_s + 9 * 3600)
    assert shift_shown(hall.desk, ShowShift()) == shown
    assert shift_shown(hall.desk, EndShift()) == shown
    assert shift_shown(hall.desk, ShowShift()) == ShiftShown(used=True)
    hall.desk.house = HouseRules()
    assert shift_shown(hall.desk, ShowShift()) == ShiftShown(used=False)


def test_the_time_of_an_earlier_shift_ends_no_later_one(hall: Hall) -> None:
    hall.badge()
    [ring] = hall.till.timers
    hall.badge()
    hall.badge()
    assert hall.on
    hall.bench.clocks.pass_by(10 * 3600 - 90)  # the first would be over, the other has half a minute
    ring()
    assert hall.on
    assert hall.desk.shifts.badge(BADGE, now_s=0) == Turn("shift_off", "Mona")


def _on_and_asked(hall: Hall, voice: Vector | None) -> int:
    """Mona is on and has ordered; `voice` asks to take it back. What is listened for then."""
    hall.badge()
    hall.till.wake_and_say(ORDER, voice)
    hall.till.answer("yes place my order", voice)
    hall.till.deliver()
    hall.till.wake_and_say("cancel my last order", voice)
    assert hall.till.said.startswith("Take back your last order") and hall.till.listening is not None
    return hall.till.listening.listen_id


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_voice_does_not_take_back_what_a_second_person_agreed_to(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, is_recorded: bool
) -> None:
    """Also where the decision could not be written, or is one of the old ones that were dropped since."""
    if not is_recorded:

        def full(**_: object) -> None:
            raise JournalError("journal_full", "no room")

        monkeypatch.setattr(hall.desk.journal, "record_decision", full)
    hall.desk.house = HouseRules(parse_policy(f'{POLICY}[[rule]]\nid = "r"\nrequire = "second"'))
    hall.desk.factors.set(hall.mona, "pin", "7431")
    hall.till.wake_and_say(ORDER)
    hall.touching.received(PinTyped("7431"))
    [order] = hall.desk.journal.orders()
    assert ("approved_by_pin" in hall.till.decided) is is_recorded
    assert order.person == hall.anna and not order.factors and order.by_another
    hall.till.deliver()
    hall.till.wake_and_say("cancel my last order")
    assert hall.till.said.startswith("More than a voice confirmed that order") and hall.till.listening is None
    hall.till.wake_and_say("yes take back my order")
    with pytest.raises(EarmarkError, match="cancel_by_voice"):
        hall.desk.cancel(order.intent_id, BY_VOICE)
    assert "cancel_asked" not in hall.till.decided
    assert hall.desk.cancel(order.intent_id, BY_OPERATOR)[0] == "asked"


@pytest.mark.parametrize("voice", [BERT, None])
def test_whoever_is_on_takes_an_order_back(hall: Hall, voice: Vector | None) -> None:
    _on_and_asked(hall, voice)
    hall.till.answer("yes take back my order", voice)
    assert (
        hall.till.said.startswith("I have asked the shop to cancel")
        and hall.till.decided[-1] == "cancel_asked"
    )


def test_on_a_shift_another_voice_takes_nothing_back(hall: Hall) -> None:
    _on_and_asked(hall, BERT)
    hall.till.answer("yes take back my order", ANNA)
    assert "the order stays" in hall.till.said and "cancel_asked" not in hall.till.decided


def test_after_badge_off_nothing_is_taken_back(hall: Hall) -> None:
    listen_id = _on_and_asked(hall, BERT)
    hall.badge()
    assert not hall.on
    hall.till.spoken.heard(utterance(listen_id, "yes take back my order", BERT))
    assert "cancel_asked" not in hall.till.decided
