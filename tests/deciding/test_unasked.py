"""Answers where nothing is asked: to what a sensor proposed, and to nothing at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.deciding.basket import Basket
from agent.deciding.conversation import Answered, Idle, Record, Say, Surroundings
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict
from agent.plumbing.settings import Policy
from scripts.dialogue_cases import COFFEE

ANNA, NOBODY = Verdict("p-anna"), Verdict(reason="unknown_voice")
CALM = Surroundings(Policy(), Circumstances(Money(0, "PLN")))


@pytest.mark.parametrize(
    ("kind", "speaker", "proposed", "key", "records"),
    [
        ("denial", ANNA, COFFEE, "proposal_declined", (("proposal_declined", "p-anna"),)),
        ("denial", NOBODY, COFFEE, "proposal_declined", (("proposal_declined", ""),)),
        ("later", ANNA, COFFEE, "proposal_postponed", (("proposal_postponed", "p-anna"),)),
        ("consent", NOBODY, COFFEE, "refused_unknown_voice", (("refused_unknown_voice", ""),)),
        ("consent", ANNA, COFFEE, "nothing_to_confirm", ()),
        ("denial", TYPED, COFFEE, "fine", ()),
        ("later", TYPED, COFFEE, "fine", ()),
        ("consent", TYPED, COFFEE, "nothing_to_confirm", ()),
        ("denial", ANNA, None, "fine", ()),
        ("later", NOBODY, None, "fine", ()),
        ("consent", ANNA, None, "nothing_to_confirm", ()),
        ("bare", ANNA, None, "nothing_to_confirm", ()),
    ],
)
def test_an_answer_is_one_to_what_was_proposed_or_to_nothing(
    kind: str, speaker: Verdict, proposed: Basket | None, key: str, records: tuple[tuple[str, str], ...]
) -> None:
    answer = Answer(kind)  # type: ignore[arg-type]
    state, effects = step(Idle(), Answered(answer, speaker), replace(CALM, proposed=proposed))
    assert state == Idle()
    assert effects == (Say(key), *(Record(code, COFFEE, person) for code, person in records))
