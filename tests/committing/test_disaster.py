"""`earmark bench disaster`: its account over both shops finds what it looks for, and a run is sound."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agent.bench import chaos_plan
from agent.bench.chaos_account import Said, Signed
from agent.bench.disaster import both_shops, meanwhile
from agent.cli import main
from order_backend.shop import OrderRow
from tests.committing.kit import NOW_S
from tests.committing.test_chaos import placed, signed


def over_both(
    rows: list[Signed], said: list[Said], known: list[OrderRow], lost: list[OrderRow]
) -> dict[str, Any]:
    found = both_shops(rows, said, known, lost, [one.row.intent_id for one in rows])
    return {name: found[name] for name in ("doubled", "falsely_not_placed", "lost") if found[name]}


def test_an_order_of_both_shops_is_one_only_under_one_number() -> None:
    rows, said = [signed("a", "ordered", "E-1")], [Said("ordered", "a", "E-1")]
    assert over_both(rows, said, [placed("a", "E-1")], [placed("a", "E-1")]) == {}
    assert over_both(rows, said, [], [placed("a", "E-1")]) == {}  # forgotten, which is told apart
    assert over_both(rows, said, [placed("a", "E-1")], [placed("a", "E-2")]) == {"doubled": 1}
    assert over_both(rows, said, [], []) == {"lost": 1}


def test_an_order_of_the_lost_shop_that_a_person_was_told_is_none_is_found() -> None:
    for state in ("expired", "refused"):
        rows, said = [signed("a", state)], [Said(state, "a")]
        assert over_both(rows, said, [], [placed("a", "E-1")]) == {"doubled": 1, "falsely_not_placed": 1}
        assert over_both(rows, said, [], []) == {}


def test_what_was_agreed_meanwhile_is_counted_by_its_end() -> None:
    def at(queued_s: int, settled_s: int, one: Signed) -> Signed:
        row = msgspec.structs.replace(one.row, queued_at_s=queued_s, settled_at_s=settled_s)
        return msgspec.structs.replace(one, row=row)

    rows = [
        at(NOW_S - 1, NOW_S + 90, signed("a", "ordered", "E-1")),
        at(NOW_S, NOW_S + 7, signed("b", "ordered", "E-2")),
        at(NOW_S + 10, NOW_S + 40, signed("c", "expired")),
        at(NOW_S + 11, NOW_S + 90, signed("d", "refused")),
    ]
    assert meanwhile(rows, NOW_S, NOW_S + 10) == {
        "agreed": 2,
        "ordered": 1,
        "refused": 0,
        "expired": 1,
        "longest_wait_s": 30,
    }


@pytest.mark.slow
def test_a_disaster_doubles_and_denies_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaos_plan, "SHORTEST_S", 20.0)
    assert main(["bench", "disaster", "--intents", "120", "--devices", "3", "--seed", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    print(json.dumps(result))
    assert result["sound"] and (result["doubled"], result["falsely_not_placed"]) == (0, 0)
    assert result["backups"]["taken"] >= 1 and result["loss"]["orders"] > 0
    assert result["loss"]["forgotten"] <= result["doubt"]["silent"], "devices have given the receipts back"
    assert result["doubt"]["intents"] > 0 and result["back"]["first_order_s"] > 0
