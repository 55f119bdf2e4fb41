"""The spoken conversation against a real journal and a real shop: what is said is what is true."""

from __future__ import annotations

from uuid import uuid4

import pytest

from agent.committing.receipts import Amount, ReceiptClaims
from agent.deciding.asking import MOST_TRIES
from agent.deciding.conversation import Say
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages
from agent.plumbing.errors import JournalError
from agent.plumbing.speaker_models import GE2E
from agent.till.shop_link import ShopLink
from agent.till.typed import TypedDialogue
from order_backend.receipts import receipt_event
from tests.committing.kit import DEVICE, NOW_S
from tests.till.kit import ANNA, BERT, Till, near, phrase, utterance

ORDER = "okay nabu order two bags of dark roast coffee"
CONSENT = "yes place my order"


def test_an_order_is_read_back_consented_journalled_and_called_ordered_after_the_receipt(till: Till) -> None:
    till.wake_and_say(ORDER)
    assert till.said.startswith("Two bags of dark roast coffee, thirty-eight zloty in total.")
    assert till.listening is not None
    assert till.listening.entry == "consent"
    till.answer(CONSENT)
    [order] = till.desk.journal.orders()
    assert order.state == "queued"
    assert "rdered" not in till.said
    till.deliver()
    assert till.said.startswith("Ordered: two bags of dark roast coffee.")
    assert till.desk.journal.orders()[0].state == "ordered"


def test_offline_it_says_queued_and_announces_the_receipt_later(till: Till) -> None:
    till.desk.online = False
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    assert till.said.startswith("Your order is queued: two bags")
    till.finish_speaking()
    till.deliver()
    assert till.said.startswith("The shop has your order: two bags")


