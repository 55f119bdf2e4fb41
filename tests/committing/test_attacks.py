"""`earmark bench attacks`: each of its fast rows is refused here too, and one that is not would be found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.bench.attack_lab import DEVICE, Lab
from agent.bench.attack_list import ATTACKS
from agent.bench.attacks import Attack, judged, run_attacks, try_out
from agent.cli import main


@pytest.mark.timeout(120)
def test_every_fast_attack_is_refused_and_nothing_but_honest_orders_placed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["bench", "attacks", "--fast", "--json"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    wrong = [row for row in result["attacks"] if row["verdict"] == "NOT REFUSED"]
    assert (wrong, code, result["control"]) == ([], 0, True)
    assert len(result["attacks"]) == len([one for one in ATTACKS if not one.slow]) > 30
    assert result["refused"] + result["harmless"] == len(result["attacks"])


def test_a_row_is_refused_only_by_the_refusal_that_is_wanted_and_without_an_order() -> None:
    attack = Attack("one", "broker", frozenset({"expired"}), lambda lab: "")
    assert judged(attack, "expired", 0) == "refused"
    assert judged(attack, "expired", 1) == "NOT REFUSED"
    assert judged(attack, "ordered", 0) == "NOT REFUSED"
    assert judged(attack._replace(places=1), "expired", 0) == "NOT REFUSED"
    assert judged(attack._replace(places=1, harmless=True), "expired", 1) == "harmless"


def test_an_attack_that_works_is_found(tmp_path: Path) -> None:
    def works(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            lab.sent(client, lab.intent())
        return "expired"  # whatever it says of itself

    def breaks(lab: Lab) -> str:
        raise OSError("gone")

    with Lab(tmp_path) as lab:
        row = try_out(Attack("works", "order service", frozenset({"expired"}), works), lab)
        assert (row.placed, row.verdict) == (1, "NOT REFUSED")
        row = try_out(Attack("breaks", "order service", frozenset({"expired"}), breaks), lab)
        assert (row.seen, row.verdict) == ("OSError: gone", "NOT REFUSED")


@pytest.mark.slow
def test_a_flood_by_one_device_holds_up_no_other() -> None:
    result = run_attacks([one for one in ATTACKS if one.slow])
    assert result["sound"], result
