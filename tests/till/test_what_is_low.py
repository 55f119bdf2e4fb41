"""Typed "what is running low?": the answer lists what waits, and confirms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.deciding.understanding import asks_what_is_low
from agent.plumbing.site_messages import SensorState
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import Till, make_till
from tests.till.low_sensors import BEANS, LOW, with_sensors

HOW = "okay nabu, yes, place my order."


@pytest.fixture
def till(tmp_path: Path) -> Till:
    till = make_till(with_sensors(make_bench(tmp_path), BEANS), tmp_path)
    till.sensing.received(SensorState("beans", 0, 0.2, {}))
    return till


def ask(till: Till, language: str, *lines: str) -> list[str]:
    replies: list[str] = []
    till.typed = TypedDialogue(till.desk, language, replies.append, till.what_is_low)
    for line in lines:
        till.typed.typed(line)
    return replies


@pytest.mark.parametrize("text", ["What is running low?", "what's low", "WHAT DO WE NEED"])
def test_the_question_is_known_however_it_is_typed(text: str) -> None:
    assert asks_what_is_low(text, "en")
    assert not asks_what_is_low(text, "pl")


@pytest.mark.parametrize("text", ["co się kończy?", "Co sie konczy", "czego brakuje"])
def test_so_is_the_polish_one_with_and_without_accents(text: str) -> None:
    assert asks_what_is_low(text, "pl")


def test_nothing_is_low(till: Till) -> None:
    assert ask(till, "en", "what is running low?") == ["Nothing is running low."]
    assert ask(till, "pl", "co się kończy?") == ["Niczego nie brakuje."]


def test_what_waits_is_listed_with_basket_total_and_standing(till: Till) -> None:
    till.sensing.received(LOW)
    till.proposals.due()
    assert ask(till, "en", "what is running low?") == [
        "The coffee machine is down to a fifth: two bags of dark roast coffee for thirty-eight zloty, "
        "not asked about yet."
    ]
    till.sensing.look()
    [english] = ask(till, "en", "what is running low?")
    assert english.endswith(
        f"asked about. To order what was asked about, somebody I know says to the device: {HOW}"
    )
    [polish] = ask(till, "pl", "co się kończy?")
    assert polish.startswith("The coffee machine: została jedna piąta; dwie paczki ciemno palonej kawy za")
    assert polish.endswith(HOW)


def test_a_silent_sensor_is_named(till: Till) -> None:
    till.bench.clocks.pass_by(BEANS.silent_after_seconds)
    [reply] = ask(till, "en", "what is low")
    assert reply == (
        "Nothing is running low. I have not heard from the coffee machine's sensor since yesterday."
    )


def test_asking_and_typing_yes_orders_nothing_and_leaves_the_proposal(till: Till) -> None:
    till.sensing.received(LOW)
    till.sensing.look()
    replies = ask(till, "en", "what is running low?", "yes place my order", "yes", "no", "order it")
    assert "nothing to confirm" in replies[1]
    assert not till.desk.journal.orders()
    assert till.proposals.awaiting() is not None
    assert not {"consented", "proposal_declined"} & set(till.decided)


def test_asking_leaves_a_typed_basket_as_it_is(till: Till) -> None:
    replies = ask(till, "en", "order a pack of butter", "what is running low?", "cancel")
    assert replies[1] == f"Nothing is running low. {replies[0]}"
    assert replies[2].startswith("Cancelled")
