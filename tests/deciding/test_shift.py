"""Whose order it is while somebody's badge says who is on."""

from __future__ import annotations

from typing import get_args

import pytest

from agent.deciding.basket import Basket, Line
from agent.deciding.conversation import Answered, Confirming, Idle, Record, Say
from agent.deciding.dialogue import step
from agent.deciding.lockout import CLEAR, FORGIVEN_AFTER_S, FREE_FAILURES, Lockout
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.shift import Shift, who_answers, who_orders
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import Reason, Verdict
from agent.plumbing.settings import Policy

ANNA, BERT = Verdict("anna"), Verdict("bert")
ON = Verdict("anna", "shift")


def _nobody(reason: Reason) -> Verdict:
    return Verdict(reason=reason)


@pytest.mark.parametrize("on", ["", "anna"])
@pytest.mark.parametrize("learned", [False, True])
def test_a_known_voice_is_its_own_persons_whoever_is_on(on: str, learned: bool) -> None:
    for heard in (ANNA, BERT, _nobody("not_admitted")):
        assert who_orders(heard, on, learned=learned) == heard


@pytest.mark.parametrize("reason", [reason for reason in get_args(Reason) if reason != ""])
def test_without_a_shift_nobody_becomes_somebody(reason: Reason) -> None:
    heard = _nobody(reason)
    orders = who_orders(heard, "", learned=False)
    assert not orders.person
    nobody = reason in ("unknown_voice", "nobody_enrolled")
    assert orders == (_nobody("no_shift") if nobody else heard)


@pytest.mark.parametrize(
    ("reason", "learned", "expected"),
    [
        ("unknown_voice", False, ON),
        ("unknown_voice", True, _nobody("unknown_voice")),
        ("nobody_enrolled", False, ON),
        ("too_noisy", True, ON),
        ("too_short", False, ON),
        ("voice_model_changed", True, ON),
    ],
)
def test_a_voice_that_is_nobodys_is_that_of_who_is_on_unless_hers_is_known(
    reason: Reason, learned: bool, expected: Verdict
) -> None:
    assert who_orders(_nobody(reason), "anna", learned=learned) == expected


def test_an_answer_is_that_of_who_ordered_and_is_still_on() -> None:
    assert who_answers(ANNA, ON, "anna", learned=True) == ON
    assert who_answers(_nobody("nobody_enrolled"), ON, "anna", learned=False) == ON
    assert who_answers(BERT, ON, "anna", learned=False) == BERT
    assert not who_answers(_nobody("nobody_enrolled"), ON, "", learned=False).person
    assert who_answers(_nobody("nobody_enrolled"), ON, "bert", learned=False) == Verdict("bert", "shift")


@pytest.mark.parametrize(("at_s", "is_on"), [(9.9, False), (10.0, True), (109.9, True), (110.0, False)])
def test_a_shift_is_on_from_its_begin_to_before_its_end(at_s: float, is_on: bool) -> None:
    assert Shift("anna", 10.0, 110.0).is_on(at_s) == is_on


def test_a_right_badge_forgives_wrong_ones_only_when_they_are_old() -> None:
    assert CLEAR.forgiven(0.0) == CLEAR
    wrong = Lockout()
    for _ in range(FREE_FAILURES - 1):
        wrong = wrong.failed(0, 1_000.0)
    assert wrong.forgiven(1_000.0 + FORGIVEN_AFTER_S - 1) == wrong
    assert wrong.forgiven(1_000.0 + FORGIVEN_AFTER_S) == CLEAR
    assert wrong.forgiven(FORGIVEN_AFTER_S - 1.0) == wrong, "another boot: what came before does not count"
    assert wrong.forgiven(float(FORGIVEN_AFTER_S)) == CLEAR


def test_whoever_is_on_is_somebody_where_nothing_is_left_to_confirm() -> None:
    money = Money(100, "PLN")
    proposed = Basket((Line("tea", "tea", (), "tea", 2, "box", money),), 1)
    around = Surroundings(Policy(), Circumstances(money), proposed=proposed)
    for speaker, key in ((ON, "nothing_to_confirm"), (_nobody("no_shift"), "refused_no_shift")):
        _, effects = step(Idle(), Answered(Answer("bare"), speaker), around)
        assert [effect.key for effect in effects if isinstance(effect, Say)] == [key]


def test_a_voice_that_is_nobodys_answers_for_nobody_whose_voice_was_learned() -> None:
    unknown = _nobody("unknown_voice")
    assert who_answers(unknown, BERT, "anna", learned=True) == unknown
    assert who_answers(unknown, BERT, "anna", learned=False) == ON


def test_a_consent_on_a_shift_is_written_as_one() -> None:
    coffee = Basket((Line("coffee", "coffee", (), "coffee", 2, "bag", Money(100, "PLN")),), 1)
    around = Surroundings(Policy(), Circumstances(Money(0, "PLN")))
    for speaker, code in ((ON, "consented_on_shift"), (ANNA, "consented")):
        asked = Confirming(coffee, speaker, said=coffee.digest)
        _, effects = step(asked, Answered(Answer("consent"), speaker, True), around)
        assert effects[0] == Record(code, coffee, "anna")
