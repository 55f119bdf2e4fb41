"""The question between two orders in the conversation: it is put once, and weakens nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.basket import Basket
from agent.deciding.choice import Alternatives
from agent.deciding.conversation import (
    Answered,
    Choosing,
    Chosen,
    Commit,
    Confirming,
    Confused,
    Event,
    Idle,
    OrderHeard,
    Say,
    Silent,
)
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import Verdict
from agent.plumbing.settings import Policy
from tests.deciding.test_choice import DARK, LIGHT, _line

ANNA, NOBODY = Verdict("p-anna"), Verdict(reason="unknown_voice")
ASKED = Choosing(Alternatives(DARK, LIGHT), ANNA)


def _around() -> Surroundings:
    return Surroundings(Policy(), Circumstances(Money(0, "PLN")))


def _keys(effects: tuple[object, ...]) -> list[str]:
    return [effect.key for effect in effects if isinstance(effect, Say)]


def test_a_close_runner_up_is_asked_about_before_anything_is_read_back() -> None:
    state, effects = step(Idle(), OrderHeard(DARK, ANNA, LIGHT), _around())
    assert state == ASKED
    assert effects[0] == Say("which", "choice", DARK, LIGHT)


def test_a_stranger_is_refused_and_not_asked() -> None:
    state, effects = step(Idle(), OrderHeard(DARK, NOBODY, LIGHT), _around())
    assert state == Idle(1)
    assert _keys(effects) == ["refused_unknown_voice"]


@pytest.mark.parametrize("basket", [DARK, LIGHT])
def test_what_is_picked_is_read_back_to_the_voice_that_ordered(basket: Basket) -> None:
    state, effects = step(ASKED, Chosen(basket), _around())
    assert state == Confirming(basket, ANNA, said=basket.digest)
    assert _keys(effects) == ["read_back"]


def test_what_is_picked_keeps_to_the_limits() -> None:
    dear = _line("coffee", 20, "dark")
    state, effects = step(Choosing(Alternatives(dear, LIGHT), ANNA), Chosen(dear), _around())
    assert state == Idle()
    assert _keys(effects) == ["order_over_limit"]


@pytest.mark.parametrize("speaker", [ANNA, NOBODY])
def test_a_denial_picks_neither(speaker: Verdict) -> None:
    state, effects = step(ASKED, Answered(Answer("denial"), speaker), _around())
    assert state == Idle()
    assert _keys(effects) == ["which_neither"]


@pytest.mark.parametrize("event", [Confused(), Silent(), Answered(Answer("consent"), ANNA, True)])
def test_the_question_is_put_once(event: Event) -> None:
    state, effects = step(ASKED, event, _around())
    assert state == Idle()
    assert _keys(effects) == ["which_unclear"]


answers = st.sampled_from([Chosen(DARK), Chosen(LIGHT), Confused(), Silent()]) | st.builds(
    Answered,
    st.builds(Answer, st.sampled_from(["consent", "bare", "denial", "later"])),
    st.sampled_from([ANNA, NOBODY]),
    st.booleans(),
)


@given(answers)
def test_no_answer_to_it_commits_anything_or_asks_it_again(event: Event) -> None:
    state, effects = step(ASKED, event, _around())
    assert not any(isinstance(effect, Commit) for effect in effects)
    assert not isinstance(state, Choosing)
