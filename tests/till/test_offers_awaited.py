"""Whoever speaks while an offer is awaited: they are not spoken over, and what they say counts."""

from __future__ import annotations

import msgspec
import pytest

from agent.deciding.conversation import Idle
from agent.plumbing import messages
from tests.committing.kit import agreed
from tests.till.kit import Till, utterance
from tests.till.test_offers import READ_BACK, TWO, YES, direct, is_direct, offer_of, sayings

__all__ = ["direct"]  # a fixture


def test_an_order_that_goes_on_has_an_offer_of_its_own(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.spoken.went_on(0)
    direct.offers.received(offer_of(direct))
    assert sayings(direct) == [], "half an order is not read back"
    direct.wake_and_say("two bags of dark roast coffee and one box of green tea")
    assert direct.decided == ["went_on"] and len(direct.asked) == 2
    direct.offers.received(offer_of(direct))
    assert direct.said.startswith("Two bags of dark roast coffee and one box of green tea")
    direct.answer(YES)
    assert is_direct(direct)


def test_where_nothing_is_understood_in_the_whole_the_first_is_read_back(direct: Till) -> None:
    direct.wake_and_say(TWO)
    offer = offer_of(direct)
    direct.spoken.went_on(0)
    direct.wake_and_say("")
    assert direct.said.startswith(READ_BACK)
    direct.offers.received(offer)
    assert len(sayings(direct)) == 1
    direct.answer(YES)
    assert not is_direct(direct)


def test_whoever_takes_it_back_in_the_same_breath_orders_nothing(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.spoken.went_on(0)
    direct.wake_and_say("no", open_words="order two bags of dark roast coffee no")
    assert direct.said.startswith("Cancelled")
    direct.offers.received(offer_of(direct))
    assert direct.said.startswith("Cancelled") and isinstance(direct.spoken._state, Idle)


def test_who_calls_again_is_not_spoken_over(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.spoken.woken()
    direct.offers.received(offer_of(direct))
    assert sayings(direct) == []
    direct.wake_and_say("one box of green tea")
    direct.offers.received(offer_of(direct))
    assert direct.said.startswith("One box of green tea")


def test_who_calls_again_and_says_no_more_hears_the_order_read_back(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.spoken.woken()
    direct.offers.received(offer_of(direct))
    direct.spoken.silent(0)
    assert direct.said.startswith(READ_BACK)
    direct.answer(YES)
    assert not is_direct(direct)


@pytest.mark.parametrize("how", ["offer", "late", "silent"])
def test_whatever_ends_the_wait_the_day_s_limit_counts(direct: Till, how: str) -> None:
    settings = direct.desk.settings
    limits = msgspec.structs.replace(settings.policy, voice_day_max_minor=5_000)
    touch = msgspec.structs.replace(settings.touch, keypad_device="/dev/input/event0")
    direct.desk.settings = msgspec.structs.replace(settings, policy=limits, touch=touch)
    person = direct.desk.people.all()[0].pseudonym
    direct.desk.factors.set(person, "pin", "4711")
    direct.bench.road.commit(agreed(2, person=person))
    direct.wake_and_say("one box of green tea")
    offer = offer_of(direct)
    match how:
        case "offer":
            direct.offers.received(offer)
        case "late":
            direct.timers[-1]()
        case "silent":
            direct.spoken.woken()
            direct.spoken.silent(0)
    assert direct.decided == ["asked_factor"]


def test_a_voice_that_dies_meanwhile_ends_the_question(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.spoken.voice_lost()
    direct.offers.received(offer_of(direct))
    assert isinstance(direct.spoken._state, Idle) and sayings(direct) == []


def test_what_is_said_names_the_utterance_that_it_answers(direct: Till) -> None:
    asked = utterance(0, TWO)
    direct.spoken.heard(msgspec.structs.replace(asked, number=7))
    direct.offers.received(offer_of(direct))
    [said] = [message for message in direct.sent if isinstance(message, messages.Say)]
    assert said.answers == 7


def test_news_wait_until_the_order_is_read_back_and_answered(direct: Till) -> None:
    direct.desk.online = False
    direct.wake_and_say("one box of green tea")
    direct.answer(YES)
    direct.finish_speaking()
    direct.desk.online = True
    direct.wake_and_say(TWO)
    before = sayings(direct)
    direct.deliver()
    assert sayings(direct) == before
    direct.offers.received(offer_of(direct))
    direct.answer("no")
    direct.finish_speaking()
    assert direct.said.startswith("The shop has your order: one box of green tea")