def test_a_late_receipt_turns_the_wait_into_queued(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    [timer] = till.timers
    timer()
    assert till.said.startswith("Your order is queued")
    timer()
    assert [type(message).__name__ for message in till.sent].count("Say") == 2


def test_news_waits_until_nobody_is_speaking_or_asked(till: Till) -> None:
    till.desk.online = False
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.wake_and_say("okay nabu order a pack of butter")
    till.deliver()
    assert "butter" in till.said, "the open question comes first"
    till.answer("no")
    till.finish_speaking()
    assert till.said.startswith("The shop has your order")


def test_a_voice_below_the_threshold_a_noisy_room_and_too_little_speech_are_refused(till: Till) -> None:
    till.wake_and_say(ORDER, BERT)
    till.wake_and_say(ORDER, near(ANNA, 50))
    till.wake_and_say(ORDER, ANNA, snr_db=1.0)
    till.wake_and_say(ORDER, ANNA, speech_ms=500)
    till.wake_and_say(ORDER, None)
    assert till.decided == [
        "refused_unknown_voice",
        "refused_unknown_voice",
        "refused_too_noisy",
        "refused_too_short",
        "refused_too_short",
    ]
    assert not till.desk.journal.orders()


def test_after_a_change_of_model_nobody_orders_until_learned_anew(till: Till) -> None:
    till.desk.speaker_model = "speaker-ecapa:0575cb64845e"
    till.wake_and_say(ORDER)
    assert till.decided == ["refused_voice_model_changed"]
    assert "learned anew: earmark people" in till.said
    till.desk.speaker_model = ""
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "refused_voice_model_changed", "what is not known is not compared"
    assert not till.desk.journal.orders()


def test_a_model_that_changes_between_order_and_consent_loses_the_consent(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.desk.speaker_model = "speaker-ecapa:0575cb64845e"
    till.answer(CONSENT)
    assert till.decided[-1] == "refused_other_voice"
    assert not till.desk.journal.orders()


def test_speech_outside_the_grammar_is_not_an_order_however_well_it_matches(till: Till) -> None:
    till.wake_and_say(ORDER, gap=-2.0)
    assert till.decided == ["not_understood"]


def test_what_is_not_understood_in_a_loud_room_is_put_down_to_the_room(till: Till) -> None:
    till.wake_and_say(ORDER, gap=-2.0, snr_db=1.0)
    assert till.said.startswith("It is too loud here for me, and I ordered nothing.")
    till.wake_and_say(ORDER, gap=-2.0)
    assert till.said.startswith("That is nothing I can order here.")
    till.wake_and_say(ORDER)
    for _ in range(MOST_TRIES):
        till.answer(CONSENT, gap=-2.0, snr_db=1.0)
        assert till.said.startswith("It is too loud here for me")
    assert till.decided[-1] == "gave_up"
    assert not till.desk.journal.orders()


def test_a_room_that_is_never_quiet_is_too_loud_and_a_single_sound_is_not(till: Till) -> None:
    till.wake_and_say("", gap=-99.0, snr_db=None)
    assert till.said.startswith("It is too loud here for me, and I ordered nothing.")
    till.wake_and_say("", gap=-99.0, snr_db=None, speech_ms=200)
    assert till.said.startswith("That is nothing I can order here.")


def test_more_talk_than_an_order_takes_is_put_down_to_other_people(till: Till) -> None:
    till.wake_and_say("", gap=-99.0, speech_ms=13_000)
    assert till.said.startswith("I heard a lot of talk and no order in it, so I ordered nothing.")
    till.wake_and_say("", gap=-99.0, speech_ms=13_000, snr_db=1.0)
    assert till.said.startswith("I heard a lot of talk")
    till.wake_and_say(ORDER, speech_ms=13_000)
    assert till.decided[-1] == "read_back"
    again = "I heard a lot of talk. Say: yes"
    for said in (again, again, "I heard a lot of talk and no order"):
        till.answer("", gap=-99.0, speech_ms=13_000)
        assert till.said.startswith(said)
    assert till.decided[-1] == "gave_up"
    assert not till.desk.journal.orders()


def test_another_voice_may_cancel_but_not_consent(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer(CONSENT, BERT)
    assert till.decided[-1] == "refused_other_voice"
    till.wake_and_say(ORDER)
    till.answer("no", BERT)
    assert till.decided[-1] == "cancelled"
    assert not till.desk.journal.orders()


def test_an_answer_to_a_question_that_is_over_is_ignored(till: Till) -> None:
    till.wake_and_say(ORDER)
    stale = till.listening
    assert stale is not None
    till.answer("no")
    till.spoken.heard(utterance(stale.listen_id, CONSENT))
    assert not till.desk.journal.orders()
    assert till.decided == ["read_back", "cancelled"]


def test_a_consent_said_without_a_question_orders_nothing(till: Till) -> None:
    till.wake_and_say("okay nabu yes place my order")
    assert "nothing to confirm" in till.said
    assert not till.desk.journal.orders()


def test_voice_that_dies_ends_the_question_but_not_what_was_agreed(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.spoken.voice_lost()
    till.spoken.heard(utterance(1, CONSENT))
    assert not till.desk.journal.orders()
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.spoken.voice_lost()
    till.deliver()
    assert till.desk.journal.orders()[0].state == "ordered"


def test_a_receipt_over_more_than_was_agreed_is_never_told_as_ordered(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    [row] = till.desk.journal.orders()
    claims = ReceiptClaims(
        status="Success", iss="corner-shop", iat=NOW_S, reference="r", aud=DEVICE, env="test",
        intent=row.intent_id, intent_sha256=row.sha256, order_id="E-1",
        total=Amount(row.total.minor + 1, row.total.currency),
    )  # fmt: skip
    payload = receipt_event(claims, till.bench.folder.signing_key("receipts"), event_id=uuid4())
    link = ShopLink(till.desk, lambda _: None, till.spoken.receipt, lambda *_: None)
    link.received(messages.Received(f"va/v1/d/{DEVICE}/dn/ack", payload))
    assert "does not keep to the price that you agreed to" in till.said
    told = [message.text for message in till.sent if isinstance(message, messages.Say)]
    assert not any(text.startswith("Ordered") for text in told)


def test_a_full_disk_is_said_and_nothing_is_promised(till: Till) -> None:
    till.wake_and_say("okay nabu order a pack of butter")
    till.answer(CONSENT)
    till.deliver()
    till.wake_and_say(ORDER)
    till.desk.journal._db.execute("PRAGMA max_page_count = 1")  # what is there already stays
    with pytest.raises(JournalError, match="journal_full"):
        for number in range(1000):
            till.desk.journal.meta_set(f"filler-{number}", "x" * 500)
    till.answer(CONSENT)
    assert till.said.startswith("My storage is full, so nothing is ordered")
    assert [order.title for order in till.desk.journal.orders()] == ["one pack of butter"]


def test_enrolment_asks_for_consent_and_keeps_nothing_without_it(till: Till) -> None:
    assert till.spoken.begin_enrolment("Bert")
    assert not till.spoken.begin_enrolment("Carl"), "one at a time"
    till.answer("yes", BERT)
    till.answer("no", BERT)
    assert till.steps[-1][1:] == (True, False)
    assert len(till.desk.people) == 1


def test_enrolment_learns_a_voice_that_may_then_order(till: Till) -> None:
    till.spoken.begin_enrolment("Bert")
    till.answer("yes learn my voice", BERT)
    for number in range(till.desk.settings.speaker.enrolment_sentences):
        till.answer(phrase(number), BERT)
    assert till.steps[-1] == ("Thank you, Bert. I know your voice now.", True, True)
    till.wake_and_say(ORDER, BERT)
    till.answer(CONSENT, BERT)
    [order] = till.desk.journal.orders()
    assert order.person in till.desk.people.voiceprints()
    assert "Bert" not in order.person


def test_the_wake_word_does_not_break_into_an_enrolment(till: Till) -> None:
    till.spoken.begin_enrolment("Bert")
    till.spoken.heard(utterance(0, ORDER))
    assert not till.decided


def test_a_typed_basket_is_read_aloud_before_a_voice_may_confirm_it(till: Till) -> None:
    replies: list[str] = []
    till.typed = TypedDialogue(till.desk, "pl", replies.append, till.what_is_low)
    till.typed.typed("poproszę dwie paczki ciemno palonej kawy")
    till.typed.typed("tak, złóż moje zamówienie")
    assert "Pisane słowa nie składają zamówienia" in replies[-1]
    assert not till.desk.journal.orders()
    till.wake_and_say("okay nabu yes place my order")
    assert till.said.startswith("Two bags of dark roast coffee")
    assert not till.desk.journal.orders()
    till.answer(CONSENT)
    assert len(till.desk.journal.orders()) == 1
    till.deliver()
    assert replies[-1].startswith("Zamówione")


def test_a_stranger_cannot_confirm_a_typed_basket(till: Till) -> None:
    till.typed = TypedDialogue(till.desk, "en", lambda _: None, till.what_is_low)
    till.typed.typed("order two bags of dark roast coffee")
    till.wake_and_say("okay nabu yes place my order", BERT)
    assert "nothing to confirm" in till.said
    till.wake_and_say("okay nabu yes place my order")
    assert till.decided[-1] == "read_back", "the basket still waits for somebody who is known"


def test_embeddings_are_wanted_only_while_somebody_is_enrolled(till: Till) -> None:
    [person] = till.desk.people.all()
    till.desk.people.forget(person.pseudonym)
    till.spoken.begin_enrolment("Bert")
    learning = messages.ListenPolicy(embed=True, in_noise=True)
    assert learning in till.sent
    till.answer("no", BERT)
    assert till.sent.index(messages.ListenPolicy(embed=False)) > till.sent.index(learning)


def _near(words: str, behind: float) -> tuple[messages.RunnerUp, ...]:
    return (messages.RunnerUp(words, behind),)


LIGHT_ORDER = "okay nabu order two bags of light roast coffee"


@pytest.mark.parametrize(("words", "roast"), [("the light one", "light"), ("the first", "dark")])
def test_a_close_runner_up_is_asked_about_and_what_is_picked_is_ordered(
    till: Till, words: str, roast: str
) -> None:
    till.wake_and_say(ORDER, runners_up=_near(LIGHT_ORDER, 0.5))
    assert till.said == "Did you say dark, or light?"
    assert till.listening is not None
    assert words in till.listening.phrases
    till.answer(words)
    assert till.said.startswith(f"Two bags of {roast} roast coffee, ")
    till.answer(CONSENT)
    [order] = till.desk.journal.orders()
    assert roast in order.title
    assert till.decided == ["asked_which", "read_back", "consented"]


def test_whoever_answers_which_one_only_the_voice_that_ordered_can_consent(till: Till) -> None:
    till.wake_and_say(ORDER, runners_up=_near(LIGHT_ORDER, 0.5))
    till.answer("the light one", BERT)
    assert till.said.startswith("Two bags of light roast coffee, ")
    till.answer(CONSENT, BERT)
    assert till.decided[-1] == "refused_other_voice"
    assert not till.desk.journal.orders()


def test_an_answer_that_picks_nothing_ends_the_question_with_what_to_do(till: Till) -> None:
    for answer, code in (("neither", "chose_neither"), ("", "gave_up"), ("yes place my order", "gave_up")):
        till.wake_and_say(ORDER, runners_up=_near(LIGHT_ORDER, 0.5))
        till.answer(answer)
        assert till.decided[-1] == code
        assert till.listening is None
        assert "okay nabu, and your order" in till.said
    assert not till.desk.journal.orders()


def test_a_picked_word_that_was_likelier_something_else_picks_nothing(till: Till) -> None:
    till.wake_and_say(ORDER, runners_up=_near(LIGHT_ORDER, 0.5))
    till.answer("light", gap=-2.0)
    assert till.decided[-1] == "gave_up"


@pytest.mark.parametrize(
    ("words", "behind"),
    [
        (LIGHT_ORDER, 9.0),
        ("okay nabu i want two bags of dark roast coffee", 0.1),
        ("okay nabu help", 0.1),
        ("nothing of the grammar", 0.1),
    ],
    ids=["far behind", "the same order", "no order", "no sentence"],
)
def test_without_a_close_other_order_nothing_is_asked(till: Till, words: str, behind: float) -> None:
    till.wake_and_say(ORDER, runners_up=_near(words, behind))
    assert till.decided == ["read_back"]


def test_who_speaks_on_orders_the_whole_and_what_was_heard_first_is_not_asked_about(till: Till) -> None:
    till.wake_and_say(ORDER)
    unsaid = till.listening
    assert unsaid is not None
    till.spoken.went_on(0)
    till.spoken.heard(utterance(unsaid.listen_id, CONSENT))  # nobody heard that question
    till.wake_and_say(f"{ORDER} and three boxes of green tea")
    assert till.said.startswith("Two bags of dark roast coffee and three boxes of green tea")
    assert till.decided == ["read_back", "went_on", "read_back"]
    till.answer(CONSENT)
    (order,) = till.desk.journal.orders()
    assert order.title == "two bags of dark roast coffee and three boxes of green tea"


@pytest.mark.parametrize(("words", "gap"), [("", -99.0), (f"{ORDER} and three boxes of green tea", -3.0)])
def test_where_the_whole_is_not_understood_what_was_heard_first_stands(
    till: Till, words: str, gap: float
) -> None:
    till.wake_and_say(ORDER)
    question = till.said
    till.spoken.went_on(0)
    till.wake_and_say(words, gap=gap, open_words="two bags of dark roast coffee hm let me see")
    assert till.said == question
    assert till.decided == ["read_back"]
    till.answer(CONSENT)
    assert len(till.desk.journal.orders()) == 1


@pytest.mark.parametrize(
    ("words", "open_words"),
    [("cancel", "cancel"), ("", "two bags of coffee oh forget it"), ("", "two bags of dark coffee no")],
)
def test_who_speaks_on_may_take_the_order_back(till: Till, words: str, open_words: str) -> None:
    till.wake_and_say(ORDER)
    till.spoken.went_on(0)
    till.wake_and_say(words, gap=-0.1 if words else -99.0, open_words=open_words)
    assert till.said == "Cancelled. Nothing is ordered."
    assert till.decided == ["read_back", "cancelled"]
    assert till.listening is None


def test_an_order_of_the_button_goes_on_under_its_own_number(till: Till) -> None:
    till.spoken.push_to_talk()
    asked = [message for message in till.sent if isinstance(message, messages.Listen)][-1]
    till.spoken.heard(utterance(asked.listen_id, "order two bags of dark roast coffee"))
    till.spoken.went_on(asked.listen_id)
    till.finish_speaking()
    whole = "order two bags of dark roast coffee and a box of green tea"
    till.spoken.heard(utterance(asked.listen_id, whole))
    assert till.said.startswith("Two bags of dark roast coffee and one box of green tea")


def test_while_somebody_speaks_on_nothing_else_is_said(till: Till) -> None:
    till.desk.online = False
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.wake_and_say("okay nabu order a box of green tea")
    till.spoken.went_on(0)
    said = till.said
    till.finish_speaking()
    till.deliver()
    assert not till.spoken.begin_enrolment("Bert")
    assert till.spoken.announce(Say("ear_deaf"), "") is None
    assert till.said == said
    till.wake_and_say("okay nabu order two boxes of green tea")
    assert till.said.startswith("Two boxes of green tea")
    till.answer("cancel")
    till.finish_speaking()
    assert till.said.startswith("The shop has your order: two bags of dark roast coffee")


def test_going_on_without_an_order_changes_nothing(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.spoken.went_on(0)
    till.deliver()
    assert till.said.startswith("Ordered: two bags of dark roast coffee.")
    till.spoken.begin_enrolment("Bert")
    till.spoken.went_on(0)
    till.answer("yes learn my voice", BERT)
    assert till.said.startswith("Please say:")


def test_what_is_asked_for_after_the_read_back_is_added_to_it(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer("and three boxes of green tea", near(ANNA, 20))
    assert till.said.startswith("Two bags of dark roast coffee and three boxes of green tea,")
    till.answer("also a bag of dark roast coffee")
    assert till.said.startswith("Three bags of dark roast coffee and three boxes of green tea,")
    till.answer(CONSENT)
    (order,) = till.desk.journal.orders()
    assert order.title == "three bags of dark roast coffee and three boxes of green tea"


@pytest.mark.parametrize("who", [BERT, None])
def test_nobody_else_adds_to_an_order(till: Till, who: tuple[float, ...] | None) -> None:
    till.wake_and_say(ORDER)
    till.answer("and three boxes of green tea", who)
    assert till.said.startswith(
        "I could not tell that it was you, so it stays at two bags of dark roast coffee"
    )
    till.answer(CONSENT)
    (order,) = till.desk.journal.orders()
    assert order.title == "two bags of dark roast coffee"


def test_an_addition_with_a_no_in_it_cancels(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer("and three boxes of green tea", open_words="and no three boxes of green tea")
    assert till.decided[-1] == "cancelled"


def test_nothing_is_added_to_what_was_not_read_back(till: Till) -> None:
    till.wake_and_say("and three boxes of green tea")
    assert till.decided == ["not_understood"]
    till.desk.online = False
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    till.wake_and_say(ORDER)
    assert "Do you want another?" in till.said
    till.answer("and three boxes of green tea")
    assert till.said.startswith("Sorry, was that a yes?")


def test_what_is_typed_as_well_is_added_to_what_was_typed(till: Till) -> None:
    replies: list[str] = []
    typed = TypedDialogue(till.desk, "en", replies.append, till.what_is_low)
    typed.typed("order two bags of dark roast coffee")
    typed.typed("and a box of green tea")
    assert replies[-1].startswith("Two bags of dark roast coffee and one box of green tea,")


@pytest.mark.parametrize("words", ["okay nabu help", "", "okay nabu yes place my order"])
def test_what_is_said_after_the_wake_word_leaves_an_open_question_open(till: Till, words: str) -> None:
    till.wake_and_say(ORDER)
    till.wake_and_say(words)
    assert not till.desk.journal.orders(), "what is heard there is no consent"
    assert till.decided == ["read_back"]
    till.answer(CONSENT)
    assert till.desk.journal.orders()


def test_a_no_after_the_wake_word_cancels_what_is_asked(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.wake_and_say("okay nabu cancel", None)
    till.wake_and_say(ORDER)
    till.wake_and_say("", None, open_words="okay no boo i refuse")
    assert till.decided == ["read_back", "cancelled"] * 2
    assert till.listening is None


def test_the_name_of_the_device_in_free_speech_is_no_denial(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.wake_and_say("", open_words="okay no boo tonight on channel five")
    assert till.decided == ["read_back"]
    till.answer(CONSENT)
    assert till.desk.journal.orders()


def test_somebody_elses_order_does_not_replace_the_open_one_and_its_voice(till: Till) -> None:
    till.desk.people.add("Bert", Voiceprint(GE2E, BERT), now_s=0)
    till.wake_and_say(ORDER)
    till.wake_and_say("okay nabu order a pack of butter", BERT)
    assert till.decided == ["read_back", "order_open"]
    till.answer(CONSENT, BERT)
    assert till.decided[-1] == "refused_other_voice"
    till.wake_and_say(ORDER)
    till.wake_and_say("okay nabu order a pack of butter", BERT)
    till.answer(CONSENT)
    [order] = till.desk.journal.orders()
    assert "coffee" in order.title


def test_what_could_not_be_said_to_its_end_is_consented_to_by_nobody(till: Till) -> None:
    """A read-back that is longer than the voice speaks, or not to be pronounced, or without a loudspeaker."""
    till.wake_and_say(ORDER)
    asked = till.listening
    assert asked is not None
    till.spoken.spoken(asked.listen_id, "speech_text")
    assert till.said.startswith("I have not read that back as it is now, so I have ordered nothing.")
    assert till.listening is None
    till.spoken.heard(utterance(asked.listen_id, CONSENT))
    till.wake_and_say(CONSENT)
    assert till.desk.journal.orders() == []
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    assert len(till.desk.journal.orders()) == 1


def test_what_only_tells_may_be_unsaid_and_an_enrolment_that_is_not_heard_learns_nothing(till: Till) -> None:
    till.wake_and_say("okay nabu help")
    number, before = till.spoken._line.last_id, len(till.sent)
    till.spoken.spoken(number, "audio_sink_gone")
    assert len(till.sent) == before
    assert till.spoken.begin_enrolment("Carla") and till.listening is not None
    till.spoken.spoken(till.listening.listen_id, "audio_sink_gone")
    assert till.steps[-1] == ("", True, False)
