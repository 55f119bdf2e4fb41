"""Above the voice tier: a PIN of the person whose voice asked, for exactly what was read back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agent.deciding.verification import Voiceprint
from agent.plumbing.errors import EarmarkError
from agent.plumbing.messages import Listen
from agent.plumbing.settings import Touch
from agent.plumbing.site_messages import BadgeRead, ButtonPressed, PinTyped
from agent.plumbing.speaker_models import GE2E
from agent.till.touching import Touching
from tests.committing.kit import make_bench
from tests.till.kit import BERT, Till, make_till, phrase

DEAR = "okay nabu order eight bags of dark roast coffee"  # 152 zloty; by voice alone up to 100
PIN, BADGE = "4711", "0012345678"


@pytest.fixture
def till(tmp_path: Path) -> Till:
    bench = make_bench(tmp_path)
    bench.settings = msgspec.structs.replace(
        bench.settings, touch=Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")
    )
    till = make_till(bench, tmp_path)
    till.desk.factors.set(_anna(till), "pin", PIN)
    till.desk.factors.set(_anna(till), "badge", BADGE)
    return till


@pytest.fixture
def touching(till: Till) -> Touching:
    return Touching(till.desk, till.spoken, lambda _, then: till.timers.append(then))


def _anna(till: Till) -> str:
    return next(person.pseudonym for person in till.desk.people.all() if person.name == "Anna")


def test_an_order_above_the_tier_goes_through_with_the_pin(till: Till, touching: Touching) -> None:
    till.wake_and_say(DEAR)
    assert "one hundred and fifty-two zloty in total" in till.said
    assert till.decided[-1] == "asked_factor"
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "confirmed_by_pin"
    till.deliver()
    assert till.said.startswith("Ordered: eight bags of dark roast coffee")
    [order] = till.desk.journal.orders()
    assert order.state == "ordered"


def test_what_was_signed_names_both_factors(till: Till, touching: Touching) -> None:
    import base64
    import json

    till.wake_and_say(DEAR)
    touching.received(PinTyped(PIN))
    [order] = till.desk.journal.orders()
    _, payload = till.desk.journal.signed_bytes(order.intent_id)
    claims = json.loads(payload)["data"]["payment"].split(".")[1]
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert decoded["amr"] == ["voice", "pin"]


def test_no_voice_confirms_what_is_above_the_tier(till: Till, touching: Touching) -> None:
    till.wake_and_say(DEAR)
    till.answer("yes place my order")
    assert till.said.startswith("I am waiting for your PIN")
    assert not till.desk.journal.orders()


def test_anybody_may_cancel_while_the_pin_is_awaited(till: Till, touching: Touching) -> None:
    till.wake_and_say(DEAR)
    till.answer("no", BERT)
    assert till.decided[-1] == "cancelled"
    touching.received(PinTyped(PIN))
    assert not till.desk.journal.orders()


def test_wrong_pins_end_in_nothing_ordered_and_at_last_in_a_wait(till: Till, touching: Touching) -> None:
    till.wake_and_say(DEAR)
    for _ in range(3):
        touching.received(PinTyped("0000"))
    assert till.decided[-1] == "gave_up"
    till.wake_and_say(DEAR)
    for _ in range(2):
        touching.received(PinTyped("0000"))
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "factor_locked"
    assert not till.desk.journal.orders()


def test_a_pin_that_nobody_asked_for_is_not_even_tried(till: Till, touching: Touching) -> None:
    for _ in range(20):
        touching.received(PinTyped("0000"))
    till.wake_and_say(DEAR)
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "confirmed_by_pin"


def test_a_badge_confirms_for_its_owner_only(till: Till, touching: Touching) -> None:
    bert = till.desk.people.add("Bert", Voiceprint(GE2E, BERT), now_s=0).pseudonym
    till.desk.factors.set(bert, "badge", "0099999999")
    till.wake_and_say(DEAR)
    touching.received(BadgeRead("0099999999"))
    assert till.said.startswith("That badge belongs to somebody else")
    touching.received(BadgeRead(BADGE))
    assert till.decided[-1] == "confirmed_by_badge"


def test_another_badge_between_is_no_excuse_for_guessing_a_pin(till: Till, touching: Touching) -> None:
    bert = till.desk.people.add("Bert", Voiceprint(GE2E, BERT), now_s=0).pseudonym
    till.desk.factors.set(bert, "badge", "0099999999")
    for _ in range(2):
        till.wake_and_say(DEAR)
        for _ in range(2):
            touching.received(PinTyped("0000"))
        touching.received(BadgeRead("0099999999"))
    till.wake_and_say(DEAR)
    touching.received(PinTyped("0000"))
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "factor_locked"
    assert not till.desk.journal.orders()


def test_the_factor_tier_has_limits_of_its_own(till: Till, touching: Touching) -> None:
    till.wake_and_say("okay nabu order twenty bottles of olive oil")
    touching.received(PinTyped(PIN))
    assert till.decided == ["asked_factor", "confirmed_by_pin"]
    till.wake_and_say("okay nabu order nineteen bottles of olive oil")
    touching.received(PinTyped(PIN))
    till.wake_and_say("okay nabu order eighteen bottles of olive oil")
    touching.received(PinTyped(PIN))
    till.wake_and_say("okay nabu order seventeen bottles of olive oil")
    assert till.decided[-1] == "day_over_limit"


def test_without_a_pin_the_voice_tier_is_the_end(till: Till) -> None:
    till.desk.factors.forget(_anna(till))
    till.wake_and_say(DEAR)
    assert till.decided == ["order_over_limit"]


def test_the_button_stands_for_the_wake_word(till: Till, touching: Touching) -> None:
    touching.received(ButtonPressed())
    listen = till.sent[-1]
    assert isinstance(listen, Listen)
    assert listen.entry == "order"
    touching.received(ButtonPressed())
    assert till.sent[-1] is listen, "it listens already"


def test_a_new_pin_is_typed_twice_at_the_keypad(till: Till, touching: Touching) -> None:
    steps: list[tuple[str, bool, bool]] = []
    touching.begin_new("pin", _anna(till), lambda *step: steps.append(step))
    touching.received(PinTyped("8888"))
    touching.received(PinTyped("8888"))
    assert steps[-1] == ("Thank you, Anna. Your PIN is set.", True, True)
    assert till.decided == ["pin_set"]
    assert till.desk.factors.fits_pin(_anna(till), "8888")


def test_two_different_pins_or_none_in_time_change_nothing(till: Till, touching: Touching) -> None:
    steps: list[tuple[str, bool, bool]] = []
    touching.begin_new("pin", _anna(till), lambda *step: steps.append(step))
    touching.received(PinTyped("8888"))
    touching.received(PinTyped("9999"))
    assert steps[-1][1:] == (True, False)
    touching.begin_new("pin", _anna(till), lambda *step: steps.append(step))
    till.timers[-1]()
    assert steps[-1] == ("", True, False)
    assert till.desk.factors.fits_pin(_anna(till), PIN)


def test_a_pin_for_an_order_is_not_taken_for_the_new_one(till: Till, touching: Touching) -> None:
    touching.begin_new("pin", _anna(till), lambda *_: None)
    till.wake_and_say(DEAR)
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "confirmed_by_pin"


def test_a_pin_needs_a_person_and_a_keypad(till: Till, touching: Touching) -> None:
    with pytest.raises(EarmarkError, match="person_unknown"):
        touching.begin_new("pin", "p-nobody", lambda *_: None)


def test_a_new_badge_is_held_up_twice_and_confirms_from_then_on(till: Till, touching: Touching) -> None:
    steps: list[tuple[str, bool, bool]] = []
    touching.begin_new("badge", _anna(till), lambda *step: steps.append(step))
    touching.received(PinTyped("8888"))
    touching.received(BadgeRead("0055555555"))
    touching.received(BadgeRead("0055555555"))
    assert steps[-1] == ("Thank you, Anna. Your badge is set.", True, True)
    assert till.decided == ["badge_set"]
    till.wake_and_say(DEAR)
    touching.received(BadgeRead(BADGE))
    assert till.decided[-1] != "confirmed_by_badge", "the old one is replaced"
    touching.received(BadgeRead("0055555555"))
    assert till.decided[-1] == "confirmed_by_badge"


def test_somebody_elses_badge_is_not_taken_over(till: Till, touching: Touching) -> None:
    bert = till.desk.people.add("Bert", Voiceprint(GE2E, BERT), now_s=0).pseudonym
    steps: list[tuple[str, bool, bool]] = []
    touching.begin_new("badge", bert, lambda *step: steps.append(step))
    touching.received(BadgeRead(BADGE))
    touching.received(BadgeRead(BADGE))
    assert steps[-1] == (
        "That badge belongs to somebody else. I have kept nothing. Start again with your own: earmark badge.",
        True,
        False,
    )
    assert till.desk.factors.badge_owner(BADGE) == _anna(till)


def test_a_badge_needs_a_reader(tmp_path: Path) -> None:
    bench = make_bench(tmp_path)
    bench.settings = msgspec.structs.replace(bench.settings, touch=Touch(keypad_device="/dev/input/event0"))
    till = make_till(bench, tmp_path)
    touching = Touching(till.desk, till.spoken, lambda _, then: till.timers.append(then))
    with pytest.raises(EarmarkError, match="no_badge_reader"):
        touching.begin_new("badge", _anna(till), lambda *_: None)


def test_a_badge_that_was_lost_is_taken_away_and_the_pin_stays(till: Till, touching: Touching) -> None:
    assert till.desk.factors.kinds_of(_anna(till)) == ("badge", "pin")
    assert till.desk.factors.remove(_anna(till), "badge")
    assert not till.desk.factors.remove(_anna(till), "badge")
    assert till.desk.factors.kinds_of(_anna(till)) == ("pin",)
    till.wake_and_say(DEAR)
    touching.received(BadgeRead(BADGE))
    assert not till.desk.journal.orders()
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "confirmed_by_pin"


@pytest.mark.parametrize("message", [PinTyped(PIN), BadgeRead(BADGE)])
def test_somebodys_pin_or_badge_admits_the_voice_that_was_learned_right_now(
    till: Till, touching: Touching, message: PinTyped | BadgeRead
) -> None:
    till.wake_and_say("learn my voice", BERT)
    till.answer("yes learn my voice", BERT)
    for number in range(till.desk.settings.speaker.enrolment_sentences):
        till.answer(phrase(number), BERT)
    assert "Somebody whose PIN or badge I know does it now" in till.said
    till.finish_speaking()
    touching.received(PinTyped("0000"))
    assert till.said.startswith("That admits nobody")
    till.finish_speaking()
    touching.received(message)
    assert till.said == "From now on new voice 1 may order."
    assert till.decided[-1] == "admitted"
    assert all(person.admitted for person in till.desk.people.all())


def test_after_a_minute_no_pin_admits_anybody(till: Till, touching: Touching) -> None:
    till.wake_and_say("learn my voice", BERT)
    till.answer("yes learn my voice", BERT)
    for number in range(till.desk.settings.speaker.enrolment_sentences):
        till.answer(phrase(number), BERT)
    till.finish_speaking()
    for ring in till.timers:
        ring()
    touching.received(PinTyped(PIN))
    assert not till.desk.people.all()[-1].admitted


def test_who_is_not_admitted_is_set_no_pin(till: Till, touching: Touching) -> None:
    newcomer = till.desk.people.add("new voice 1", Voiceprint(GE2E, BERT), now_s=0, admitted=False)
    with pytest.raises(EarmarkError) as refused:
        touching.begin_new("pin", newcomer.pseudonym, lambda *_: None)
    assert refused.value.code == "person_not_admitted"
