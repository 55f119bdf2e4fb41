"""How long what is awaited aloud stays open."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.bench.played_phone import PlayedPhone
from agent.deciding.policy_file import parse_policy
from agent.till import factors as factors_module
from agent.till.house import HouseRules
from agent.till.phones import Phones
from tests.till.test_shifts import ORDER, POLICY, Hall


@pytest.mark.parametrize(
    ("require", "phone_of", "longest_s"),
    [
        ("factor", "", 120),
        ("factor", "Mona", 120),
        ("phone", "Anna", 300),
        ("second", "", 120),
        ("second", "Anna", 120),
        ("second", "Mona", 300),
    ],
)
def test_what_a_phone_may_confirm_stays_open_for_as_long_as_its_answer_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: str, phone_of: str, longest_s: int
) -> None:
    monkeypatch.setattr(factors_module, "COST", 2)
    hall = Hall(tmp_path)
    desk = hall.desk
    desk.house = HouseRules(parse_policy(f'{POLICY}[[rule]]\nid = "r"\nrequire = "{require}"'))
    desk.phones = Phones(tmp_path / "phones.json", hall.bench.journal)
    desk.factors.set(hall.mona, "pin", "7431")
    if phone_of:
        person = hall.anna if phone_of == "Anna" else hall.mona
        desk.phones.add(PlayedPhone(person, phone_of).pairing)
    hall.till.wake_and_say(ORDER)
    [ring] = hall.till.timers
    assert hall.till.decided[-1] == f"asked_{require}"
    hall.bench.clocks.pass_by(longest_s - 1)
    ring()
    assert hall.till.spoken.awaiting is not None
    hall.bench.clocks.pass_by(1)
    ring()
    assert hall.till.spoken.awaiting is None and hall.till.decided[-1] == "factor_late"
    hall.bench.desk.close()
    hall.bench.journal.close()
