"""Ends of orders that nobody waits for any more: each is said to its end, through a `voice` that comes and
goes and a till that starts anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent.committing.cancelling import BY_OPERATOR
from agent.committing.journal_mend import MENDED
from agent.plumbing import messages
from agent.plumbing.errors import EarmarkError, JournalError
from agent.till.shop_link import MOST_LEFT_OVER, ShopLink
from tests.committing.kit import DEVICE, agreed
from tests.till.kit import Till, make_till

ORDER = "two bags of dark roast coffee"
CONSENT = "yes place my order"
TOLD = "The shop has your order: two bags of dark roast coffee"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hours in which nothing is said unasked are local ones."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def queue_one(till: Till) -> None:
    till.desk.online = False
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.finish_speaking()


def restarted(till: Till, folder: Path) -> Till:
    """The same device with a new till and a new voice."""
    till.bench.restart_device()
    return make_till(till.bench, folder)


def begin(till: Till) -> None:
    ShopLink(till.desk, lambda _: None, till.spoken.receipt, lambda _, then: till.timers.append(then)).begin()


def sentences(till: Till) -> list[str]:
    return [message.text for message in till.sent if isinstance(message, messages.Say)]


def test_what_ended_while_there_was_no_voice_is_told_when_there_is_one(till: Till) -> None:
    queue_one(till)
    before = len(till.sent)
    till.spoken.voice_lost()
    till.deliver()
    assert len(till.sent) == before
    till.spoken.voice_came()
    assert till.said.startswith(TOLD)
    till.finish_speaking()
    assert till.desk.journal.untold(0) == []
    till.wake_and_say(ORDER)  # and nothing waits for a sentence that nobody played
    till.answer(CONSENT)
    till.deliver()
    till.finish_speaking()
    assert till.said.startswith(TOLD)


def test_an_announcement_that_the_voice_did_not_finish_is_made_anew(till: Till) -> None:
    queue_one(till)
    till.deliver()
    assert till.said.startswith(TOLD)
    till.spoken.voice_lost()
    till.spoken.voice_came()
    assert sentences(till)[-2:] == [till.said, till.said]
    till.finish_speaking()
    till.spoken.voice_lost()
    till.spoken.voice_came()
    assert sentences(till).count(till.said) == 2


def test_an_order_in_hand_whose_answer_was_cut_off_is_told_later(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.deliver()
    assert till.said.startswith("Ordered: two bags")
    till.spoken.voice_lost()
    till.spoken.voice_came()
    assert till.said.startswith(TOLD)


def test_a_receipt_that_comes_into_a_restart_is_told_once_afterwards(till: Till, tmp_path: Path) -> None:
    queue_one(till)
    till.spoken.voice_lost()
    till.deliver()
    second = restarted(till, tmp_path)
    begin(second)
    assert second.said.startswith(TOLD)
    third = restarted(second, tmp_path)  # it died in the middle of the sentence
    begin(third)
    assert third.said.startswith(TOLD)
    third.finish_speaking()
    fourth = restarted(third, tmp_path)
    begin(fourth)
    assert fourth.sent == []


def test_at_night_a_start_tells_nothing_until_the_morning(till: Till, tmp_path: Path) -> None:
    queue_one(till)
    till.spoken.voice_lost()
    till.deliver()
    night = restarted(till, tmp_path)
    night.bench.clocks.pass_by(12 * 3600)
    assert night.desk.is_quiet()
    begin(night)
    assert night.sent == []
    night.bench.clocks.pass_by(9 * 3600)
    for look in list(night.timers):
        look()
    assert night.said.startswith(TOLD)


def test_a_start_tells_a_few_of_the_last_day_and_no_older_ones(till: Till, tmp_path: Path) -> None:
    journal = till.desk.journal
    for number in range(MOST_LEFT_OVER + 2):
        till.desk.road.commit(agreed(person=f"person-{number}"))
    till.spoken.voice_lost()
    till.deliver()
    assert len(journal.untold(0)) == MOST_LEFT_OVER + 2
    second = restarted(till, tmp_path)
    begin(second)
    for _ in range(MOST_LEFT_OVER + 2):
        second.finish_speaking()
    assert len(sentences(second)) == MOST_LEFT_OVER
    third = restarted(second, tmp_path)
    third.bench.clocks.pass_by(25 * 3600)
    begin(third)
    assert third.sent == []


def test_that_the_journal_was_mended_is_told_until_it_was_said_to_its_end(till: Till, tmp_path: Path) -> None:
    till.desk.journal.meta_set(MENDED, "1")
    begin(till)
    assert till.said.startswith("My memory was damaged")
    second = restarted(till, tmp_path)
    begin(second)
    assert second.said.startswith("My memory was damaged")
    second.finish_speaking()
    third = restarted(second, tmp_path)
    begin(third)
    assert third.sent == []


def test_a_journal_that_cannot_note_what_was_told_stops_nothing(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_one(till)
    till.deliver()

    def full(*_: object, **__: object) -> None:
        raise JournalError("journal_full", "no room", "make room")

    monkeypatch.setattr(till.desk.journal, "told", full)
    till.finish_speaking()
    till.wake_and_say(ORDER)
    assert till.said.startswith("Two bags of dark roast coffee")


def test_an_order_that_an_operator_took_back_is_told(till: Till) -> None:
    queue_one(till)
    [row] = till.desk.journal.orders()
    assert till.desk.cancel(row.intent_id, BY_OPERATOR) == ("cancelled", row.title)
    shop = ShopLink(till.desk, lambda _: None, till.spoken.receipt, lambda _, then: till.timers.append(then))
    shop.send_outbox()
    assert till.said == "Two bags of dark roast coffee: cancelled, so it is not ordered."


TOO_LATE = "It was too late to cancel two bags of dark roast coffee"


def shop_link(till: Till) -> ShopLink:
    return ShopLink(till.desk, lambda _: None, till.spoken.receipt, lambda _, then: till.timers.append(then))


def handed_over_before_it_was_cancelled(till: Till) -> bytes:
    """The shop's answer to that."""
    [row] = till.desk.journal.orders()
    assert till.desk.cancel(row.intent_id, BY_OPERATOR) == ("asked", row.title)
    [order] = till.bench.desk.shop.orders()
    assert till.bench.desk.shop.ends.put(order.order_id, "accepted", now_s=0)
    till.bench.clocks.pass_by(10)
    [cancel] = till.desk.road.tick().publishes
    return till.bench.desk.cancel(DEVICE, cancel.payload, now_s=int(till.bench.clocks.wall_s)).payload


