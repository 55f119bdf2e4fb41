"""A challenge with the till's own parts: what `voice` is told, what is written, and what too many failures
do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.deciding.challenge_words import CHALLENGE, HEARD_MS
from agent.deciding.lockout import FREE_FAILURES
from agent.deciding.policy_file import parse_policy
from agent.till.house import HouseRules
from tests.till.kit import ANNA, BERT, Till

ORDER = "order two bags of dark roast coffee"


@pytest.fixture
def asked(till: Till) -> Till:
    till.desk.house = HouseRules(parse_policy('rule = [{id = "r", require = "challenge"}]'))
    till.wake_and_say(ORDER)
    return till


def words(till: Till) -> str:
    """Those that were asked for last."""
    return till.said.partition("words after me: ")[2].partition(".")[0].replace(",", "")


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
