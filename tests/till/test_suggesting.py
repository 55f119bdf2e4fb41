"""Suggestions come from one's own orders, with one's consent, when one asks; otherwise never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.deciding.verification import Voiceprint
from agent.plumbing.speaker_models import GE2E
from agent.till.typed import TypedDialogue
from tests.committing.kit import agreed, make_bench
from tests.till.kit import BERT, Till, make_till

DAY_S = 24 * 3600
ASK = "what do I usually forget?"
NOTHING = "From your own orders nothing comes to mind."


class Kitchen:
    """Anna orders rice every four weeks, the last time five weeks ago; Bert tea every week."""

    def __init__(self, folder: Path) -> None:
        bench = make_bench(folder)
        self.till: Till = make_till(bench, folder)
        people = self.till.desk.people
        self.anna = people.all()[0].pseudonym
        self.bert = people.add("Bert", Voiceprint(GE2E, BERT), now_s=0).pseudonym
        self.shown: list[str] = []
        for _ in range(3):
            self.order(self.anna, "rice")
            self.pass_by(28)
        self.pass_by(7)

    def pass_by(self, days: float) -> None:
        self.till.bench.clocks.pass_by(days * DAY_S)
        self.till.bench.trust_time()

    def order(self, person: str, product: str) -> None:
        signed = self.till.bench.road.commit(agreed(1, product, person))
        self.till.desk.journal.move(signed.intent_id, "ordered", now_s=0, monotonic_ns=0)

    def remembers(self, person: str, *, remembers: bool = True) -> None:
        """As `earmark people remember`."""
        people = self.till.desk.people
        known = people.get(person)
        assert known is not None
        people.keep_profile(person, msgspec.structs.replace(known.profile, remembers=remembers))

    def type(self, person: str, *texts: str, language: str = "en") -> str:
        typed = TypedDialogue(
            self.till.desk, language, self.shown.append, self.till.what_is_low, person=person
        )
        for text in texts:
            typed.typed(text)
        return self.shown[-1]


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Kitchen]:
    kitchen = Kitchen(tmp_path)
    yield kitchen
    kitchen.till.bench.desk.close()
    kitchen.till.bench.journal.close()


def test_without_consent_no_order_is_looked_at(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*_: object) -> None:
        raise AssertionError("the journal was asked")

    monkeypatch.setattr(kitchen.till.desk.journal, "taken_since", looked)
    said = kitchen.type(kitchen.anna, ASK)
    assert (
        said.startswith("I do not look at what you have ordered") and "earmark people remember Anna" in said
    )
    assert kitchen.type("", ASK).startswith("I do not know who asks.")


def test_with_it_one_s_own_habit_is_told_with_its_reason(kitchen: Kitchen) -> None:
    kitchen.remembers(kitchen.anna)
    assert kitchen.type(kitchen.anna, ASK) == (
        "One bag of rice: you order it about every four weeks, and the last was five weeks ago. Nothing is"
        " ordered. To have the first: order one bag of rice. To hear none of this: stop recommending."
    )
    kitchen.remembers(kitchen.bert)
    assert kitchen.type(kitchen.bert, ASK) == NOTHING, "nobody's habits but one's own"
    assert kitchen.type(kitchen.anna, "o czym zwykle zapominam?", language="pl").startswith(
        "Zamawiasz jedną paczkę ryżu"
    )
    assert kitchen.till.decided == []


def test_what_is_in_hand_on_the_list_or_ordered_is_not_suggested(kitchen: Kitchen) -> None:
    kitchen.remembers(kitchen.anna)
    assert kitchen.type(kitchen.anna, "order rice", ASK).startswith(NOTHING)
    kitchen.type(kitchen.anna, "add rice to the list")
    assert kitchen.type(kitchen.anna, ASK) == NOTHING
    kitchen.type(kitchen.anna, "clear the list")
    assert kitchen.type(kitchen.anna, ASK).startswith("One bag of rice")
    kitchen.till.bench.road.commit(agreed(1, "rice", kitchen.anna))
    assert kitchen.type(kitchen.anna, ASK) == NOTHING


def test_asked_in_the_middle_of_an_order_what_goes_with_it_is_told_and_the_order_stays(
    kitchen: Kitchen,
) -> None:
    kitchen.remembers(kitchen.anna)
    for _ in range(3):
        both = agreed(1, "butter", kitchen.anna)
        milk = kitchen.till.desk.catalogue.line("milk", {}, 1, "en")
        basket = msgspec.structs.replace(both.basket, lines=(*both.basket.lines, milk))
        kitchen.till.bench.road.commit(msgspec.structs.replace(both, basket=basket))
    read_back = kitchen.type(kitchen.anna, "order butter")
    assert "milk" not in read_back, "never unasked"
    said = kitchen.type(kitchen.anna, "order butter", "anything else?")
    assert "it was in three of your three orders with one pack of butter." in said
    assert said.endswith(read_back)
    kitchen.type(kitchen.anna, "add semi skimmed milk to the list")
    assert "it was in" not in kitchen.type(kitchen.anna, "order butter", "anything else?")
    assert kitchen.till.decided == ["read_back"] * 3


def test_stopping_is_kept(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.remembers(kitchen.anna)
    assert kitchen.type(kitchen.anna, "stop recommending").startswith("All right.")
    known = type(kitchen.till.desk.people)(tmp_path / "people").get(kitchen.anna)
    assert known is not None and not known.profile.remembers
    assert kitchen.type(kitchen.anna, ASK).startswith("I do not look at")
