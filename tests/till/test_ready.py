"""What somebody has and the device can take now, out of the till's own files; and that each step of the
dialogue is told it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.bench.played_phone import PlayedPhone
from agent.deciding.conversation import Event, Outcome, State
from agent.deciding.dialogue import step
from agent.deciding.policy_file import parse_policy
from agent.deciding.surroundings import Surroundings
from agent.deciding.ways import Ready, Way, other_ways
from agent.plumbing.settings import Touch
from agent.plumbing.site_messages import PinTyped
from agent.till import factors, talk
from agent.till.house import HouseRules
from agent.till.ready import ready_of
from agent.till.touching import Touching
from tests.committing.kit import make_bench
from tests.till.kit import BERT, Till, make_till
from tests.till.test_phones import ORDER

ALL = Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    monkeypatch.setattr(factors, "COST", 2)
    bench = make_bench(tmp_path)
    till = make_till(bench, tmp_path)
    _touch(till, ALL)
    yield till
    bench.desk.close()
    bench.journal.close()


def _touch(till: Till, touch: Touch) -> None:
    till.desk.settings = msgspec.structs.replace(till.desk.settings, touch=touch)


def _anna(till: Till) -> str:
    return till.desk.people.all()[0].pseudonym


def test_only_what_is_set_and_can_be_read_is_there(till: Till) -> None:
    anna = _anna(till)
    till.desk.online = False
    assert ready_of(till.desk, anna) == Ready()
    till.desk.factors.set(anna, "pin", "2468")
    till.desk.factors.set(anna, "badge", "44556677")
    assert ready_of(till.desk, anna) == Ready(badge=True, pin=True, typed=True)
    _touch(till, Touch(badge_device="/dev/input/event1"))
    assert ready_of(till.desk, anna) == Ready(badge=True)
    _touch(till, Touch())
    assert ready_of(till.desk, anna) == Ready()
    assert ready_of(till.desk, "p-gone") == Ready()


def test_a_phone_is_reached_by_the_shop_or_by_its_code_on_the_keypad(till: Till) -> None:
    anna = _anna(till)
    till.desk.phones.add(PlayedPhone(anna, "Anna").pairing)
    assert ready_of(till.desk, anna) == Ready(phone_afar=True, phone_here=True, shop=True)
    till.desk.online = False
    assert ready_of(till.desk, anna) == Ready(phone_here=True)
    _touch(till, Touch())
    assert ready_of(till.desk, anna) == Ready()


def test_of_who_is_not_known_it_is_what_anybody_has_who_may_order(till: Till) -> None:
    anna = _anna(till)
    till.desk.factors.set(anna, "badge", "44556677")
    assert other_ways(ready_of(till.desk, "")) == ("person",), "a badge begins no shift here"
    till.desk.factors.set(anna, "pin", "2468")
    assert other_ways(ready_of(till.desk, "")) == ("chat", "person")


def test_where_there_are_shifts_a_badge_confirms_only_of_who_is_on(till: Till) -> None:
    anna = _anna(till)
    till.desk.house = HouseRules(parse_policy("schema_version = 2\n[shift]\nhours = 10"))
    till.desk.factors.set(anna, "badge", "44556677")
    assert other_ways(ready_of(till.desk, anna)) == ("person",), "it would take back what is open"
    assert other_ways(ready_of(till.desk, "")) == ("badge", "person"), "whoever is not known begins with it"
    till.desk.shifts.badge("44556677", now_s=till.desk.now_s())
    assert other_ways(ready_of(till.desk, anna)) == ("badge", "person")


def test_a_lockout_takes_away_what_is_tried_at_the_device_and_each_step_is_told(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[Way, ...]] = []

    def noting(state: State, event: Event, around: Surroundings) -> Outcome:
        told.append(around.ways)
        return step(state, event, around)

    monkeypatch.setattr(talk, "step", noting)
    till.desk.factors.set(_anna(till), "pin", "2468")
    touching = Touching(till.desk, till.spoken, lambda *_: None)
    for _ in range(2):
        till.wake_and_say(f"{ORDER} and five bottles of olive oil")
        assert told[-1] == ("pin", "chat", "person")
        for _ in range(3):
            touching.received(PinTyped("1111"))
    assert till.decided[-1] == "factor_locked" and told[-1] == ("person",)
    till.wake_and_say(ORDER, BERT)
    assert till.decided[-1] == "refused_unknown_voice" and told[-1] == ("person",)
