"""What is unusually much is asked about once, and no limit becomes looser by it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from agent.deciding.basket import Basket
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    Changed,
    ChangeUnclear,
    Confirming,
    Helped,
    Idle,
    OrderHeard,
    Repeated,
    Say,
)
from agent.deciding.details import Facts
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.rules import House
from agent.deciding.sanity import is_much
from agent.deciding.surroundings import Surroundings
from agent.plumbing.settings import Policy
from tests.deciding.test_dialogue import ANNA, BARE, BERT, CONSENT, DENIAL, _basket

CALM = Surroundings(Policy(), Circumstances(Money(0, "PLN")))
USED_TO_ONE = replace(CALM, much={"coffee": 3})
MUCH = _basket(4)
ASKED = AskingAnother(MUCH, ANNA, why="much")


@pytest.mark.parametrize(
    ("most", "usual", "count", "much"),
    [
        (None, {}, 20, False),
        (5, {}, 5, False),
        (5, {}, 6, True),
        (None, {"coffee": 3}, 3, False),
        (None, {"coffee": 3}, 4, True),
        (20, {"coffee": 3}, 4, True),
        (5, {"tea": 3}, 4, False),
    ],
)
def test_much_is_more_than_the_shop_says_or_than_three_times_the_usual(
    most: int | None, usual: dict[str, int], count: int, much: bool
) -> None:
    around = replace(CALM, house=House(facts={"coffee": Facts(most=most)}), much=usual)
    assert is_much(_basket(count), around) == much


def test_the_same_thing_in_two_ways_is_counted_together() -> None:
    [one] = _basket(2).lines
    other = msgspec.structs.replace(one, sku="coffee?roast=light")
    assert is_much(Basket((one, other), 1), USED_TO_ONE)
    assert not is_much(Basket((one,), 1), USED_TO_ONE)


def test_it_is_asked_once_and_then_read_back() -> None:
    state, effects = step(Idle(), OrderHeard(MUCH, ANNA), USED_TO_ONE)
    assert state == ASKED and _keys(effects) == ["much"]
    for answer in (CONSENT, BARE):
        state, effects = step(ASKED, Answered(answer, ANNA), USED_TO_ONE)
        assert isinstance(state, Confirming) and _keys(effects) == ["read_back"]
    queued = replace(USED_TO_ONE, circumstances=Circumstances(Money(0, "PLN"), queued_same=True))
    state, effects = step(ASKED, Answered(BARE, ANNA), queued)
    assert state == AskingAnother(MUCH, ANNA) and _keys(effects) == ["another"]


def test_a_no_orders_nothing_and_a_change_mends_it() -> None:
    state, effects = step(ASKED, Answered(DENIAL, BERT), USED_TO_ONE)
    assert state == Idle() and _keys(effects) == ["cancelled"]
    state, effects = step(ASKED, Changed(_basket(2), ANNA, True), USED_TO_ONE)
    assert isinstance(state, Confirming) and state.basket == _basket(2)
    for event in (Changed(_basket(2), BERT, True), ChangeUnclear()):
        state, effects = step(ASKED, event, USED_TO_ONE)
        assert state == replace(ASKED, tries=2) and _keys(effects) == ["much"]


def test_help_and_repeat_leave_the_question_open() -> None:
    assert step(ASKED, Helped(), USED_TO_ONE) == (ASKED, (Say("help_much", "consent", MUCH),))
    assert step(ASKED, Repeated(), USED_TO_ONE) == (ASKED, (Say("much", "consent", MUCH),))


def test_what_a_limit_refuses_is_not_asked_about() -> None:
    tight = replace(USED_TO_ONE, policy=Policy(voice_order_max_minor=1))
    _, effects = step(Idle(), OrderHeard(MUCH, ANNA), tight)
    assert _keys(effects) == ["order_over_limit"]


def _keys(effects: tuple[object, ...]) -> list[str]:
    return [effect.key for effect in effects if isinstance(effect, Say)]
