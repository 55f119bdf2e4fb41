"""Questions by voice: answered aloud, to whom they may be answered, and never at the cost of what waits."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agent.committing.cancelling import BY_OPERATOR, BY_VOICE
from agent.committing.envelope import CANCEL, SignedData, decode_data, decode_event
from agent.committing.jws import from_base64url
from agent.committing.statements import CancelClaims
from agent.deciding.basket import Factor
from agent.plumbing.errors import EarmarkError
from agent.plumbing.messages import Listen, Publish, Say
from agent.plumbing.settings import Touch
from agent.plumbing.site_messages import PinTyped
from agent.till.touching import Touching
from agent.till.typed import TypedDialogue
from tests.committing.kit import DEVICE, Bench, agreed
from tests.till.kit import ANNA, BERT, Till, make_till, utterance

OFFLINE = "I cannot know that while I do not reach the shop."
READ_BACK = (
    "Two bags of medium roast coffee, thirty-eight zloty in total. Say: yes, place my order. Or say: cancel."
)


def answered_by_shop(till: Till) -> None:
    """The shop's answer to the last question."""
    question = till.asked[-1]
    assert isinstance(question, Publish)
    reply = till.bench.desk.query(DEVICE, question.payload, now_s=int(till.bench.clocks.wall_s))
    till.asks.received(reply.payload)


def sentences(till: Till) -> int:
    return sum(isinstance(message, Say) for message in till.sent)


def test_a_price_is_told_at_once_and_nothing_is_asked_or_decided(till: Till) -> None:
    till.wake_and_say("how much are two bags of coffee", BERT)
    assert till.said.startswith("Two bags of medium roast coffee: thirty-eight zloty in total.")
    assert till.listening is None and till.decided == []


def test_what_the_shop_has_is_told_when_it_answers(till: Till) -> None:
    till.bench.desk.shop.stock.count("rice", 1)
    till.wake_and_say("is there any rice in stock", BERT)
    assert sentences(till) == 0
    answered_by_shop(till)
    assert till.said == "In stock: one bag of rice."


def test_it_is_what_was_asked_about_last_for_a_while(till: Till) -> None:
    till.wake_and_say("how much are two bags of rice")
    till.wake_and_say("is it in stock")
    answered_by_shop(till)
    assert till.said == "In stock: two bags of rice."
    till.bench.clocks.pass_by(301)
    till.wake_and_say("is it in stock")
    assert till.said.startswith("About what?")


def test_offline_it_is_said_at_once(till: Till) -> None:
    till.desk.online = False
    till.wake_and_say("any offers")
    assert till.said == OFFLINE


def test_an_answer_that_comes_after_something_else_was_said_is_not_told(till: Till) -> None:
    till.wake_and_say("is rice in stock")
    till.wake_and_say("order two bags of coffee")
    before = sentences(till)
    answered_by_shop(till)
    assert sentences(till) == before and till.said == READ_BACK


def test_nobody_who_speaks_is_spoken_over(till: Till) -> None:
    till.wake_and_say("is rice in stock")
    till.spoken.woken()
    answered_by_shop(till)
    assert sentences(till) == 0


def test_in_the_middle_of_a_read_back_the_basket_stays_and_is_asked_about_again(till: Till) -> None:
    till.wake_and_say("order two bags of coffee")
    till.wake_and_say("how much is rice", BERT)
    assert till.said.endswith(READ_BACK) and till.said != READ_BACK
    till.wake_and_say("are they in stock", open_words="are they in stock")
    answered_by_shop(till)
    assert till.said == f"In stock: two bags of medium roast coffee. {READ_BACK}"
    till.answer("yes place my order")
    assert "consented" in till.decided


def test_the_last_order_is_the_one_in_hand_where_there_is_one(till: Till) -> None:
    till.bench.road.commit(agreed())
    till.wake_and_say("order two bags of coffee")
    till.wake_and_say("cancel my last order", open_words="cancel my last order")
    assert till.said == "Cancelled. Nothing is ordered."
    assert till.desk.journal.orders()[0].state == "queued"


def _ordered(till: Till) -> None:
    till.wake_and_say("order two bags of coffee")
    till.answer("yes place my order")
    till.deliver()


