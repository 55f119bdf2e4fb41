"""That was wrong: what led there is kept on the device, and nothing that anybody said."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.deciding.feedback_given import Turn
from agent.plumbing.errors import JournalError
from agent.plumbing.operator_feedback import FeedbackRow
from agent.till import feedback_asked
from agent.till.feedback import LATELY_S, MOST_KEPT, MOST_TURNS, FeedbackKept
from agent.till.typed import TypedDialogue
from tests.till.kit import BERT, Till

ORDER = "order two bags of dark roast coffee"
TITLE = "two bags of dark roast coffee"


def test_after_a_read_back_it_ends_the_order_and_keeps_what_was_understood(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer("that was wrong", BERT, open_words="no that was not what i said")
    assert till.said.startswith("I am sorry. I have noted what I understood")
    assert "Nothing is ordered" in till.said and till.listening is None
    [kept] = till.desk.feedback.all()
    assert kept.turns == (Turn("Confirming", "read_back", TITLE),)
    assert (kept.language, kept.at_s) == ("en", till.desk.now_s())
    assert till.decided == ["read_back", "was_wrong"]


def test_after_an_order_it_stays_and_the_way_to_take_it_back_is_said(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer("yes place my order")
    till.wake_and_say("that was wrong")
    assert "cancel my last order" in till.said
    assert [turn.said for turn in till.desk.feedback.all()[0].turns] == ["read_back", "queued"]
    assert till.desk.journal.orders()[0].state == "queued"


def test_words_and_people_are_nowhere_in_the_file(till: Till, tmp_path: Path) -> None:
    till.desk.feedback = FeedbackKept(tmp_path / "feedback.json")
    till.wake_and_say("tell me a secret about bert", open_words="tell me a secret about bert")
    till.wake_and_say("that was wrong")
    text = (tmp_path / "feedback.json").read_text()
    assert "not_understood" in text
    assert all(word not in text for word in ("secret", "bert", "Anna", "p-", "wrong"))
    assert (tmp_path / "feedback.json").stat().st_mode & 0o077 == 0


def test_what_was_said_long_ago_is_another_conversation(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer("cancel")
    till.bench.clocks.wall_s += LATELY_S + 1
    till.bench.clocks.boot_s += LATELY_S + 1
    till.wake_and_say("that was wrong", BERT)
    assert till.desk.feedback.all()[0].turns == ()


def test_the_same_turns_are_kept_once(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.answer("that was wrong")
    till.wake_and_say("that was wrong")
    first, second = till.desk.feedback.all()
    assert len(first.turns) == 1
    assert [turn.said for turn in second.turns] == ["wrong_noted_open"]


def test_a_full_disk_is_said(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise JournalError("feedback_unwritable", "no space left on device")

    monkeypatch.setattr(till.desk.feedback, "_keep", full)
    till.wake_and_say(ORDER)
    till.answer("that was wrong")
    assert "I could not note it. Nothing is ordered" in till.said
    assert till.desk.feedback.all() == ()
    assert till.decided[-1] == "was_wrong"


def test_typed_as_said(till: Till) -> None:
    shown: list[str] = []
    typed = TypedDialogue(till.desk, "en", shown.append, till.what_is_low)
    typed.typed(ORDER)
    typed.typed("that was wrong")
    assert shown[-1].startswith("I am sorry. I have noted")
    assert till.desk.feedback.all()[0].turns[0].said == "read_back_typed"
    for text in ("repeat that", "slower", "another language", "that was wrong"):
        before = len(shown)
        typed.typed(text)
        assert len(shown) == before + 1, text


def test_it_is_bounded_and_outlasts_the_process(tmp_path: Path) -> None:
    path = tmp_path / "feedback.json"
    kept = FeedbackKept(path)
    turns = tuple(Turn("Confirming", "read_back", "x" * 300) for _ in range(MOST_TURNS))
    for number in range(MOST_KEPT + 3):
        assert kept.note(turns, "en", number)
    again = FeedbackKept(path)
    assert [feedback.at_s for feedback in again.all()] == list(range(3, MOST_KEPT + 3))
    shown = feedback_asked.shown(again, MOST_KEPT)
    assert shown.kept == MOST_KEPT and 0 < len(shown.feedback) < MOST_KEPT
    assert isinstance(shown.feedback[-1], FeedbackRow) and shown.feedback[-1].at_s == MOST_KEPT + 2
    assert again.clear() == MOST_KEPT
    assert FeedbackKept(path).all() == ()


def test_a_damaged_file_keeps_no_device_from_starting(tmp_path: Path) -> None:
    (tmp_path / "feedback.json").write_text("{")
    assert FeedbackKept(tmp_path / "feedback.json").all() == ()
