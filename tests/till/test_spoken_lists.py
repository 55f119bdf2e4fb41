"""The shopping list and suggestions by voice: to a voice that is known, never beside what waits, and nothing
is ordered without a read-back and a consent."""

from __future__ import annotations

import msgspec
import pytest

from agent.deciding.verification import Verdict, Voiceprint
from agent.plumbing.speaker_models import GE2E
from agent.till.shopping_list import ShoppingList
from agent.till.spoken_lists import GOES_ON_WITHIN_S
from tests.till.kit import ANNA, BERT, Till, utterance

READ_BACK = (
    "Two bags of medium roast coffee, thirty-eight zloty in total. Say: yes, place my order. Or say: cancel."
)

ONCE = "That I say only to whoever asks for it. Ask me again."


def listed(till: Till) -> dict[str, int]:
    return {entry.sku: entry.quantity for entry in ShoppingList(till.desk).entries()}


def person_of(till: Till) -> str:
    return till.desk.people.all()[0].pseudonym


def test_what_is_added_is_said_back_and_is_of_whoever_said_it(till: Till) -> None:
    till.wake_and_say("add two bags of rice to the list")
    assert till.said == "On the list: two bags of rice." and till.listening is None
    [entry] = ShoppingList(till.desk).entries()
    assert (entry.sku, entry.quantity, entry.person) == ("rice", 2, person_of(till))
    assert till.decided == []


@pytest.mark.parametrize(
    "said",
    [
        "what is on the list",
        "add a box of green tea to the list",
        "take the rice off the list",
        "order the list",
        "order the list on friday",
    ],
)
def test_a_stranger_is_refused_and_the_list_is_as_it_was(till: Till, said: str) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.wake_and_say(said, BERT)
    assert till.said == "The list is for people whose voice I know. It can also be typed: earmark chat."
    till.wake_and_say(said, ANNA, speech_ms=300)
    assert till.said.startswith("I could not tell whose voice that was.")
    assert listed(till) == {"rice": 2} and ShoppingList(till.desk).reminds_at() is None
    assert till.decided == [] and till.listening is None


@pytest.mark.parametrize("asked", ["what is on the list", "what do i usually forget"])
def test_what_one_was_told_of_the_list_or_of_habits_is_not_said_again(till: Till, asked: str) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.wake_and_say("say that again", BERT)
    assert till.said == ONCE
    till.wake_and_say(asked)
    assert till.said != ONCE
    till.wake_and_say("say that again", BERT)
    assert till.said == ONCE
    till.wake_and_say(asked, BERT)
    refused = till.said
    till.wake_and_say("say that again", BERT)
    assert till.said == refused


def test_the_list_is_read_back_and_ordered_by_the_voice_that_asked(till: Till) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.wake_and_say("order the list")
    assert till.said.startswith("Two bags of rice, ") and "yes, place my order" in till.said
    assert till.decided == ["read_back"] and listed(till) == {"rice": 2}
    till.answer("yes place my order")
    assert "consented" in till.decided and listed(till) == {}


def test_another_voice_places_no_list(till: Till) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.wake_and_say("order the list")
    till.answer("yes place my order", BERT)
    assert "consented" not in till.decided and listed(till) == {"rice": 2}


def test_what_was_read_back_is_ordered_whatever_the_list_has_become(till: Till) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.wake_and_say("order the list")
    its = ShoppingList(till.desk)
    its.take_off(its.entries())
    till.answer("yes place my order")
    assert [row.basket_key for row in till.desk.journal.orders()] == ["rice*2"]


def test_while_a_basket_waits_it_is_written_on_and_the_basket_asked_about_again(till: Till) -> None:
    till.wake_and_say("order two bags of coffee")
    till.wake_and_say("add two bags of rice to the list")
    assert till.said == f"On the list: two bags of rice. {READ_BACK}"
    till.answer("yes place my order")
    assert [row.basket_key for row in till.desk.journal.orders()] == ["coffee?roast=medium*2"]
    assert listed(till) == {"rice": 2}


