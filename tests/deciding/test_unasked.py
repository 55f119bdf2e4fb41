"""What is said where nothing is asked: what sensors give reason for, and answers to that or to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.deciding.basket import Basket
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    Idle,
    OrderHeard,
    Proposed,
    Record,
    Say,
    SensorsSilent,
)
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE

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


def test_what_a_sensor_proposes_is_said_with_its_place_and_level_and_opens_nothing() -> None:
    state, effects = step(Idle(), Proposed(COFFEE, "the silo", 0.2), CALM)
    assert state == Idle()
    said = Say("proposal", basket=COFFEE, places=("the silo",), level=0.2)
    assert effects == (said, Record("proposed", COFFEE))


def test_a_list_that_was_to_be_remembered_is_said_and_opens_nothing() -> None:
    state, effects = step(Idle(), Proposed(COFFEE), CALM)
    assert state == Idle()
    assert effects == (Say("list_due", basket=COFFEE), Record("proposed", COFFEE))


@pytest.mark.parametrize(
    ("places", "key", "title"),
    [(("silo",), "sensor_silent", "silo"), (("silo", "fridge"), "sensors_silent", "silo, fridge")],
)
def test_silent_sensors_are_named_aloud_and_in_the_journal(
    places: tuple[str, ...], key: str, title: str
) -> None:
    state, effects = step(Idle(), SensorsSilent(places, "today"), CALM)
    assert state == Idle()
    assert effects == (Say(key, places=places, since="today"), Record("sensor_silent", title=title))


def test_what_is_queued_already_is_asked_about_and_noted() -> None:
    queued = replace(CALM, circumstances=replace(CALM.circumstances, queued_same=True))
    state, effects = step(Idle(), OrderHeard(COFFEE, ANNA), queued)
    assert state == AskingAnother(COFFEE, ANNA)
    assert effects == (Say("another", "consent", COFFEE), Record("asked_another", COFFEE, "p-anna"))
