"""Slower, once more, another language: from wherever a conversation is, and what is asked stands."""

from __future__ import annotations

import pytest

from agent.deciding.choice import CHOICE
from agent.plumbing import messages
from agent.till.feedback import LATELY_S
from tests.till.kit import ANNA, BERT, Till, phrase

ORDER = "order two bags of dark roast coffee"


def rate(till: Till) -> int:
    """At which the last sentence was said."""
    return [message.rate_percent for message in till.sent if isinstance(message, messages.Say)][-1]


def test_slower_holds_from_then_on_and_after_a_restart(till: Till) -> None:
    till.wake_and_say("speak slower", BERT)
    assert till.said == "All right, I speak more slowly from now on."
    assert rate(till) == 85
    till.wake_and_say("speak slower")
    till.wake_and_say("speak slower")
    assert (till.said, rate(till)) == ("All right, I speak more slowly from now on.", 60)
    till.wake_and_say("speak slower")
    assert (till.said, rate(till)) == ("I cannot speak more slowly than this.", 60)
    again = Till(till.bench, till.desk)
    again.wake_and_say(ORDER)
    assert rate(again) == 60
    again.answer("cancel")
    for _ in range(5):
        again.wake_and_say("speak faster")
    assert (again.said, rate(again)) == ("I cannot speak faster than this.", 120)


def test_while_something_is_asked_it_is_asked_again_more_slowly(till: Till) -> None:
    till.wake_and_say(ORDER)
    read_back = till.said
    till.answer("slower", BERT)
    assert (till.said, rate(till)) == (read_back, 85)
    till.answer("yes place my order")
    assert till.decided == ["read_back", "consented"]


def test_it_is_no_try(till: Till) -> None:
    till.wake_and_say(ORDER)
    for _ in range(8):
        till.answer("repeat that", BERT)
        till.answer("slower", BERT)
    till.answer("yes place my order")
    assert till.decided[-1] == "consented"


def test_what_was_said_a_moment_ago_is_said_again_and_nothing_is_asked(till: Till) -> None:
    till.wake_and_say("help")
    said = till.said
    till.wake_and_say("repeat that", BERT)
    assert (till.said, till.listening) == (said, None)
    till.bench.clocks.wall_s += LATELY_S + 1
    till.bench.clocks.boot_s += LATELY_S + 1
    till.wake_and_say("repeat that", BERT)
    assert till.said.startswith("I have said nothing just now")


def test_before_anything_was_said_there_is_nothing_to_repeat(till: Till) -> None:
    till.wake_and_say("repeat that")
    assert till.said.startswith("I have said nothing just now")


def test_a_question_that_is_over_is_not_opened_again(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.spoken.voice_lost()
    till.spoken.voice_came()
    till.wake_and_say("repeat that")
    assert till.listening is None
    assert till.decided == ["read_back"]


def test_where_only_phrases_are_heard_they_are_heard_too(till: Till) -> None:
    till.wake_and_say("forget my voice")
    asked = till.said
    assert till.listening is not None and till.listening.entry == CHOICE
    assert "speak slower" in till.listening.phrases
    till.answer("speak slower")
    assert (till.said, rate(till)) == (asked, 85)
    till.answer("repeat that")
    assert till.said == asked
    till.answer("yes delete my voice", open_words="yes delete my voice")
    assert len(till.desk.people) == 0


def test_while_a_voice_is_learned_the_sentence_is_said_again(till: Till) -> None:
    till.wake_and_say("learn my voice", BERT)
    asked = till.said
    till.answer("speak slower", BERT)
    assert (till.said, rate(till)) == (asked, 85)
    till.answer("yes learn my voice", BERT)
    first = till.said
    till.answer("repeat that", BERT)
    assert till.said == first
    for number in range(till.desk.settings.speaker.enrolment_sentences):
        till.answer(phrase(number), BERT)
    assert len(till.desk.people) == 2


def test_that_was_wrong_ends_an_enrolment(till: Till) -> None:
    till.wake_and_say("learn my voice", BERT)
    till.answer("that was wrong", BERT)
    assert till.listening is None
    assert len(till.desk.people) == 1


@pytest.mark.parametrize("open_words", ["another language", "no another language"])
def test_another_language_is_refused_with_the_way_to_one(till: Till, open_words: str) -> None:
    till.wake_and_say("another language", ANNA, open_words=open_words)
    assert till.said.startswith("I hear and speak English only")
    till.wake_and_say(ORDER)
    till.answer("another language", open_words="another language")
    said = [message.text for message in till.sent if isinstance(message, messages.Say)][-2:]
    assert said[0].startswith("I hear and speak English only")
    assert said[1].startswith("Two bags of dark roast coffee") and till.listening is not None
    till.answer("repeat that")
    assert till.said == said[1]


def test_that_was_wrong_ends_what_was_taken_for_whole_too_soon(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.spoken.went_on(0)
    till.wake_and_say("that was wrong")
    assert (till.listening, till.decided[-1]) == (None, "was_wrong")
    assert till.said.startswith("I am sorry.")
    assert len(till.desk.journal.orders()) == 0