def test_the_list_takes_the_place_of_what_waits_for_the_same_voice_only(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another order of hers would."""
    till.wake_and_say("add two bags of rice to the list")
    with monkeypatch.context() as on_shift:
        on_shift.setattr(till.desk.shifts, "who_orders", lambda _: Verdict("somebody", "shift"))
        till.wake_and_say("order two bags of coffee", BERT)
    till.wake_and_say("order the list")
    assert "coffee" in till.said and "rice" not in till.said
    till.answer("cancel", BERT, open_words="cancel")
    till.wake_and_say("order two bags of coffee")
    till.wake_and_say("order the list")
    assert till.said.startswith("Two bags of rice, ")
    till.answer("yes place my order")
    assert [row.basket_key for row in till.desk.journal.orders()] == ["rice*2"]


def test_whoever_goes_on_has_written_once(till: Till) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.spoken.went_on(0)
    till.spoken.heard(utterance(0, "add two bags of rice to the list please"))
    assert listed(till) == {"rice": 2} and till.said == "On the list: two bags of rice."


def test_whoever_goes_on_with_a_denial_has_written_nothing(till: Till) -> None:
    till.wake_and_say("add a bag of rice to the list")
    for said in ("add two bags of rice to the list", "take the rice off the list"):
        till.wake_and_say(said)
        till.spoken.went_on(0)
        till.spoken.heard(utterance(0, "", open_words=f"{said} no cancel"))
        assert listed(till) == {"rice": 1}, said


def go_on(till: Till) -> None:
    """With something that writes nothing."""
    till.spoken.heard(utterance(0, "", open_words="add two bags of rice to the list no cancel"))


def test_only_what_was_written_too_soon_is_taken_back(till: Till) -> None:
    its = ShoppingList(till.desk)
    till.wake_and_say("add a bag of rice to the list")
    till.wake_and_say("add two bags of rice to the list")
    till.spoken.went_on(0)
    things = [("rice", 4, "four bags of rice"), ("tea", 1, "a box of tea")]
    till.desk.journal.add_to_list(things, person=person_of(till), now_s=till.desk.now_s())
    friday = its.remind(4, person_of(till))
    go_on(till)
    assert listed(till) == {"rice": 5, "tea": 1} and its.reminds_at() == friday
    till.wake_and_say("take the rice off the list")
    till.spoken.went_on(0)
    its.take_off(its.entries())
    go_on(till)
    assert listed(till) == {"rice": 5}


def test_a_reminder_of_somebody_who_was_forgotten_does_not_come_back(till: Till) -> None:
    its, anna = ShoppingList(till.desk), person_of(till)
    clara = till.desk.people.add("Clara", Voiceprint(GE2E, BERT), now_s=0).pseudonym
    till.wake_and_say("add two bags of rice to the list")
    for forgotten in (False, True):
        its.remind(2, clara)
        before = till.desk.journal.reminder()
        till.wake_and_say("order the list on friday")
        assert till.desk.journal.reminder() != before
        till.spoken.went_on(0)
        if forgotten:
            till.desk.forget(clara)
        go_on(till)
        assert till.desk.journal.reminder() == (None if forgotten else before)
    assert listed(till) == {"rice": 2} and person_of(till) == anna


def test_what_was_not_gone_on_with_in_time_stays(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    for late in (False, True):
        till.wake_and_say("add two bags of rice to the list")
        till.spoken.went_on(0)
        now_s = till.desk.factors.boot_s() + (GOES_ON_WITHIN_S + 1 if late else 0)
        with monkeypatch.context() as later:
            later.setattr(till.desk.factors, "boot_s", lambda: now_s)  # noqa: B023
            go_on(till)
        assert listed(till) == ({"rice": 2} if late else {}), late


def test_what_is_heard_after_a_breath_and_is_nothing_changes_nothing(till: Till) -> None:
    till.wake_and_say("add two bags of rice to the list")
    till.spoken.went_on(0)
    till.spoken.heard(utterance(0, ""))
    assert listed(till) == {"rice": 2} and till.said == "On the list: two bags of rice."
    till.wake_and_say("what is on the list")
    assert listed(till) == {"rice": 2}


def test_of_a_long_list_the_first_are_said(till: Till) -> None:
    for thing in ("rice", "milk", "coffee", "green tea", "brown sugar", "dark roast coffee"):
        till.wake_and_say(f"add {thing} to the list")
    assert len(listed(till)) == 6
    till.wake_and_say("what is on the list")
    assert till.said.startswith("The list begins: ") and "dark" not in till.said


def test_habits_are_told_to_their_own_voice_and_not_on_a_shift(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, person = till.desk.people, person_of(till)
    known = people.get(person)
    assert known is not None
    people.keep_profile(person, msgspec.structs.replace(known.profile, remembers=True))
    for voice in (BERT, ANNA):
        till.wake_and_say("what do i usually forget", voice)
        of_its_own = till.said == "From your own orders nothing comes to mind."
        assert of_its_own == (voice == ANNA)
    with monkeypatch.context() as on_shift:
        on_shift.setattr(till.desk.shifts, "who_orders", lambda _: Verdict(person, "shift"))
        till.wake_and_say("stop recommending", BERT)
        assert till.said.startswith("I tell that only to the person whose voice I know.")
        till.wake_and_say("add two bags of rice to the list", BERT)
        assert listed(till) == {"rice": 2}
    still = people.get(person)
    assert still is not None and still.profile.remembers
    till.wake_and_say("stop recommending")
    now = people.get(person)
    assert now is not None and not now.profile.remembers
