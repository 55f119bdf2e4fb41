"""Whoever lets the device look at their orders does so by their own voice, and takes it back as they like."""

from __future__ import annotations

import pytest

from agent.plumbing.errors import JournalError
from agent.till.people_asked import everything_about
from agent.till.profiles import Consent
from tests.till.kit import ANNA, BERT, Till

AGREED = "yes you may remember my orders"


def agree(till: Till, answer: str = AGREED, voice: tuple[float, ...] = ANNA) -> None:
    till.wake_and_say("you may remember what i order")
    assert till.listening is not None and AGREED in till.listening.phrases
    till.answer(answer, voice, open_words=answer)


def remembering(till: Till) -> tuple[bool, Consent | None]:
    [anna] = till.desk.people.all()
    return anna.profile.remembers, anna.profile.remembering


def test_the_consent_is_kept_with_question_answer_and_time_and_exported(till: Till) -> None:
    agree(till)
    remembers, consent = remembering(till)
    assert remembers and consent is not None
    assert consent.asked.startswith("Anna, may I look at what you have ordered")
    assert (consent.answered, consent.at_s, consent.language) == (AGREED, till.desk.now_s(), "en")
    exported = everything_about(till.desk, till.desk.people.all()[0])["consent_to_that"]
    assert exported["answered"] == AGREED


@pytest.mark.parametrize("voice", [BERT, (0.0, 0.0, 1.0)])
def test_no_other_voice_agrees_to_it(till: Till, voice: tuple[float, ...]) -> None:
    agree(till, voice=voice)
    assert remembering(till) == (False, None)


@pytest.mark.parametrize("answer", ["no", "cancel"])
def test_a_denial_leaves_it_as_it_was(till: Till, answer: str) -> None:
    agree(till, answer)
    assert remembering(till) == (False, None)
    assert till.said == "All right, I do not look at your orders."


def test_a_denial_that_only_the_free_decode_has_counts(till: Till) -> None:
    till.wake_and_say("remember what i order")
    till.answer(AGREED, open_words="no do not remember my orders")
    assert remembering(till) == (False, None)


def test_what_was_agreed_to_is_taken_back_at_once_with_its_words(till: Till) -> None:
    agree(till)
    till.wake_and_say("stop remembering")
    assert remembering(till) == (False, None)
    agree(till)
    assert remembering(till)[0]


def test_whoever_has_agreed_is_not_asked_again(till: Till) -> None:
    agree(till)
    till.wake_and_say("remember what i order")
    assert till.said.startswith("Anna, I may look at your orders already")
    assert till.listening is None


def test_what_cannot_be_written_was_not_agreed_to(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise JournalError("people_unwritable", "no space left", "earmark doctor")

    monkeypatch.setattr(till.desk.people, "keep_profile", full)
    agree(till)
    assert till.said.startswith("I could not write that down")
    assert remembering(till) == (False, None)


def test_who_was_forgotten_meanwhile_has_agreed_to_nothing(till: Till) -> None:
    till.wake_and_say("remember what i order")
    till.desk.forget(till.desk.people.all()[0].pseudonym)
    till.answer(AGREED, open_words=AGREED)
    assert till.desk.people.all() == ()
    assert "do not look at your orders" in till.said