def test_the_last_order_is_taken_back_by_the_voice_that_gave_it(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("cancel my last order")
    assert till.said.startswith("Take back your last order: two bags of medium roast coffee")
    assert till.listening is not None and "yes take back my order" in till.listening.phrases
    till.answer("yes take back my order")
    assert till.said.startswith("I have asked the shop to cancel")
    assert "cancel_asked" in till.decided


def test_the_shop_is_told_who_took_it_back(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("cancel my last order")
    till.answer("yes take back my order")
    assert _cancelled_by(till) == ("voice",)


def test_who_types_comes_by_the_door_of_an_operator(till: Till) -> None:
    _ordered(till)
    typed = TypedDialogue(till.desk, "en", lambda _: None, till.what_is_low, till.asks)
    typed.typed("cancel my last order")
    typed.typed("yes")
    assert _cancelled_by(till) == ("operator",)


def _cancelled_by(till: Till) -> tuple[str, ...]:
    """How whoever took the last order back was verified, as the shop is told."""
    [order, *_] = till.desk.journal.orders(1)
    cancel = till.desk.journal.cancel(order.intent_id)
    assert cancel is not None
    signed = decode_data(decode_event(cancel.payload, CANCEL), SignedData).signed
    return msgspec.json.decode(from_base64url(signed.split(".")[1]), type=CancelClaims).amr


@pytest.mark.parametrize("factors", [("voice", "pin"), ("voice", "badge"), ("voice", "phone"), ("phone",)])
def test_a_voice_does_not_take_back_what_more_than_a_voice_confirmed(
    till: Till, factors: tuple[Factor, ...]
) -> None:
    anna = till.desk.people.all()[0].pseudonym
    order = msgspec.structs.replace(agreed(person=anna), factors=factors)
    intent = till.bench.road.commit(order).intent_id
    till.wake_and_say("cancel my last order")
    assert till.said.startswith("More than a voice confirmed that order") and till.listening is None
    till.wake_and_say("yes take back my order")
    with pytest.raises(EarmarkError, match="cancel_by_voice"):
        till.desk.cancel(intent, BY_VOICE)
    [row] = till.desk.journal.orders()
    assert row.state == "queued" and "cancel_asked" not in till.decided
    assert till.desk.cancel(intent, BY_OPERATOR)[0] == "cancelled"


@pytest.mark.parametrize(
    ("words", "voice", "open_words"),
    [
        ("no", ANNA, ""),
        ("yes take back my order", BERT, ""),
        ("yes take back my order", ANNA, "no do not take back my order"),
    ],
)
def test_nothing_else_takes_it_back(
    till: Till, words: str, voice: tuple[float, ...], open_words: str
) -> None:
    _ordered(till)
    till.wake_and_say("cancel my last order")
    till.answer(words, voice, open_words=open_words)
    assert "cancel_asked" not in till.decided
    assert till.listening is None


def test_silence_takes_nothing_back_and_ends_the_question(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("cancel my last order")
    for _ in range(2):
        assert till.listening is not None
        till.finish_speaking()
        till.spoken.silent(till.listening.listen_id)
    assert till.said.startswith("All right, the order stays")
    assert till.listening is None and "cancel_asked" not in till.decided


@pytest.mark.parametrize(
    "question",
    ["where is my order", "cancel my last order", "what did i order today", "what did we spend this month"],
)
def test_what_a_household_orders_is_told_to_no_stranger(till: Till, question: str) -> None:
    _ordered(till)
    till.wake_and_say(question, BERT)
    assert till.said.startswith("I tell that only to somebody whose voice I know")
    till.wake_and_say(question, ANNA, speech_ms=300)
    assert till.said.startswith("I could not tell whose voice that was.")
    till.wake_and_say(question)
    assert "coffee" in till.said or "zloty" in till.said or till.asked


def test_the_last_order_is_that_of_who_asks(till: Till) -> None:
    till.bench.road.commit(agreed())  # of somebody else
    till.wake_and_say("where is my order")
    assert till.said == "I know of no order of yours."


def test_a_person_is_called_after_a_yes_and_not_before(till: Till) -> None:
    till.wake_and_say("talk to a person", BERT)
    assert till.said.startswith("Shall I tell the shop") and not till.asked
    till.answer("no", BERT)
    assert till.said == "All right, I tell nobody." and till.desk.journal.open_requests() == []
    till.wake_and_say("talk to a person", BERT)
    till.answer("yes tell the shop", BERT)
    assert len(till.desk.journal.open_requests()) == 1


def test_no_voice_is_kept_once_it_is_compared_with_nothing(till: Till) -> None:
    _ordered(till)
    for question in ("how much is rice", "where is my order"):
        till.wake_and_say(question)
        if till.asked:
            answered_by_shop(till)
        assert str(ANNA) not in repr(till.spoken._questions._question)
    till.wake_and_say("cancel my last order")
    assert str(ANNA) in repr(till.spoken._questions._question)
    till.answer("no")
    assert str(ANNA) not in repr(till.spoken._questions._question)


def test_many_orders_are_counted_aloud(till: Till) -> None:
    for things in ("a bag of rice", "two bags of rice", "a box of green tea", "a bag of coffee"):
        till.wake_and_say(f"order {things}")
        till.answer("yes place my order")
        till.deliver()
    till.wake_and_say("what did i order today")
    assert till.said.startswith("Today: four orders,") and "one bag of medium roast coffee" in till.said
    assert "green tea" not in till.said


def test_of_what_was_withheld_and_not_understood_in_the_end_something_is_said(till: Till) -> None:
    till.wake_and_say("is rice in stock")
    till.spoken.went_on(0)
    answered_by_shop(till)
    assert sentences(till) == 0
    till.spoken.heard(utterance(0, ""))
    assert till.said.startswith("That is nothing I can order here.")


def test_nobody_is_enrolled_into_a_question_whether_something_is_meant(till: Till) -> None:
    till.wake_and_say("talk to a person")
    assert not till.spoken.begin_enrolment("Zosia")
    till.answer("no")
    assert till.spoken.begin_enrolment("Zosia")


def test_half_a_question_is_not_understood(till: Till) -> None:
    till.wake_and_say("how much is rice in stock")
    assert till.decided == ["not_understood"]


def _button_is_dead(till: Till) -> bool:
    """Whether a press of the button has nobody listened to, though nothing is said or asked."""
    till.finish_speaking()
    before = len(till.sent)
    till.spoken.push_to_talk()
    return not any(isinstance(message, Listen) for message in till.sent[before:])


@pytest.mark.parametrize(
    ("words", "open_words"), [("never mind", ""), ("", "cancel my last order no never mind")]
)
def test_a_question_that_was_taken_back_before_it_was_put_is_over(
    till: Till, words: str, open_words: str
) -> None:
    _ordered(till)
    till.wake_and_say("cancel my last order")
    till.spoken.went_on(0)
    till.spoken.heard(utterance(0, words, open_words=open_words))
    assert till.said == "All right, the order stays: two bags of medium roast coffee."
    assert "cancel_asked" not in till.decided and not _button_is_dead(till)


def test_to_be_forgotten_taken_back_before_it_was_asked_about_is_over(till: Till) -> None:
    till.wake_and_say("forget my voice")
    till.spoken.went_on(0)
    till.spoken.heard(utterance(0, "never mind"))
    assert len(till.desk.people) == 1 and not _button_is_dead(till)


def test_what_was_withheld_is_asked_after_all_where_the_whole_says_nothing_else(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("cancel my last order")
    till.spoken.went_on(0)
    till.spoken.heard(utterance(0, ""))
    assert till.said.startswith("Take back your last order")
    till.answer("yes take back my order")
    assert "cancel_asked" in till.decided


@pytest.fixture
def at_a_keypad(bench: Bench, tmp_path: Path) -> Till:
    """Anna has a PIN, and what she has just ordered waits for it."""
    bench.settings = msgspec.structs.replace(bench.settings, touch=Touch(keypad_device="/dev/input/event0"))
    till = make_till(bench, tmp_path)
    till.desk.factors.set(till.desk.people.all()[0].pseudonym, "pin", "4711")
    till.wake_and_say("order eight bags of dark roast coffee")
    assert till.spoken.awaiting is not None
    return till


def test_a_pin_that_places_the_order_ends_what_was_asked_in_between(at_a_keypad: Till) -> None:
    till = at_a_keypad
    touching = Touching(till.desk, till.spoken, lambda _, then: till.timers.append(then))
    till.wake_and_say("talk to a person", BERT)
    assert till.said.startswith("Shall I tell the shop")
    touching.received(PinTyped("4711"))
    assert till.decided[-1] == "confirmed_by_pin"
    till.deliver()
    assert not _button_is_dead(till) and till.desk.journal.open_requests() == []


def test_say_that_again_is_about_what_is_asked_last(at_a_keypad: Till) -> None:
    till = at_a_keypad
    till.wake_and_say("talk to a person", BERT)
    till.answer("repeat that", BERT)
    assert till.said.startswith("Shall I tell the shop")
    till.answer("yes tell the shop", BERT)
    assert len(till.desk.journal.open_requests()) == 1 and till.spoken.awaiting is not None


@pytest.mark.parametrize("question", ["what did i spend today", "where is my order"])
def test_what_one_was_told_is_not_said_again_to_another(till: Till, question: str) -> None:
    _ordered(till)
    till.wake_and_say(question)
    if till.asked:
        answered_by_shop(till)
    assert "zloty" in till.said or "coffee" in till.said
    till.wake_and_say("repeat that", BERT)
    assert till.said == "That I say only to whoever asks for it. Ask me again."
    till.wake_and_say("how much is rice", BERT)
    price = till.said
    till.wake_and_say("repeat that")
    assert till.said == price


def test_what_one_was_told_beside_a_read_back_is_not_said_again(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("order two bags of coffee")
    till.wake_and_say("what did i spend today")
    assert till.said == f"Today: thirty-eight zloty for one order. {READ_BACK}"
    till.answer("repeat that", BERT)
    assert till.said == READ_BACK
    till.wake_and_say("what did i spend today")
    till.spoken.voice_lost()
    till.spoken.voice_came()
    till.wake_and_say("repeat that", BERT)
    assert till.said == "That I say only to whoever asks for it. Ask me again."


def test_what_was_withheld_from_one_is_told_to_that_one(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("what did i spend today")
    told, before = till.said, sentences(till)
    till.spoken.went_on(0)
    till.spoken.heard(utterance(0, ""))
    assert till.said == told and sentences(till) == before + 1


def test_a_quote_is_offered_where_the_amount_is_too_much_and_nothing_is_listened_for(till: Till) -> None:
    till.wake_and_say("order twenty bags of coffee")
    assert till.said.endswith("order in the shop. For a quote, say: okay nabu, ask for a quote.")
    assert till.listening is None and till.desk.journal.open_requests() == []
    till.wake_and_say("yes place my order")
    assert till.desk.journal.open_requests() == [] and till.desk.journal.orders() == []
    till.wake_and_say("order twenty bags of coffee")
    till.wake_and_say("ask for a quote")
    [request] = till.desk.journal.open_requests()
    assert request.title == "twenty bags of medium roast coffee"
    assert till.desk.journal.orders() == []


def test_a_quote_that_was_offered_is_asked_for_once(till: Till) -> None:
    till.wake_and_say("order twenty bags of coffee")
    for _ in range(2):
        till.wake_and_say("yes a quote")
    assert till.said.startswith("Shall I ask the shop for a quote for twenty bags of medium roast coffee?")
    assert len(till.desk.journal.open_requests()) == 1


def test_a_quote_that_was_not_offered_takes_a_yes(till: Till) -> None:
    till.wake_and_say("ask for a quote for two bags of rice", BERT)
    assert till.said.startswith("Shall I ask the shop for a quote for two bags of rice?")
    till.answer("no", BERT)
    assert till.said == "All right, no quote. Nothing is ordered." and not till.desk.journal.open_requests()
    till.wake_and_say("ask for a quote for two bags of rice", BERT)
    till.answer("yes a quote", BERT, open_words="yes a quote")
    assert len(till.desk.journal.open_requests()) == 1 and till.desk.journal.orders() == []


@pytest.mark.parametrize(
    ("words", "voice", "goes"),
    [("yes send back my order", ANNA, True), ("yes send back my order", BERT, False), ("no", ANNA, False)],
)
def test_an_order_goes_back_by_the_voice_that_gave_it(
    till: Till, words: str, voice: tuple[float, ...], goes: bool
) -> None:
    _ordered(till)
    till.wake_and_say("return my last order")
    assert till.said.startswith("Send back your last order: two bags of medium roast coffee")
    till.answer(words, voice, open_words=words)
    assert (len(till.desk.journal.open_requests()) == 1) == goes


def test_an_order_goes_back_for_no_stranger_and_not_by_a_voice_where_more_confirmed_it(till: Till) -> None:
    _ordered(till)
    till.wake_and_say("return my last order", BERT)
    assert till.said.startswith("I tell that only to somebody whose voice I know")
    anna = till.desk.people.all()[0].pseudonym
    till.bench.road.commit(msgspec.structs.replace(agreed(person=anna), factors=("voice", "pin")))
    till.deliver()
    till.wake_and_say("return my last order")
    assert till.said.startswith("More than a voice confirmed that order") and till.listening is None
    assert till.desk.journal.open_requests() == []


def test_what_goes_with_it_and_when_it_would_come_are_told_aloud(till: Till) -> None:
    till.wake_and_say("what goes with rice", BERT)
    assert till.said == "The shop's details do not say that of one bag of rice. Ask in the shop."
    till.wake_and_say("when would it come", BERT)
    answered_by_shop(till)
    assert till.said.startswith("Ordered now, it would be there on ")


def test_what_is_in_hand_is_read_back_with_its_price_once(till: Till) -> None:
    till.wake_and_say("order two bags of coffee")
    till.wake_and_say("how much is it", BERT)
    assert till.said == READ_BACK