def answered(till: Till, payload: bytes) -> None:
    shop_link(till).received(messages.Received(f"va/v1/d/{DEVICE}/dn/ack", payload))


def test_an_order_that_left_is_taken_back_by_its_number_and_the_shop_has_the_last_word(till: Till) -> None:
    queue_one(till)
    till.deliver()
    reply = handed_over_before_it_was_cancelled(till)
    till.finish_speaking()
    answered(till, reply)
    assert till.said.startswith(TOO_LATE)


def test_that_it_was_too_late_is_told_by_the_next_till_where_this_one_died(
    till: Till, tmp_path: Path
) -> None:
    queue_one(till)
    till.deliver()
    till.finish_speaking()
    reply = handed_over_before_it_was_cancelled(till)
    till.spoken.voice_lost()
    answered(till, reply)
    second = restarted(till, tmp_path)
    begin(second)
    assert [said.startswith(TOO_LATE) for said in sentences(second)] == [True]
    third = restarted(second, tmp_path)  # it died in the middle of the sentence
    begin(third)
    assert third.said.startswith(TOO_LATE)
    third.finish_speaking()
    fourth = restarted(third, tmp_path)
    begin(fourth)
    assert fourth.sent == []


def test_of_an_order_and_that_it_stands_each_is_told_by_itself(till: Till, tmp_path: Path) -> None:
    """Neither receipt of the shop's had come; one answer brings both, and the till dies between the two."""
    queue_one(till)
    till.desk.road.link(True)
    [intent] = till.desk.road.tick().publishes
    till.bench.desk.intent(DEVICE, intent.payload, now_s=int(till.bench.clocks.wall_s))
    reply = handed_over_before_it_was_cancelled(till)
    answered(till, reply)
    assert till.said.startswith(TOLD)
    till.spoken.spoken([message.say_id for message in till.sent if isinstance(message, messages.Say)][-1])
    second = restarted(till, tmp_path)
    begin(second)
    assert [said.startswith(TOO_LATE) for said in sentences(second)] == [True]


def test_what_the_journal_does_not_know_cannot_be_taken_back(till: Till) -> None:
    with pytest.raises(EarmarkError) as error:
        till.desk.cancel("E-NONE", BY_OPERATOR)
    assert error.value.code == "order_unknown"


def test_an_order_that_was_told_and_then_taken_back_has_a_new_end_to_tell(till: Till, tmp_path: Path) -> None:
    queue_one(till)
    till.deliver()
    till.finish_speaking()
    [order] = till.desk.journal.orders()
    assert till.desk.journal.untold(0) == []
    till.desk.road.cancel(order.intent_id, factors=("operator",))
    [publish] = till.desk.road.tick().publishes
    reply = till.bench.desk.cancel(DEVICE, publish.payload, now_s=int(till.bench.clocks.wall_s))
    till.desk.road.received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload)  # and the till dies before it says so
    second = restarted(till, tmp_path)
    begin(second)
    assert len(sentences(second)) == 1 and "cancelled" in second.said.lower()
