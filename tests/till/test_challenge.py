"""A challenge with the till's own parts: what `voice` is told, what is written, and what too many failures
do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.deciding.challenge_words import CHALLENGE, HEARD_MS
from agent.deciding.lockout import CLEAR, FREE_FAILURES
from agent.deciding.policy_file import parse_policy
from agent.plumbing import messages
from agent.till.house import HouseRules
from agent.till.kept import kept
from tests.till.kit import ANNA, BERT, Till

ORDER = "order two bags of dark roast coffee"


@pytest.fixture
def asked(till: Till) -> Till:
    till.desk.house = HouseRules(parse_policy('rule = [{id = "r", require = "challenge"}]'))
    till.wake_and_say(ORDER)
    return till


def words(till: Till) -> str:
    """Those that were asked for last."""
    [asked_for] = re.findall(r"(\w+), (\w+), (\w+)\.", till.said)
    return " ".join(asked_for)


def test_the_words_that_were_said_aloud_place_it(asked: Till) -> None:
    listening = asked.listening
    assert listening is not None
    assert (listening.entry, listening.window_ms, listening.phrases) == (CHALLENGE, HEARD_MS, ())
    asked.answer(words(asked), open_words=words(asked))
    [order] = asked.desk.journal.orders()
    assert order.state == "queued"
    assert asked.decided == ["asked_challenge", "confirmed_by_challenge"]


def test_a_recording_of_the_words_of_before_places_nothing(asked: Till) -> None:
    before = words(asked)
    asked.answer("cancel", open_words="cancel")
    asked.wake_and_say(ORDER)
    assert words(asked) != before
    asked.answer(before, open_words=before)
    assert "Those were not the words" in asked.said
    assert asked.desk.journal.orders() == []
    assert asked.decided[-1] == "challenge_wrong"


def test_an_answer_to_an_earlier_question_is_none(asked: Till) -> None:
    first, said = asked.listening, words(asked)
    asked.answer("", gap=-9.0)
    assert "Here are new words" in asked.said
    assert first is not None
    from tests.till.kit import utterance

    asked.spoken.heard(utterance(first.listen_id, said, ANNA, open_words=said))
    assert asked.desk.journal.orders() == []


def test_too_many_failures_lock_it_for_a_while_also_across_a_restart(asked: Till, tmp_path: Path) -> None:
    for number in range(FREE_FAILURES):
        if number:
            asked.wake_and_say(ORDER)
        said = words(asked)
        asked.answer(said if number % 2 else "river candle lemon", BERT if number % 2 else ANNA)
    assert asked.desk.journal.orders() == []
    asked.wake_and_say(ORDER)
    assert "I cannot ask for them now" in asked.said
    assert asked.decided[-1] == "rule_challenge"
    again = Till(asked.bench, asked.desk)
    again.wake_and_say(ORDER)
    assert again.decided[-1] == "rule_challenge"


@pytest.mark.parametrize("draws_anew", ["order", "repeat that", "help"])
def test_who_has_other_words_drawn_on_and_on_is_locked_out_as_if_they_had_been_wrong(
    asked: Till, draws_anew: str
) -> None:
    draw = (
        (lambda: asked.wake_and_say(ORDER)) if draws_anew == "order" else (lambda: asked.answer(draws_anew))
    )
    seen = {words(asked)}
    for _ in range(FREE_FAILURES - 1):
        draw()
        seen.add(words(asked))
    assert len(seen) == FREE_FAILURES
    draw()
    assert "I cannot ask for them now" in asked.said and asked.decided[-1] == "rule_challenge"
    again = Till(asked.bench, asked.desk)
    again.wake_and_say(ORDER)
    assert again.decided[-1] == "rule_challenge", "after a restart as well"
    assert asked.desk.journal.orders() == []


def test_the_last_words_that_may_be_drawn_are_as_good_as_the_first_and_meeting_them_starts_anew(
    asked: Till,
) -> None:
    for _ in range(FREE_FAILURES - 1):
        asked.answer("repeat that")
    asked.answer(words(asked), open_words=words(asked))
    assert asked.decided[-1] == "confirmed_by_challenge" and len(asked.desk.journal.orders()) == 1
    for _ in range(FREE_FAILURES - 1):
        asked.wake_and_say(ORDER.replace("two", "three"))
    assert asked.decided[-1] == "asked_challenge"


def test_a_question_counts_before_it_is_said(till: Till) -> None:
    """Whoever pulls the plug while it is being said has had no question for nothing."""
    till.desk.house = HouseRules(parse_policy('rule = [{id = "r", require = "challenge"}]'))
    counted: list[int] = []

    def send(message: messages.Message) -> None:
        till.sent.append(message)
        if isinstance(message, messages.Say):
            counted.append(kept(till.desk.journal, "challenge_lockout", CLEAR).failures)

    till.spoken._line.send = send
    till.wake_and_say(ORDER)
    till.answer("repeat that")
    assert counted == [1, 2]
