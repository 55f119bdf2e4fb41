"""Whose "my last order" is: one's own, or it is said whose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.deciding.verification import Voiceprint
from agent.plumbing.speaker_models import GE2E
from agent.till.typed import TypedDialogue
from tests.committing.kit import agreed, make_bench
from tests.till.kit import BERT, Till, make_till


class Kitchen:
    """Anna and Bert; somebody types."""

    def __init__(self, folder: Path) -> None:
        self.till: Till = make_till(make_bench(folder), folder)
        people = self.till.desk.people
        self.anna = people.all()[0].pseudonym
        self.bert = people.add("Bert", Voiceprint(GE2E, BERT), now_s=0).pseudonym
        self.shown: list[str] = []
        self.order(self.anna, 1)
        self.order(self.bert, 2)

    def order(self, person: str, quantity: int) -> str:
        return self.till.bench.road.commit(agreed(quantity, person=person)).intent_id

    def type(self, person: str, *texts: str, language: str = "en") -> str:
        """The answer to the last of them."""
        typed = TypedDialogue(
            self.till.desk, language, self.shown.append, self.till.what_is_low, person=person
        )
        for text in texts:
            typed.typed(text)
        return self.shown[-1]

    def cancelled(self) -> list[int]:
        """The quantities of what was taken back."""
        rows = self.till.desk.journal.orders()
        return [int(row.basket_key[-1]) for row in rows if row.state == "refused"]


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Kitchen]:
    kitchen = Kitchen(tmp_path)
    yield kitchen
    kitchen.till.bench.desk.close()
    kitchen.till.bench.journal.close()


def test_it_is_the_asker_s_own_though_another_s_is_newer(kitchen: Kitchen) -> None:
    asked = kitchen.type(kitchen.anna, "cancel my last order")
    assert asked.startswith("Take back your last order: one bag of dark roast coffee,")
    kitchen.type(kitchen.anna, "cancel my last order", "yes")
    assert kitchen.cancelled() == [1]
    assert kitchen.type(kitchen.anna, "where is my order").startswith(
        "Your last order was taken back: one bag"
    )
    assert kitchen.type(kitchen.bert, "where is my order").startswith(
        "Your last order waits for the shop: two"
    )


def test_who_has_ordered_nothing_takes_nothing_back(kitchen: Kitchen) -> None:
    carla = kitchen.till.desk.people.add("Carla", None, now_s=0).pseudonym
    for question in ("cancel my last order", "where is my order", "I want to return it"):
        assert kitchen.type(carla, question, "yes") and "I know of no order of yours." in kitchen.shown[-2]
    assert kitchen.cancelled() == []


def test_where_nobody_knows_who_asks_it_is_said_whose_it_is(kitchen: Kitchen) -> None:
    asked = kitchen.type("", "cancel my last order")
    assert asked.startswith("Take back the last order of Bert: two bags of dark roast coffee,")
    assert kitchen.type("", "where is my order").startswith("The last order of Bert waits for the shop: two")
    polish = kitchen.type("", "gdzie jest moje zamówienie", language="pl")
    assert polish.startswith("Ostatnie zamówienie (Bert) czeka na sklep:")
    kitchen.type("", "cancel my last order", "yes")
    assert kitchen.cancelled() == [2]
    assert kitchen.type("", "where is my order").startswith("The last order of Bert was taken back")


def test_somebody_who_was_forgotten_is_named_by_nobody(kitchen: Kitchen) -> None:
    kitchen.till.deliver()
    kitchen.till.deliver()
    kitchen.till.desk.forget(kitchen.bert, at_once=True)
    said = kitchen.type("", "cancel my last order")
    assert said.startswith("Take back the last order of somebody else: two bags")
    assert kitchen.type(kitchen.anna, "cancel my last order").startswith("Take back your last order: one bag")


def test_in_a_house_of_one_it_is_that_one_s(tmp_path: Path) -> None:
    till = make_till(make_bench(tmp_path), tmp_path)
    shown: list[str] = []
    till.bench.road.commit(agreed(person=till.desk.people.all()[0].pseudonym))
    TypedDialogue(till.desk, "en", shown.append, till.what_is_low).typed("cancel my last order")
    assert shown[-1].startswith("Take back your last order: two bags")
    till.bench.desk.close()
    till.bench.journal.close()
